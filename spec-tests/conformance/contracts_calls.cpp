// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The command lines of containerd's shim, BuildKit and Buildah, word for word; contracts_podman.cpp
// has those of conmon, podman, CRI-O and dockerd.  Each row of what they rely on is a case; the
// number in its tag is the section of the list of contracts that the row stands in.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <list>

#include "catch.hpp"
#include "harness/callers.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {

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

// Half a number would be the number of somebody else.
TEST_CASE("containerd: a pid file appears whole", "[contract:2.3/pid-file]") {
  std::string const file = scratch() + "/init.pid";
  std::string const before = scratch() + "/before";
  write_text(file, "what was there before");
  REQUIRE(link(file.c_str(), before.c_str()) == 0);
  Created web(ordinary(), {"--pid-file", file});
  CHECK(pid_in(file) == web.pid());
  // A new file has been renamed to this name; the old one nobody has written to.
  CHECK(read_text(before) == "what was there before");
}

TEST_CASE("containerd: features is all of standard output", "[contract:2.3/features]") {
  Result const result = run({{runtime_path(), "features"}, "", ""});
  CHECK(result.ok());
  CHECK(result.err.empty());
  CHECK(Json::parse(result.out).contains("linux"));
}

TEST_CASE("CRI: features tell of user namespaces and of recursive read-only mounts",
          "[contract:2.3/cri]") {
  Json const features = Json::parse(proa("features").out);
  auto const listed = [](Json const& list, char const* word) {
    return std::count(list.begin(), list.end(), word) == 1;
  };
  CHECK(listed(features.at("mountOptions"), "rro"));
  CHECK(listed(features.at("linux").at("namespaces"), "user"));
  CHECK(features.value("/linux/mountExtensions/idmap/enabled"_json_pointer, false));
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

// sun_path holds 107 bytes; engines make longer ones.
TEST_CASE("containerd: the pidfd comes as the terminal does, by a path of any length",
          "[contract:2.3/pidfd]") {
  if (!is_proa()) SKIP_BECAUSE("runc takes short paths only, and crun none");
  ConsoleSocket receiver;
  std::string const directory = scratch() + "/" + std::string(100, 'd');
  make_directories(directory);
  std::string const path = directory + "/pidfd";
  REQUIRE(rename(receiver.path().c_str(), path.c_str()) == 0);
  Created web(ordinary(), {"--pidfd-socket", path});
  std::string name;
  Fd const handle = receiver.receive(&name);
  CHECK_FALSE(name.empty());
  CHECK_THAT(read_text("/proc/self/fdinfo/" + std::to_string(handle.get())).value_or(""),
             ContainsSubstring("Pid:\t" + std::to_string(web.pid()) + "\n"));
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

TEST_CASE("BuildKit: a step is seen to run, and cancelled", "[contract:2.4/cancel]") {
  Container web(ordinary());
  Process step(runtime_command(shim_words({"run", "--bundle", web.bundle(), "--keep", web.id()})));
  REQUIRE(step.line().has_value());
  CHECK(web.status() == "running");
  CHECK(shim({"kill", web.id(), "9"}).ok());
  CHECK(step.wait().status == 128 + SIGKILL);
  CHECK(shim({"delete", web.id()}).ok());
}

// All of them make the same mount points.
TEST_CASE("BuildKit: steps on one root file system at the same time", "[contract:2.4/together]") {
  Container const root(ordinary());
  Bundle const step =
      ordinary()
          .with("/root/path", root.rootfs())
          .mount({{"destination", "/made/by/all"}, {"type", "tmpfs"}, {"source", "tmpfs"}})
          .doing({{"exit", "6"}});
  std::list<Container> steps;
  std::vector<Process> running;
  for (int count = 0; count < 8; ++count) {
    auto const& web = steps.emplace_back(step);
    running.emplace_back(runtime_command({"run", "--bundle", web.bundle(), web.id()}));
  }
  for (auto& one : running) {
    Result const result = one.wait();
    INFO(result.err);
    CHECK(result.status == 6);
  }
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

// --- 2.8 others ----------------------------------------------------------------------------------

TEST_CASE("the status of run and exec is the program's, or 128 and the signal's number",
          "[contract:2.8/status]") {
  Running web(ordinary());
  CHECK(proa("exec", web.id(), "/probe", "exit", "42").status == 42);
  CHECK(proa("exec", web.id(), "/probe", "raise", "11").status == 128 + 11);
  CHECK(proa("exec", web.id(), "nosuch").status == 255);
  CHECK(proa("start", web.id()).status == 1);
  CHECK(Container(ordinary().args({"nosuch"})).run().status == 1);
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

}  // namespace conformance
