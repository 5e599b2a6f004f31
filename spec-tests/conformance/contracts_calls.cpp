// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The command lines of the callers, word for word: containerd's shim, BuildKit, Buildah, conmon,
// podman, CRI-O, dockerd.  Each row of what they rely on is a case; the number in its tag is the
// section of the list of contracts that the row stands in.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "catch.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

std::string log_file() { return scratch() + "/log.json"; }

/// A container that says nothing: its creator, which held its output, has gone.
Bundle waiting() { return ordinary().doing({{"wait"}}); }

/// Global options as containerd's shim gives them, two words each.
Result shim(Words const& words) {
  Words all = {"--log", log_file(), "--log-format", "json"};
  all.insert(all.end(), words.begin(), words.end());
  return proa(all);
}

/// As conmon gives them: one word each.
Words conmon_words(Words const& words) {
  Words all = {"--log-format=json", "--log", log_file()};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

/// What an engine takes from the log: the last line of the level "error".
std::string logged_error() {
  std::istringstream lines(read_text(log_file()).value_or(""));
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    Json const entry = Json::parse(line);
    if (entry.at("level") == "error") found = entry.at("msg");
  }
  return found;
}

std::string process_file(Words const& args, bool terminal = false) {
  std::string const path = scratch() + "/process.json";
  write_text(path, Json{{"args", args},
                        {"cwd", "/"},
                        {"env", {"PATH=/"}},
                        {"terminal", terminal},
                        {"user", {{"uid", 0}, {"gid", 0}}}}
                       .dump());
  return path;
}

pid_t pid_in(std::string const& path) {
  std::string const text = read_text(path).value_or("");
  REQUIRE_FALSE(text.empty());
  // strconv.Atoi takes no newline.
  REQUIRE(text.find_first_not_of("0123456789") == std::string::npos);
  return std::stoi(text);
}

/// The runtime under another name.
Result under_name(std::string const& name, Words const& words) {
  std::string const alias = scratch() + "/" + name;
  if (!exists(alias)) REQUIRE(symlink(runtime_path().c_str(), alias.c_str()) == 0);
  auto command = runtime_command(words);
  command.argv[0] = alias;
  return run(command);
}

}  // namespace

// --- 2.3 containerd ------------------------------------------------------------------------------

TEST_CASE("containerd: the life of a task", "[contract:2.3/life]") {
  Container web(waiting());
  std::string const pid_file = web.bundle() + "/init.pid";
  REQUIRE(shim({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}).ok());
  pid_t const pid = pid_in(pid_file);
  CHECK(web.status() == "created");
  CHECK(web.pid() == pid);
  CHECK(shim({"start", web.id()}).ok());
  CHECK(shim({"kill", web.id(), "9"}).ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
  CHECK(shim({"delete", web.id()}).ok());
  CHECK(web.left_behind().empty());
}

TEST_CASE("containerd: create without pivot and keyring", "[contract:2.3/no-pivot]") {
  Container web(waiting());
  std::string const pid_file = web.bundle() + "/init.pid";
  CHECK(shim({"create", "--bundle", web.bundle(), "--pid-file", pid_file, "--no-pivot",
              "--no-new-keyring", web.id()})
            .ok());
  CHECK(shim({"delete", "--force", web.id()}).ok());
  wait_for(pid_in(pid_file));
}

TEST_CASE("containerd: exec is detached, adopted by the shim and named by its pid file",
          "[contract:2.3/exec]") {
  Running web(ordinary());
  std::string const pid_file = web.bundle() + "/e1.pid";
  CHECK(shim({"exec", "--process", process_file({"/probe", "exit", "23"}), "--detach", "--pid-file",
              pid_file, web.id()})
            .ok());
  CHECK(wait_for(pid_in(pid_file)) == 23);
}

TEST_CASE("containerd: pause, resume and ps", "[contract:2.3/ps]") {
  Running web(ordinary());
  CHECK(shim({"pause", web.id()}).ok());
  CHECK(shim({"resume", web.id()}).ok());
  CHECK(Json::parse(shim({"ps", "--format", "json", web.id()}).out) == Json{web.pid()});
}

TEST_CASE("containerd: resources come on standard input", "[contract:2.3/update]") {
  if (!cgroup_directory("cpu", "/")) SKIP_BECAUSE("this cgroup world has no cpu controller");
  Running web(ordinary());
  auto command = runtime_command({"update", "--resources=-", web.id()});
  command.input = R"({"cpu":{"shares":512},"memory":{"disableOOMKiller":false},"blockIO":{}})";
  CHECK(run(command).ok());
}

TEST_CASE("containerd: features is all of standard output", "[contract:2.3/features]") {
  Result const result = run({{runtime_path(), "features"}, "", ""});
  CHECK(result.ok());
  CHECK(result.err.empty());
  CHECK(Json::parse(result.out).contains("linux"));
}

TEST_CASE("containerd: the log is JSON, and its last error is the reason", "[contract:2.3/log]") {
  Container web(ordinary().args({"nosuch"}));
  CHECK_FALSE(shim({"create", "--bundle", web.bundle(), web.id()}).ok());
  CHECK_THAT(logged_error(), ContainsSubstring("executable file not found in $PATH"));
}

TEST_CASE("containerd: kill of a task that has ended", "[contract:2.3/kill]") {
  Created web(ordinary().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK_THAT(shim({"kill", web.id(), "15"}).err, ContainsSubstring("container not running"));
}

TEST_CASE("containerd: kill and delete of a task that is not there", "[contract:2.3/gone]") {
  CHECK_THAT(shim({"kill", "gone", "15"}).err, ContainsSubstring("does not exist"));
  CHECK_THAT(shim({"delete", "gone"}).err, ContainsSubstring("container does not exist"));
  CHECK(shim({"delete", "--force", "gone"}).ok());
}

TEST_CASE("containerd: kill --all when the first process of a shared pid namespace is gone",
          "[contract:2.3/kill-all]") {
  Created web(ordinary().without_namespace("pid").doing({{"fork", "2"}, {"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  auto const members = cgroup_members(web.cgroup());
  CHECK(members.size() == 2);
  std::vector<Fd> handles;
  for (pid_t const pid : members) handles.push_back(pidfd_of(pid));
  CHECK(shim({"kill", "--all", web.id(), "9"}).ok());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
}

TEST_CASE("containerd: when create returns, the process is in its cgroup, which has none below",
          "[contract:2.3/oom]") {
  Created web(ordinary());
  std::string const lines =
      read_text("/proc/" + std::to_string(web.pid()) + "/cgroup").value_or("");
  CHECK_THAT(lines, ContainsSubstring(web.cgroup() + "\n"));
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    struct stat info {};
    if (stat(directory.c_str(), &info) == 0) CHECK(info.st_nlink <= 2);
  }
}

TEST_CASE("containerd: the death signal of the call is not the container's",
          "[contract:2.3/death-signal]") {
  auto const words = GENERATE(Words{}, Words{"--no-pivot"});
  Container web(ordinary().doing({{"report"}}));
  Words argv = {"setpriv", "--pdeathsig", "KILL"};
  Words run_words = {"run", "--bundle", web.bundle()};
  run_words.insert(run_words.end(), words.begin(), words.end());
  run_words.push_back(web.id());
  auto const call = runtime_command(run_words).argv;
  argv.insert(argv.end(), call.begin(), call.end());
  CHECK_THAT(run({argv, "", ""}).out, ContainsSubstring("\"death_signal\":0"));
}

TEST_CASE("containerd: the terminal comes as one descriptor with a short name",
          "[contract:2.3/console]") {
  ConsoleSocket console;
  Created web(ordinary().with("/process/terminal", true), {"--console-socket", console.path()});
  std::string name;
  CHECK(isatty(console.receive(&name).get()) == 1);
  CHECK_FALSE(name.empty());
}

TEST_CASE("containerd: one dash is enough for a long option", "[contract:2.3/dash]") {
  Container web(ordinary().doing({{"exit", "0"}}));
  CHECK(proa("run", "-no-subreaper", "-bundle", web.bundle(), web.id()).ok());
}

TEST_CASE("go-runc: --version is taken apart by lines", "[contract:2.3/version]") {
  std::istringstream lines(under_name("runc", {"--version"}).out);
  std::string first;
  std::string second;
  std::string third;
  std::getline(lines, first);
  std::getline(lines, second);
  std::getline(lines, third);
  CHECK_THAT(first, Catch::Matchers::StartsWith("runc version "));
  CHECK_THAT(second, Catch::Matchers::StartsWith("commit: "));
  CHECK_THAT(third, Catch::Matchers::StartsWith("spec: "));
}

TEST_CASE("go-runc: what state and list say", "[contract:2.3/state]") {
  Running web(ordinary().with("/annotations", {{"key", "value"}}));
  for (Json const& entry :
       {web.state(), Json(Json::parse(proa("list", "--format=json").out).at(0))}) {
    CHECK(entry.at("id") == web.id());
    CHECK(entry.at("pid") == web.pid());
    CHECK(entry.at("status") == "running");
    CHECK(entry.at("bundle") == web.bundle());
    CHECK(entry.at("rootfs") == web.rootfs());
    CHECK(entry.at("annotations").at("key") == "value");
    std::string const created = entry.at("created");
    tm time{};
    CHECK(strptime(created.c_str(), "%Y-%m-%dT%H:%M:%S", &time) != nullptr);
    CHECK(created.back() == 'Z');
  }
}

TEST_CASE("go-runc: ps with options of ps", "[contract:2.3/ps-options]") {
  Running web(ordinary());
  CHECK_THAT(proa("ps", "--format", "table", web.id(), "-o", "pid,comm").out,
             ContainsSubstring("PID COMMAND") && ContainsSubstring("probe"));
}

TEST_CASE("go-runc: events --stats is one object", "[contract:2.3/events]") {
  Running web(ordinary());
  Json const event = Json::parse(proa("events", "--stats", web.id()).out);
  CHECK(event.at("type") == "stats");
  CHECK(event.at("id") == web.id());
  CHECK(event.at("data").at("cpu").at("usage").contains("total"));
  CHECK(event.at("data").contains("pids"));
}

// --- 2.4 BuildKit and Buildah --------------------------------------------------------------------

TEST_CASE("BuildKit: run in the foreground has the status of the step", "[contract:2.4/run]") {
  Container web(ordinary().doing({{"exit", "11"}}));
  CHECK(shim({"run", "--bundle", web.bundle(), web.id()}).status == 11);
  Container kept(ordinary().doing({{"exit", "12"}}));
  CHECK(shim({"run", "--bundle", kept.bundle(), "--keep", kept.id()}).status == 12);
  CHECK(kept.status() == "stopped");
  CHECK(shim({"delete", kept.id()}).ok());
}

TEST_CASE("BuildKit: exec in the foreground writes its pid file meanwhile", "[contract:2.4/exec]") {
  Running web(ordinary());
  std::string const pid_file = scratch() + "/exec.pid";
  CHECK(shim({"exec", "--process", process_file({"/probe", "exit", "13"}), "--pid-file", pid_file,
              web.id()})
            .status == 13);
  CHECK(pid_in(pid_file) > 0);
}

TEST_CASE("Buildah: the states that it knows", "[contract:2.4/state]") {
  Container web(waiting());
  std::string const pid_file = scratch() + "/pid";
  REQUIRE(
      proa("create", "--bundle", web.bundle(), "--pid-file", pid_file, "--no-new-keyring", web.id())
          .ok());
  CHECK(web.status() == "created");
  REQUIRE(proa("start", web.id()).ok());
  CHECK(web.status() == "running");
  REQUIRE(proa("kill", web.id(), "KILL").ok());
  wait_for(pid_in(pid_file));
  CHECK(web.status() == "stopped");
  CHECK(proa("delete", web.id()).ok());
}

// --- 2.5 conmon ----------------------------------------------------------------------------------

TEST_CASE("conmon: create and exec", "[contract:2.5/calls]") {
  Container web(waiting());
  std::string const pid_file = scratch() + "/pidfile";
  REQUIRE(proa(conmon_words({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}))
              .ok());
  pid_t const pid = pid_in(pid_file);
  REQUIRE(proa("start", web.id()).ok());
  std::string const exec_file = scratch() + "/exec.pid";
  CHECK(proa(conmon_words({"exec", "--pid-file", exec_file, "--process",
                           process_file({"/probe", "exit", "3"}), "--detach", web.id()}))
            .ok());
  CHECK(wait_for(pid_in(exec_file)) == 3);
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
}

TEST_CASE("conmon: an exec that fails has no pid file", "[contract:2.5/pid-file]") {
  Running web(ordinary());
  std::string const pid_file = scratch() + "/exec.pid";
  CHECK_FALSE(proa(conmon_words({"exec", "--pid-file", pid_file, "--process",
                                 process_file({"nosuch"}), "--detach", web.id()}))
                  .ok());
  CHECK_FALSE(exists(pid_file));
}

TEST_CASE("conmon: the error of create is on standard error as well as in the log",
          "[contract:2.5/stderr]") {
  Container web(ordinary().args({"nosuch"}));
  Result const result = proa(conmon_words({"create", "--bundle", web.bundle(), web.id()}));
  CHECK_THAT(result.err, ContainsSubstring("executable file not found in $PATH"));
  CHECK_THAT(logged_error(), ContainsSubstring("executable file not found in $PATH"));
}

TEST_CASE("conmon: an ignored SIGPIPE and a blocked signal are not the container's",
          "[contract:2.5/signals]") {
  Container web(ordinary().doing({{"report"}}));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.signals_off = true;
  Json const seen = Json::parse(run(command).out).at("signals");
  CHECK(seen.at("blocked").empty());
  CHECK(seen.at("ignored").empty());
}

TEST_CASE("conmon-rs: global options come twice", "[contract:2.5/twice]") {
  std::string const root = "--root=" + state_root();
  CHECK(run({{runtime_path(), root, root, "list", "-q"}, "", ""}).ok() == exists(state_root()));
  Container web(ordinary().doing({{"exit", "0"}}));
  CHECK(
      run({{runtime_path(), root, root, "run", "--bundle", web.bundle(), web.id()}, "", ""}).ok());
}

TEST_CASE("conmon-rs: exec takes its command behind the id", "[contract:2.5/exec-words]") {
  Running web(ordinary());
  ConsoleSocket console;
  std::string const pid_file = scratch() + "/exec.pid";
  CHECK(proa("exec", "-d", "--console-socket=" + console.path(), "--tty", "--pid-file=" + pid_file,
             web.id(), "/probe", "exit", "5")
            .ok());
  Fd const master = console.receive();  // closed, it would hang up
  CHECK(master.get() >= 0);
  CHECK(wait_for(pid_in(pid_file)) == 5);
}

TEST_CASE("conmon-rs: under the name of crun the log may be the journal's",
          "[contract:2.5/journald]") {
  Container web(waiting());
  Result const result =
      under_name("crun", {"--log", "journald:" + web.id(), "--log-level", "warning", "create",
                          "--bundle", web.bundle(), web.id()});
  INFO(result.err);
  CHECK(result.ok());
  pid_t const pid = web.pid();
  CHECK(proa("delete", "--force", web.id()).ok());
  wait_for(pid);
}

TEST_CASE("podman: two words for preserved descriptors, behind the others",
          "[contract:2.5/preserve-fds]") {
  Container web(waiting());
  Fd const open_file(::dup(2));
  auto command = runtime_command({"create", "--bundle", web.bundle(), "--preserve-fds", "1",
                                  "--pid-file", scratch() + "/pid", web.id()});
  command.pass = {open_file.get()};
  CHECK(run(command).ok());
  CHECK(proa("delete", "--force", web.id()).ok());
  wait_for(pid_in(scratch() + "/pid"));
}

// --- 2.6 podman ----------------------------------------------------------------------------------

TEST_CASE("podman: start with two variables", "[contract:2.6/start]") {
  Created web(ordinary());
  auto command = runtime_command({"start", web.id()});
  command.argv.insert(command.argv.begin(),
                      {"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR="});
  CHECK(run(command).ok());
  CHECK(web.status() == "running");
}

TEST_CASE("podman: kill by number, pause and resume, delete by force", "[contract:2.6/verbs]") {
  Running web(ordinary());
  CHECK(proa("pause", web.id()).ok());
  CHECK(proa("resume", web.id()).ok());
  CHECK(proa("kill", web.id(), "10").ok());
  CHECK(proa("kill", "--all", web.id(), "9").ok());
  web.wait();
  CHECK(proa("delete", "--force", web.id()).ok());
}

TEST_CASE("podman: an update file carries devices, which stay as they are",
          "[contract:2.6/update]") {
  if (!cgroup_directory("pids", "/")) SKIP_BECAUSE("this cgroup world has no pids controller");
  Running web(ordinary());
  std::string const file = scratch() + "/resources.json";
  write_text(file, R"({"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":2048}})");
  CHECK(proa("update", "--resources=" + file, web.id()).ok());
  CHECK_THAT(proa("exec", web.id(), "/probe", "open", "/dev/null", "w").out,
             ContainsSubstring("\"errno\":0"));
}

TEST_CASE("podman: checkpoint --help tells whether there is one", "[contract:2.6/checkpoint]") {
  bool const listed = proa("--help").out.find("checkpoint") != std::string::npos;
  CHECK(proa("checkpoint", "--help").ok() == listed);
}

TEST_CASE("podman: an option without its value says so", "[contract:2.6/flag]") {
  Result const result = proa("create", "--bundle");
  CHECK_FALSE(result.ok());
  CHECK_THAT(result.err, ContainsSubstring("flag needs an argument"));
}

TEST_CASE("podman: cgroups can be left out", "[contract:2.6/cgroups-disabled]") {
  Container web(ordinary().doing({{"exit", "0"}}));
  CHECK(proa("--cgroup-manager", "disabled", "run", "--bundle", web.bundle(), web.id()).ok());
}

// --- 2.7 CRI-O and dockerd -----------------------------------------------------------------------

TEST_CASE("CRI-O: update with two words", "[contract:2.7/update]") {
  if (!cgroup_directory("cpu", "/")) SKIP_BECAUSE("this cgroup world has no cpu controller");
  Running web(ordinary());
  auto command = runtime_command({"update", "--resources", "-", web.id()});
  command.input = R"({"cpu":{"shares":2}})";
  CHECK(run(command).ok());
}

TEST_CASE("CRI-O: exec in the foreground", "[contract:2.7/exec]") {
  Running web(ordinary());
  auto command =
      runtime_command({"exec", "--process", process_file({"/probe", "input"}), web.id()});
  command.input = "from the client";
  Result const result = run(command);
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("from the client"));
}

TEST_CASE("CRI-O: signals by name", "[contract:2.7/kill]") {
  for (std::string const name : {"KILL", "SIGKILL"}) {
    Running web(ordinary());
    CHECK(proa("kill", web.id(), name).ok());
    CHECK(web.wait() == 128 + SIGKILL);
    CHECK_THAT(proa("kill", web.id(), name).err, ContainsSubstring("container not running"));
    CHECK(proa("delete", "--force", web.id()).ok());
  }
}

TEST_CASE("CRI-O: nothing but the answer when it asks who we are", "[contract:2.7/quiet]") {
  for (std::string const word : {"--version", "features"}) {
    CHECK(run({{runtime_path(), word}, "", ""}).err.empty());
  }
}

// CRI-O lets 12 MiB pass for every runtime but crun, for which it is 500 KiB.
TEST_CASE("CRI-O: the least memory that it grants is enough", "[contract:2.7/memory]") {
  if (!cgroup_directory("memory", "/")) SKIP_BECAUSE("this cgroup world has no memory controller");
  auto const bytes = GENERATE(12 << 20, 500 << 10);
  Container web(ordinary().with("/linux/resources/memory/limit", bytes).doing({{"exit", "9"}}));
  CHECK(web.run().status == 9);
}

TEST_CASE("docker: empty resources ask for no controller", "[contract:2.7/empty]") {
  Container web(ordinary()
                    .with("/linux/resources",
                          {{"blockIO", Json::object()}, {"memory", {{"disableOOMKiller", false}}}})
                    .doing({{"exit", "0"}}));
  CHECK(web.run().ok());
}

// --- 2.8 others ----------------------------------------------------------------------------------

TEST_CASE("the status of run and exec is the program's, or 128 and the signal's number",
          "[contract:2.8/status]") {
  Running web(ordinary());
  CHECK(proa("exec", web.id(), "/probe", "exit", "42").status == 42);
  CHECK(proa("exec", web.id(), "/probe", "raise", "11").status == 128 + 11);
  CHECK(proa("exec", web.id(), "nosuch").status == 255);
  CHECK(proa("start", web.id()).status == 1);
}

TEST_CASE("the folder of a container is below the root, and goes with it",
          "[contract:2.8/folder]") {
  Created web(ordinary());
  CHECK(exists(state_root() + "/" + web.id()));
  REQUIRE(web.remove().ok());
  CHECK_FALSE(exists(state_root() + "/" + web.id()));
}

TEST_CASE("a preserved descriptor that is not open is named", "[contract:2.8/preserve-fds]") {
  Container web(ordinary());
  check_words(proa("create", "--preserve-fds", "4", "--bundle", web.bundle(), web.id()).error(),
              "unable to stat preserved-fd ");
}

// --- names ---------------------------------------------------------------------------------------

TEST_CASE("under the names of runc and crun a container lives as it does otherwise",
          "[contract:2.6/names]") {
  std::string const name = GENERATE("runc", "crun");
  Container web(waiting());
  REQUIRE(under_name(name, {"run", "--detach", "--bundle", web.bundle(), web.id()}).ok());
  pid_t const pid = web.pid();
  CHECK(under_name(name, {"exec", web.id(), "/probe", "exit", "8"}).status == 8);
  CHECK(under_name(name, {"kill", web.id(), "KILL"}).ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
  CHECK(under_name(name, {"delete", web.id()}).ok());
  CHECK_THAT(under_name(name, {"state", web.id()}).err,
             Catch::Matchers::StartsWith(name) || !ContainsSubstring("proa"));
}

TEST_CASE("podman: --group-add keep-groups", "[contract:2.6/keep-groups]") {
  Container web(
      ordinary().with("/annotations", {{"run.oci.keep_original_groups", "1"}}).doing({{"report"}}));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.argv.insert(command.argv.begin(), {"setpriv", "--groups", "4,27"});
  CHECK_THAT(run(command).out, ContainsSubstring("\"groups\":[4,27]"));
}

TEST_CASE("podman: mount_context_type is known", "[contract:2.6/mount-context]") {
  Container web(ordinary()
                    .with("/annotations", {{"run.oci.mount_context_type", "rootcontext"}})
                    .doing({{"exit", "0"}}));
  CHECK(web.run().ok());
}

TEST_CASE("podman: copy-symlink makes the link anew", "[contract:2.6/copy-symlink]") {
  std::string const link = scratch() + "/link";
  REQUIRE(symlink("../usr/share/zoneinfo/UTC", link.c_str()) == 0);
  Container web(ordinary()
                    .mount({{"destination", "/etc/localtime"},
                            {"type", "bind"},
                            {"source", link},
                            {"options", {"bind", "copy-symlink"}}})
                    .doing({{"stat", "/etc/localtime"}}));
  CHECK_THAT(web.run().out, ContainsSubstring("\"link\":\"../usr/share/zoneinfo/UTC\""));
}

}  // namespace conformance
