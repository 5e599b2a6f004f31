// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `exec`: a further process in a container.  The spec does not know it; every engine does.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "catch.hpp"
#include "harness/callers.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Words joined(Words first, Words const& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

Words exec_words(Container const& web, Words const& options, Words const& command) {
  return joined(joined(joined({"exec"}, options), {web.id()}), command);
}

/// `exec OPTIONS ID COMMAND`
Result exec(Container const& web, Words const& options, Words const& command) {
  return proa(exec_words(web, options, command));
}

Json report_of(Result const& result) {
  INFO("exec says: " << result.err);
  REQUIRE(result.status == 0);
  return Json::parse(result.out.substr(result.out.find('{')));
}

/// What a further process sees.
Json exec_report(Container const& web, Words const& options = {}) {
  return report_of(exec(web, options, {"/probe", "report"}));
}

/// A file for --process: `process` merged into what the probe needs to report.
std::string process_file(Json const& process) {
  Json whole = {{"args", {"/probe", "report"}},
                {"cwd", "/"},
                {"env", {"PATH=/"}},
                {"user", {{"uid", 0}, {"gid", 0}}}};
  whole.merge_patch(process);
  std::string const path = scratch() + "/process.json";
  write_text(path, whole.dump());
  return path;
}

Json file_report(Container const& web, Json const& process, Words options = {}) {
  options.insert(options.end(), {"--process", process_file(process)});
  return report_of(exec(web, options, {}));
}

/// It has to fail, say one line, and leave no pid file.  Returns the line.
std::string exec_refusal(Container const& web, Words options, Words const& command) {
  std::string const pid_file = scratch() + "/refused.pid";
  options.insert(options.end(), {"--pid-file", pid_file});
  Result const result = exec(web, options, command);
  CHECK(result.status == 255);
  if (is_proa()) CHECK(result.error_lines() == 1);
  CHECK_FALSE(exists(pid_file));
  return result.error();
}

/// A detached process that waits; it has said that it is ready.
class Detached {
 public:
  explicit Detached(Container const& web, Words options = {}) {
    std::string const pid_file = scratch() + "/detached.pid";
    options.insert(options.end(), {"--detach", "--pid-file", pid_file});
    // Kept, as it holds the pipe that the process writes to.
    call_ = Process(runtime_command(exec_words(web, options, {"/probe", "pause"})));
    Result const result = call_.wait();
    INFO("exec says: " << result.err);
    REQUIRE(result.ok());
    pid_ = pid_in(pid_file);
    REQUIRE(call_.line().has_value());
  }
  Detached(Detached const&) = delete;
  Detached& operator=(Detached const&) = delete;
  ~Detached() {
    kill(pid_, SIGKILL);
    CHECK(wait_for(pid_) == 128 + SIGKILL);
  }
  pid_t pid() const { return pid_; }

 private:
  Process call_;
  pid_t pid_ = -1;
};

Bundle with_all_capabilities() {
  Json const all = {"CAP_CHOWN",   "CAP_KILL",      "CAP_SETUID",   "CAP_SETGID",
                    "CAP_SETPCAP", "CAP_SYS_ADMIN", "CAP_SYS_NICE", "CAP_NET_RAW"};
  return ordinary().with("/process/capabilities",
                         {{"bounding", all}, {"effective", all}, {"permitted", all}});
}

/// Freezes or thaws the container's cgroup, whichever world this is.
void freeze(Container const& web, bool frozen) {
  auto const directory = cgroup_directory("freezer", web.cgroup());
  REQUIRE(directory);
  bool const v2 = exists(*directory + "/cgroup.freeze");
  write_text(*directory + (v2 ? "/cgroup.freeze" : "/freezer.state"),
             v2 ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED"));
}

/// Below /proc/PID/ns
constexpr char const* kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

/// Seen from outside: not every container has a /proc.
void check_namespaces(Container const& web) {
  Detached const process(web);
  for (char const* kind : kinds) {
    CAPTURE(kind);
    CHECK(namespace_of(process.pid(), kind) == namespace_of(web.pid(), kind));
  }
}

}  // namespace

// --- where it is ---------------------------------------------------------------------------------

TEST_CASE("exec joins every namespace of the container", "[exec]") {
  Running web(userns().with_namespace("time"));
  for (char const* kind : kinds) {
    CAPTURE(kind);
    CHECK(namespace_of(web.pid(), kind) != own_namespace(kind));
  }
  check_namespaces(web);
}

TEST_CASE("exec joins the namespaces that a container has of its own, and only those", "[exec]") {
  SECTION("all but user and time") { check_namespaces(Running(ordinary())); }
  SECTION("a mount namespace alone") { check_namespaces(Running(minimal())); }
  SECTION("the host's pid namespace") {
    check_namespaces(Running(ordinary().without_namespace("pid")));
  }
  SECTION("a user namespace in the host's pid namespace") {
    check_namespaces(Running(userns().without_namespace("pid").without_mount("/proc")));
  }
}

TEST_CASE("exec sees the container's root", "[exec]") {
  Running web(ordinary().file("only-here", "x"));
  CHECK(exec(web, {}, {"/probe", "read", "/only-here"}).ok());
  CHECK_THAT(exec(web, {}, {"/probe", "read", "/only-here"}).out, ContainsSubstring("\"errno\":0"));
}

TEST_CASE("exec works with --no-pivot", "[exec]") {
  Running web(ordinary().file("only-here", "x"), {"--no-pivot"});
  CHECK_THAT(exec(web, {}, {"/probe", "read", "/only-here"}).out, ContainsSubstring("\"errno\":0"));
}

TEST_CASE("exec in a container that has no mount namespace is in its root", "[exec]") {
  auto const bundle =
      minimal().without_namespace("mount").with("/mounts", Json::array()).file("only-here", "x");
  Running web(bundle);
  CHECK_THAT(exec(web, {}, {"/probe", "read", "/only-here"}).out, ContainsSubstring("\"errno\":0"));
}

TEST_CASE("exec is in the container's cgroup of every hierarchy", "[exec][cgroup]") {
  Running web(ordinary());
  Detached const process(web);
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (!exists(directory)) continue;
    CAPTURE(directory);
    std::istringstream numbers(read_text(directory + "/cgroup.procs").value_or(""));
    std::vector<pid_t> members;
    for (pid_t member = 0; numbers >> member;) members.push_back(member);
    CHECK(std::count(members.begin(), members.end(), process.pid()) == 1);
    CHECK(std::count(members.begin(), members.end(), web.pid()) == 1);
  }
}

TEST_CASE("exec works at the limit of pids", "[exec][cgroup]") {
  if (!cgroup_directory("pids", "/")) SKIP_BECAUSE("this cgroup world has no pids controller");
  Running web(ordinary().with("/linux/resources/pids/limit", 1));
  CHECK(exec(web, {}, {"/probe", "exit", "3"}).status == 3);
}

// cgroup-v2.rst, no internal processes: what systemd does in a container that owns its cgroup.
TEST_CASE("exec follows an init that has moved below its cgroup",
          "[exec][cgroup][contract:2.9/adding-pid]") {
  Running web(ordinary());
  std::string top;
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (exists(directory + "/cgroup.controllers")) top = directory;
  }
  if (top.empty()) SKIP_BECAUSE("this cgroup world has no version 2 hierarchy");
  std::istringstream controllers(read_text(top + "/cgroup.controllers").value_or(""));
  std::string controller;
  if (!(controllers >> controller)) SKIP_BECAUSE("the container's cgroup has no controllers");
  REQUIRE(mkdir((top + "/init.scope").c_str(), 0755) == 0);
  write_text(top + "/init.scope/cgroup.procs", std::to_string(web.pid()));
  write_text(top + "/cgroup.subtree_control", "+" + controller);
  {
    Detached const process(web);
    CHECK_THAT(*read_text("/proc/" + std::to_string(process.pid()) + "/cgroup"),
               ContainsSubstring("0::" + web.cgroup() + "/init.scope\n"));
  }
  CHECK_THAT(exec_refusal(web, {"--cgroup", "/"}, {"/probe", "report"}),
             ContainsSubstring(" adding pid ") && ContainsSubstring("evice or resource busy"));
  write_text(top + "/cgroup.subtree_control", "-" + controller);
}

TEST_CASE("exec --cgroup runs the process in a group below", "[exec][cgroup]") {
  Running web(ordinary());
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (!exists(directory)) continue;
    std::string const sub = directory + "/sub";
    REQUIRE(mkdir(sub.c_str(), 0755) == 0);
    // Version 1 has processes only in sets that are not empty.
    for (char const* file : {"/cpuset.cpus", "/cpuset.mems"}) {
      if (!exists(sub + file)) continue;
      if (auto const above = read_text(directory + file); above && !above->empty()) {
        write_text(sub + file, *above);
      }
    }
  }
  Detached const process(web, {"--cgroup", "sub"});
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (!exists(directory)) continue;
    CAPTURE(directory);
    CHECK(read_text(directory + "/sub/cgroup.procs") == std::to_string(process.pid()) + "\n");
  }
}

TEST_CASE("exec --cgroup refuses what is not below", "[exec][cgroup][contract:2.9/adding-pid]") {
  Running web(ordinary());
  CHECK_THAT(exec_refusal(web, {"--cgroup", ".."}, {"/probe", "report"}),
             ContainsSubstring("bad sub cgroup path"));
  CHECK_THAT(exec_refusal(web, {"--cgroup", "whaaat:/"}, {"/probe", "report"}),
             ContainsSubstring("unknown controller "));
  auto const said = exec_refusal(web, {"--cgroup", "nosuch"}, {"/probe", "report"});
  CHECK_THAT(said, ContainsSubstring(" adding pid ") && ContainsSubstring("no such file"));
}

// --- who it is -----------------------------------------------------------------------------------

TEST_CASE("exec without options runs as the container's own process does", "[exec]") {
  auto const bundle =
      ordinary()
          .with("/process/user",
                {{"uid", 12}, {"gid", 13}, {"umask", 23}, {"additionalGids", {14}}})
          .with("/process/env", {"PATH=/", "WHO=web"})
          .with("/process/cwd", "/tmp")
          .with("/process/noNewPrivileges", true)
          .with("/process/rlimits", {{{"type", "RLIMIT_NOFILE"}, {"soft", 50}, {"hard", 60}}})
          .with("/process/oomScoreAdj", 77);
  Json const own = report(bundle);
  Running web(bundle);
  Json const seen = exec_report(web);
  for (char const* key :
       {"user", "capabilities", "rlimits", "cwd", "env", "umask", "oom_score_adj",
        "no_new_privileges", "signals", "death_signal", "personality", "dumpable"}) {
    CAPTURE(key);
    CHECK(seen.at(key) == own.at(key));
  }
}

TEST_CASE("exec does not read config.json again", "[exec]") {
  Running web(ordinary().with("/process/env", {"PATH=/", "WHO=web"}));
  write_text(web.bundle() + "/config.json", "{}");
  CHECK(exec_report(web).at("env") == Json{"PATH=/", "WHO=web", "HOME=/"});
}

TEST_CASE("exec has a process.json for what it runs", "[exec]") {
  Running web(with_all_capabilities());
  Json const seen =
      file_report(web, {{"user", {{"uid", 5}, {"gid", 6}, {"additionalGids", {7}}}},
                        {"cwd", "/tmp"},
                        {"env", {"PATH=/", "A=b"}},
                        {"noNewPrivileges", true},
                        {"capabilities", {{"bounding", {"CAP_KILL"}}, {"permitted", {"CAP_KILL"}}}},
                        {"rlimits", {{{"type", "RLIMIT_CORE"}, {"soft", 1}, {"hard", 2}}}}});
  CHECK(seen.at("user").at("uid") == Json{5, 5, 5});
  CHECK(seen.at("user").at("gid") == Json{6, 6, 6});
  CHECK(seen.at("user").at("groups") == Json{7});
  CHECK(seen.at("cwd") == "/tmp");
  CHECK(seen.at("env") == Json{"PATH=/", "A=b", "HOME=/"});
  CHECK(seen.at("no_new_privileges") == true);
  CHECK(seen.at("capabilities").at("bounding") == capability_bits({"CAP_KILL"}));
  CHECK(seen.at("rlimits").at("RLIMIT_CORE") == Json{1, 2});
}

TEST_CASE("a process.json is checked", "[exec]") {
  Running web(minimal());
  auto const said = [&](Json const& process) {
    return exec_refusal(web, {"--process", process_file(process)}, {});
  };
  CHECK_THAT(said({{"cwd", "tmp"}}), ContainsSubstring("/cwd"));
  CHECK_THAT(said({{"args", Json::array()}}), ContainsSubstring("/args"));
  CHECK_THAT(said({{"user", {{"uid", -1}}}}), ContainsSubstring("/user/uid"));
  CHECK_THAT(exec_refusal(web, {"--process", "/nosuch"}, {}),
             ContainsSubstring("/nosuch: no such file or directory"));
}

TEST_CASE("exec --user, --additional-gids, --env and --cwd", "[exec]") {
  Running web(ordinary().file("etc/passwd", "nine:x:9:9::/home/nine:/bin/sh\n"));
  Json const seen = exec_report(web, {"--user", "9:8", "-g", "4", "--additional-gids", "5", "-e",
                                      "A=1", "--env", "B=2", "--cwd", "/tmp"});
  CHECK(seen.at("user").at("uid") == Json{9, 9, 9});
  CHECK(seen.at("user").at("gid") == Json{8, 8, 8});
  CHECK(seen.at("user").at("groups") == Json{4, 5});
  CHECK(seen.at("cwd") == "/tmp");
  CHECK(seen.at("env") == Json{"PATH=/", "A=1", "B=2", "HOME=/home/nine"});
}

TEST_CASE("exec --user 1 is user 1", "[exec][CVE-2026-30892]") {
  Running web(ordinary());
  for (unsigned const uid : {1U, 2U, 1000U, 65535U}) {
    CHECK(exec_report(web, {"-u", std::to_string(uid)}).at("user").at("uid") ==
          Json{uid, uid, uid});
  }
  for (std::string const user : {"", ":", "1:", ":1", "-1", "+1", "root", "4294967295"}) {
    CAPTURE(user);
    exec_refusal(web, {"--user", user}, {"/probe", "report"});
  }
}

TEST_CASE("exec --cap adds to what the container has, never inheritably",
          "[exec][CVE-2022-29162]") {
  Running web(ordinary());
  Json const seen = exec_report(web, {"--cap", "CAP_NET_RAW"}).at("capabilities");
  auto const set =
      capability_bits({"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW"});
  CHECK(seen.at("bounding") == set);
  CHECK(seen.at("permitted") == set);
  CHECK(seen.at("effective") == set);
  CHECK(seen.at("inheritable") == 0);
  CHECK(seen.at("ambient") == 0);
}

TEST_CASE("exec --no-new-privs sets no_new_privs", "[exec]") {
  Running web(ordinary());
  CHECK(exec_report(web).at("no_new_privileges") == false);
  CHECK(exec_report(web, {"--no-new-privs"}).at("no_new_privileges") == true);
}

TEST_CASE("exec is under the container's filter", "[exec]") {
  Json const filter = {
      {"defaultAction", "SCMP_ACT_ALLOW"},
      {"syscalls",
       {{{"names", {"mkdir", "mkdirat"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", 123}}}}};
  auto const bundle = ordinary().with("/linux/seccomp", filter);
  SECTION("without no_new_privs") {
    Running web(bundle);
    CHECK_THAT(exec(web, {}, {"/probe", "mkdir", "/tmp/x"}).out,
               ContainsSubstring("\"errno\":123"));
    CHECK(exec_report(web).at("seccomp") == 2);
  }
  SECTION("with no_new_privs") {
    Running web(bundle.with("/process/noNewPrivileges", true));
    CHECK_THAT(exec(web, {}, {"/probe", "mkdir", "/tmp/x"}).out,
               ContainsSubstring("\"errno\":123"));
  }
  SECTION("in a user namespace, by process.json") {
    Running web(userns().with("/linux/seccomp", filter));
    CHECK(file_report(web, Json::object()).at("seccomp") == 2);
  }
}

TEST_CASE("exec sets scheduler, I/O priority and CPU affinity", "[exec]") {
  Running web(ordinary());
  Json const seen =
      file_report(web, {{"scheduler", {{"policy", "SCHED_BATCH"}, {"nice", 5}}},
                        {"ioPriority", {{"class", "IOPRIO_CLASS_BE"}, {"priority", 6}}},
                        {"execCPUAffinity", {{"initial", "0"}, {"final", "0"}}}})
          .at("scheduling");
  CHECK(seen.at("policy") == SCHED_BATCH);
  CHECK(seen.at("nice") == 5);
  CHECK(seen.at("ioprio") == ((2 << 13) | 6));
  CHECK(seen.at("cpus") == Json{0});
}

// Processors that this machine does not have are none that a mask could be refused for.
TEST_CASE("exec takes masks of any length", "[exec]") {
  Running web(ordinary());
  Json const affinity = {{"initial", "0-4095"}, {"final", "0,63-64,1023-4095"}};
  Json const seen = file_report(web, {{"execCPUAffinity", affinity}}).at("scheduling");
  CHECK(seen.at("cpus") == Json{0});
  Json const none = {{"execCPUAffinity", {{"final", "4000-4095"}}}};
  exec_refusal(web, {"--process", process_file(none)}, {});
}

TEST_CASE("exec has the personality and the keyring of the container", "[exec]") {
  auto const bundle = ordinary().with("/linux/personality/domain", "LINUX32");
  Running web(bundle);
  Json const seen = exec_report(web);
  CHECK(seen.at("personality") == report(bundle).at("personality"));
  CHECK_THAT(seen.at("keyring").get<std::string>(), ContainsSubstring("_ses." + web.id()));
}

// --- streams and terminals -----------------------------------------------------------------------

TEST_CASE("exec has the caller's streams", "[exec]") {
  Running web(ordinary());
  auto command = runtime_command(exec_words(web, {}, {"/probe", "input"}));
  command.input = "from outside";
  CHECK_THAT(run(command).out, ContainsSubstring("from outside"));
}

TEST_CASE("exec hands on no descriptor that nobody asked for", "[exec][CVE-2024-21626]") {
  Running web(ordinary());
  Fd const leaked(open("/", O_RDONLY | O_DIRECTORY));
  auto command = runtime_command(exec_words(web, {}, {"/probe", "report"}));
  command.pass = {leaked.get(), leaked.get()};
  Json const seen = report_of(run(command));
  CHECK_FALSE(seen.at("descriptors").empty());
  for (auto const& descriptor : seen.at("descriptors")) {
    CHECK(descriptor.at("fd") < 3);
  }
}

TEST_CASE("exec --preserve-fds hands on so many", "[exec]") {
  Running web(ordinary());
  Fd const kept(open("/dev/null", O_RDONLY));
  auto command = runtime_command(exec_words(web, {"--preserve-fds", "1"}, {"/probe", "report"}));
  command.pass = {kept.get(), kept.get()};
  std::vector<int> numbers;
  Json const seen = report_of(run(command));
  for (auto const& descriptor : seen.at("descriptors")) numbers.push_back(descriptor.at("fd"));
  CHECK(numbers == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("exec --tty gives a terminal of the container to whoever waits for it", "[exec]") {
  Running web(ordinary());
  ConsoleSocket console;
  std::string const pid_file = scratch() + "/pid";
  Process call(runtime_command(exec_words(
      web, {"--tty", "--detach", "--console-socket", console.path(), "--pid-file", pid_file},
      {"/probe", "report"})));
  Fd const master = console.receive();
  std::string const text = read_terminal(master.get());
  REQUIRE(call.wait().ok());
  CHECK(wait_for(pid_in(pid_file)) == 0);
  Json const seen = Json::parse(text.substr(text.find('{')));
  CHECK(seen.at("terminal").at("tty") == Json{true, true, true});
  CHECK(seen.at("terminal").at("controlling") == true);
  CHECK(seen.at("descriptors").at(0).at("target") == "/dev/pts/0");
}

TEST_CASE("exec's terminal has the size of process.json", "[exec]") {
  Running web(ordinary());
  Json const seen =
      file_report(web, {{"terminal", true}, {"consoleSize", {{"height", 11}, {"width", 99}}}});
  CHECK(seen.at("terminal").at("rows") == 11);
  CHECK(seen.at("terminal").at("columns") == 99);
}

TEST_CASE("exec in the foreground carries the terminal", "[exec]") {
  Running web(userns());
  Result const result = exec(web, {"--tty"}, {"/probe", "report"});
  CHECK(report_of(result).at("terminal").at("tty") == Json{true, true, true});
  CHECK(result.out.find('\r') == std::string::npos);
}

TEST_CASE("exec wants a console socket for a detached terminal, and only then", "[exec]") {
  Running web(ordinary());
  ConsoleSocket console;
  exec_refusal(web, {"--tty", "--detach"}, {"/probe", "report"});
  exec_refusal(web, {"--console-socket", console.path()}, {"/probe", "report"});
  exec_refusal(web, {"--tty", "--console-socket", scratch() + "/nobody"}, {"/probe", "report"});
}

// --- how it ends ---------------------------------------------------------------------------------

TEST_CASE("exec ends as its process does", "[exec]") {
  Running web(ordinary());
  for (int const status : {0, 1, 7, 255}) {
    CHECK(exec(web, {}, {"/probe", "exit", std::to_string(status)}).status == status);
  }
  CHECK(exec(web, {}, {"/probe", "raise", "15"}).status == 128 + 15);
  CHECK(exec(web, {}, {"/probe", "raise", "9"}).status == 128 + 9);
}

TEST_CASE("exec sends signals on", "[exec]") {
  Running web(ordinary());
  Process call(runtime_command(exec_words(web, {}, {"/probe", "pause"})));
  REQUIRE(call.line().has_value());
  REQUIRE(kill(call.pid(), SIGUSR1) == 0);
  auto const line = call.line();
  REQUIRE(line.has_value());
  CHECK(Json::parse(*line).at("signal") == SIGUSR1);
  REQUIRE(kill(call.pid(), SIGTERM) == 0);
  call.wait();
}

TEST_CASE("a detached exec is adopted by whoever adopts the caller's orphans", "[exec]") {
  for (auto const& bundle : {ordinary(), minimal(), userns()}) {
    Running web(bundle);
    std::string const pid_file = scratch() + "/" + web.id() + ".pid";
    REQUIRE(exec(web, {"-d", "--pid-file", pid_file}, {"/probe", "exit", "9"}).ok());
    CHECK(wait_for(pid_in(pid_file)) == 9);
  }
}

TEST_CASE("exec --pidfd-socket sends a pidfd of the process", "[exec]") {
  Running web(ordinary());
  ConsoleSocket socket;
  Fd pidfd;
  {
    Detached const process(web, {"--pidfd-socket", socket.path()});
    pidfd = socket.receive();
    CHECK(pidfd.get() >= 0);
  }
  CHECK(ended(pidfd.get()));
}

TEST_CASE("an exec that fails has status 255, one line and no pid file", "[exec]") {
  Running web(ordinary().file("plain", "text").file("broken", "no program\n", 0755));
  CHECK_THAT(exec_refusal(web, {}, {"nosuch"}),
             ContainsSubstring("exec: \"nosuch\": executable file not found in $PATH"));
  CHECK_THAT(exec_refusal(web, {}, {"/bin/nosuch"}),
             ContainsSubstring("/bin/nosuch: no such file or directory"));
  CHECK_THAT(exec_refusal(web, {}, {"/plain"}),
             ContainsSubstring("exec: \"/plain\": permission denied"));
  CHECK_THAT(exec_refusal(web, {}, {"/etc"}), ContainsSubstring("exec: \"/etc\": is a directory"));
  CHECK_THAT(exec_refusal(web, {"--cwd", "/nosuch"}, {"/probe", "report"}),
             ContainsSubstring("/nosuch: no such file or directory"));
  CHECK_THAT(exec_refusal(web, {"--detach"}, {"nosuch"}),
             ContainsSubstring("executable file not found"));
  exec_refusal(web, {}, {});
  if (is_proa()) {
    Result const result = exec(web, {}, {"/broken"});
    CHECK(result.status == 255);
    CHECK_THAT(result.err, ContainsSubstring("exec format error"));
  }
}

TEST_CASE("exec wants a container that runs", "[exec]") {
  Result const nobody = proa("exec", "nobody", "true");
  CHECK(nobody.status == 255);
  CHECK_THAT(nobody.error(), ContainsSubstring("container does not exist"));
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK_THAT(exec_refusal(web, {}, {"/probe", "report"}),
             ContainsSubstring("cannot exec in a stopped container"));
}

TEST_CASE("exec works in a container that is created and not started", "[exec]") {
  Created web(ordinary());
  CHECK(exec_report(web).at("namespaces").at("pid") == namespace_of(web.pid(), "pid"));
  CHECK(web.status() == "created");
  CHECK(web.start().ok());
}

TEST_CASE("exec in a paused container waits only when told to", "[exec]") {
  if (!cgroup_directory("freezer", "/")) SKIP_BECAUSE("this cgroup world has no freezer");
  Running web(ordinary());
  freeze(web, true);
  CHECK_THAT(exec_refusal(web, {}, {"/probe", "report"}),
             ContainsSubstring("cannot exec in a paused container"));
  Process call(runtime_command(exec_words(web, {"--ignore-paused"}, {"/probe", "exit", "4"})));
  freeze(web, false);
  CHECK(call.wait().status == 4);
}

// --- what the container may try ------------------------------------------------------------------

TEST_CASE("no working directory of exec is outside of the container", "[exec][CVE-2024-21626]") {
  Running web(ordinary());
  for (int fd = 3; fd < 20; ++fd) {
    for (auto const* prefix : {"/proc/self/fd/", "/proc/thread-self/fd/"}) {
      for (auto const* suffix : {"", "/../../.."}) {
        std::string const place = prefix + std::to_string(fd) + suffix;
        CAPTURE(place);
        Result const result = exec(web, {"--cwd", place}, {"/probe", "report"});
        // Without openat2(2) such a link may be followed, but only to what is inside.
        if (result.ok()) {
          CHECK(report_of(result).at("cwd").get<std::string>().front() == '/');
        } else {
          CHECK(result.status == 255);
        }
      }
    }
  }
}

}  // namespace conformance
