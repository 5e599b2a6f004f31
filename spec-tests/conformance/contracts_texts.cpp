// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What callers read in errors: the texts that podman, dockerd, the docker command, CRI-O and
// containerd match, and the exit statuses that they make of them; and the texts that runc's own
// tests expect.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <regex>
#include <tuple>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

bool found(std::string const& text, std::string const& expression, bool any_case = true) {
  auto flags = std::regex::ECMAScript;
  if (any_case) flags |= std::regex::icase;
  return std::regex_search(text, std::regex(expression, flags));
}

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

/// libpod's getOCIRuntimeError and the status that `podman run` ends with.
int podman_status(std::string const& text) {
  if (found(text, "permission denied|operation not permitted")) return 126;
  if (found(text, "executable file not found in|no such file or directory|open executable")) {
    return 127;
  }
  return 126;
}

/// The docker command's toStatusError, which minds the case.
int docker_status(std::string const& text) {
  if (has(text, "executable file not found") || has(text, "no such file or directory")) return 127;
  if (has(text, "permission denied") || has(text, "is a directory")) return 126;
  return 125;
}

/// dockerd's setExitCodeFromError, which does not.
int dockerd_status(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (has(text, "permission denied") || has(text, "is a directory")) return 126;
  if (has(text, "not a directory") || has(text, "executable file not found") ||
      has(text, "no such file or directory")) {
    return 127;
  }
  return 128;
}

/// A container that can't be run, and what callers make of it.
struct Refused {
  char const* what;
  Words args;
  int status;
};

Bundle with_files() {
  return ordinary().file("plain", "text").file("script", "#!/no/such/shell\n", 0755);
}

}  // namespace

TEST_CASE("podman, docker and dockerd end with 126 or 127 by the runtime's words",
          "[contract:2.6/status][contract:2.7/status]") {
  auto const refused =
      GENERATE(Refused{"no such program in PATH", {"nosuch"}, 127},
               Refused{"no such file", {"/bin/nosuch"}, 127}, Refused{"no x bit", {"/plain"}, 126},
               Refused{"no name", {""}, 127});
  CAPTURE(refused.what);
  auto const said = refusal(with_files().args(refused.args));
  CHECK(podman_status(said) == refused.status);
  CHECK(docker_status(said) == refused.status);
  CHECK(dockerd_status(said) == refused.status);
}

TEST_CASE("a directory for a program is 126", "[contract:2.6/status][contract:2.7/status]") {
  auto const said = refusal(with_files().args({"/etc"}));
  CHECK(podman_status(said) == 126);
  CHECK(docker_status(said) == 126);
  CHECK(dockerd_status(said) == 126);
}

TEST_CASE("exec says it in the same words", "[contract:2.6/exec-status]") {
  Running web(with_files());
  auto const said = [&](std::string const& program) {
    return proa("exec", web.id(), program).error();
  };
  CHECK(podman_status(said("nosuch")) == 127);
  CHECK(podman_status(said("/plain")) == 126);
  CHECK(docker_status(said("/etc")) == 126);
  CHECK(dockerd_status(said("/bin/nosuch")) == 127);
}

TEST_CASE("a script without its interpreter is 127", "[contract:2.7/script]") {
  Created web(with_files().args({"/script"}));
  Result const result = web.start();
  if (!is_proa() && result.ok()) SKIP_BECAUSE("this runtime does not report a failing exec");
  CHECK(docker_status(result.err) == 127);
}

TEST_CASE("dockerd: a directory on a file has words of its own", "[contract:2.7/not-a-directory]") {
  auto const said = refusal(ordinary()
                                .file("etc/file", "x")
                                .mount({{"destination", "/etc/file"},
                                        {"type", "bind"},
                                        {"source", "/usr"},
                                        {"options", {"bind"}}}));
  CHECK_THAT(said, ContainsSubstring("not a directory"));
}

TEST_CASE("the kernel's reasons are in lower case", "[contract:2.7/lower-case]") {
  auto const said = refusal(ordinary().with("/root/path", "nosuch"));
  CHECK_THAT(said, ContainsSubstring("no such file or directory"));
}

TEST_CASE("podman: a label that cannot be set names its file", "[contract:2.6/label]") {
  if (!exists("/sys/fs/selinux/enforce")) SKIP_BECAUSE("this kernel has no SELinux");
  auto const said = refusal(ordinary().with("/process/selinuxLabel", "no:such:label"));
  CHECK(found(said, "`/proc/[a-z0-9-].+/attr.*exec`"));
}

// --- 2.7 CRI-O -----------------------------------------------------------------------------------

TEST_CASE("CRI-O: a container that is not there or does not run", "[contract:2.7/not-found]") {
  Created web(ordinary().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK_THAT(proa("kill", web.id(), "TERM").err, ContainsSubstring("container not running"));
}

// --- 2.9 runc's own tests ------------------------------------------------------------------------

TEST_CASE("runc: an ambient capability that cannot be raised", "[contract:2.9/ambient]") {
  Container web(ordinary()
                    .with("/process/capabilities", {{"bounding", {"CAP_KILL"}},
                                                    {"permitted", {"CAP_KILL"}},
                                                    {"ambient", {"CAP_KILL", "CAP_CHOWN"}}})
                    .doing({{"exit", "5"}}));
  Result const result = web.run();
  CHECK(result.status == 5);  // a warning, not an error
  check_words(result.err, "can't raise ambient capability CAP_CHOWN: ");
}

TEST_CASE("runc: exec in a paused container", "[contract:2.9/paused]") {
  Running web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  CHECK_THAT(proa("exec", web.id(), "/probe", "report").err,
             ContainsSubstring("cannot exec in a paused container"));
  REQUIRE(proa("resume", web.id()).ok());
}

TEST_CASE("runc: a cgroup with a process in it", "[contract:2.9/cgroup-not-empty]") {
  Running other(ordinary());
  auto const said = proa(Words{"create", "--bundle", other.bundle(), other.id() + "-2"});
  CHECK_FALSE(said.ok());
  check_words(said.err, "container's cgroup is not empty");
}

TEST_CASE("runc: a hook that fails has its number", "[contract:2.9/hook]") {
  std::string const name =
      GENERATE("prestart", "createRuntime", "createContainer", "startContainer", "poststart");
  CAPTURE(name);
  // The paths of two of them are the host's in any case, and one's are the container's.
  std::string const path = name == "startContainer" ? "/probe" : probe_path();
  auto const hook = [&](char const* status) {
    return Json{{"path", path}, {"args", {"probe", "exit", status}}};
  };
  Container web(ordinary().with("/hooks", {{name, {hook("0"), hook("1")}}}));
  Result const result = web.run();
  CHECK(result.status == 1);
  check_words(result.err, "error running " + name + " hook #1:");
}

TEST_CASE("runc: exec --cgroup with words that are none", "[contract:2.9/sub-cgroup]") {
  Running web(ordinary());
  CHECK_THAT(proa("exec", "--cgroup", "../x", web.id(), "/probe").err,
             ContainsSubstring("bad sub cgroup path"));
  CHECK_THAT(proa("exec", "--cgroup", "x:/", web.id(), "/probe").err,
             ContainsSubstring("unknown controller "));
}

TEST_CASE("runc: a memory policy that is none", "[contract:2.9/memory-policy]") {
  auto const [policy, words] = GENERATE(table<std::string, std::string>(
      {{R"({"mode": "nosuch"})", "invalid memory policy mode"},
       {R"({"mode": "MPOL_BIND", "nodes": "0", "flags": ["nosuch"]})",
        "invalid memory policy flag"},
       {R"({"mode": "MPOL_BIND", "nodes": "nosuch"})", "invalid memory policy node"},
       {R"({"mode": "MPOL_BIND"})", "invalid memory policy"}}));
  CAPTURE(policy);
  auto const said = refusal(ordinary().with("/linux/memoryPolicy", Json::parse(policy)));
  check_words(said, words);
}

TEST_CASE("runc: /proc has to be an ordinary directory", "[contract:2.9/ordinary]") {
  auto const said = refusal(minimal().link("proc", "/tmp"));
  check_words(said, "must be mounted on ordinary directory");
}

TEST_CASE("runc: SCMP_ACT_NOTIFY for write", "[contract:2.9/notify-write]") {
  auto const said = refusal(ordinary().with(
      "/linux/seccomp", {{"defaultAction", "SCMP_ACT_ALLOW"},
                         {"listenerPath", "/nosuch"},
                         {"syscalls", {{{"names", {"write"}}, {"action", "SCMP_ACT_NOTIFY"}}}}}));
  check_words(said, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
}

TEST_CASE("runc: events have their keys in order", "[contract:2.9/events]") {
  Running web(ordinary());
  CHECK_THAT(proa("events", "--stats", web.id()).out,
             ContainsSubstring("{\"type\":\"stats\",\"id\":\"" + web.id() + "\","));
}

TEST_CASE("runc: list and state have their keys in order", "[contract:2.9/list]") {
  Running web(ordinary());
  for (auto const& text : {proa("list", "-f", "json").out, proa("state", web.id()).out}) {
    std::size_t at = 0;
    for (std::string const key :
         {"ociVersion", "id", "pid", "status", "bundle", "rootfs", "created"}) {
      CAPTURE(text, key);
      at = text.find("\"" + key + "\":", at);
      REQUIRE(at != std::string::npos);
    }
  }
}

TEST_CASE("runc: the title of ps", "[contract:2.9/ps]") {
  Running web(ordinary());
  CHECK(found(proa("ps", web.id()).out, "^UID +PID +PPID +C +STIME +TTY +TIME +CMD", false));
}

TEST_CASE("runc: kill of a container that does not run", "[contract:2.9/not-running]") {
  Created web(ordinary().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK_THAT(proa("kill", web.id(), "0").err, ContainsSubstring("container not running"));
}

// What mount(8) makes of it: "mount: permission denied".
TEST_CASE("runc: mount without the capability", "[contract:2.9/mount-inside]") {
  auto const bundle = ordinary().with("/process/capabilities", Json::object());
  CHECK(inside(bundle, {{"mount", "tmpfs", "tmpfs", "/tmp"}})[0].at("errno") == EPERM);
}

TEST_CASE("runc: SCHED_DEADLINE on some of the processors", "[contract:2.9/deadline]") {
  if (!cgroup_directory("cpuset", "/")) SKIP_BECAUSE("this cgroup world has no cpuset controller");
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) SKIP_BECAUSE("one processor only");
  Container web(ordinary()
                    .with("/linux/resources/cpu", {{"cpus", "0"}})
                    .with("/process/scheduler", {{"policy", "SCHED_DEADLINE"},
                                                 {"runtime", 1000000},
                                                 {"deadline", 20000000},
                                                 {"period", 30000000}}));
  Result const result = web.run();
  CHECK(result.status > 0);
  check_words(result.err, "process scheduler can't be used together with AllowedCPUs");
}

// --- 2.10 seen in traces -------------------------------------------------------------------------

TEST_CASE("a descriptor that the shim forgot is not the container's", "[contract:2.10/leak]") {
  Container web(ordinary().doing({{"report"}}));
  Fd const leaked(::dup(2));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.pass = {leaked.get(), leaked.get()};
  Json const seen = Json::parse(run(command).out);
  CHECK(seen.at("descriptors").size() == 3);
  for (auto const& descriptor : seen.at("descriptors")) CHECK(descriptor.at("fd") < 3);
}

TEST_CASE("variables of conmon stay outside", "[contract:2.10/environment]") {
  Container web(ordinary().doing({{"report"}}));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.env = {"_OCI_SYNCPIPE=3", "_OCI_STARTPIPE=4"};
  CHECK_THAT(run(command).out, !ContainsSubstring("_OCI_"));
}

TEST_CASE("what clients always send is taken", "[contract:2.10/usual]") {
  if (!cgroup_directory("cpu", "/")) SKIP_BECAUSE("this cgroup world has no cpu controller");
  if (!cgroup_directory("pids", "/")) SKIP_BECAUSE("this cgroup world has no pids controller");
  Container web(
      ordinary()
          .with("/process/user/umask", 18)
          .with("/process/rlimits", {{{"type", "RLIMIT_NOFILE"}, {"soft", 1024}, {"hard", 1024}}})
          .with("/annotations", {{"org.systemd.property.TimeoutStopUSec", "uint64 1"},
                                 {"io.podman.annotations.autoremove", "FALSE"}})
          .with("/linux/resources", {{"cpu", {{"shares", 1024}}}, {"pids", {{"limit", 2048}}}})
          .doing({{"exit", "0"}}));
  CHECK(web.run().ok());
}

TEST_CASE("a flag may come twice", "[contract:2.10/twice]") {
  Container web(ordinary().doing({{"exit", "0"}}));
  CHECK(proa("run", "--keep", "--keep", "--bundle", web.bundle(), web.id()).ok());
  CHECK(proa("delete", "--force", "--force", web.id()).ok());
}

TEST_CASE("a masked path that is a link hides what it leads to", "[contract:2.10/masked]") {
  Container web(ordinary()
                    .file("real", "secret")
                    .link("link", "/real")
                    .with("/linux/maskedPaths", {"/link"})
                    .doing({{"read", "/real"}}));
  CHECK_THAT(web.run().out, ContainsSubstring("\"text\":\"\""));
}

}  // namespace conformance
