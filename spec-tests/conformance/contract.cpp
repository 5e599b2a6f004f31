// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What containerd, podman, CRI-O, docker and people expect of a runtime beyond the spec: the words
// they look for in errors, the files they read, and how commands behave.
#include <csignal>
#include <filesystem>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {

TEST_CASE("a missing container does not exist, in those words", "[contract:errors]") {
  for (char const* verb : {"state", "start", "kill", "delete"}) {
    CAPTURE(verb);
    Result const result = proa(verb, "nobody");
    CHECK(result.status == 1);
    CHECK_THAT(result.error(), ContainsSubstring("container does not exist"));
    CHECK(result.error_lines() == 1);
  }
}

TEST_CASE("a taken id is reported in the words engines know", "[contract:errors]") {
  Created web(minimal());
  Result const result = web.create();
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("container with given ID already exists"));
}

TEST_CASE("kill of a stopped container says container not running", "[contract:errors]") {
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  Result const result = web.kill("KILL");
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("container not running"));
}

TEST_CASE("start in the wrong status says which", "[contract:errors]") {
  Running web(minimal());
  CHECK_THAT(web.start().error(), ContainsSubstring("cannot start an already running container"));
  REQUIRE(web.kill("TERM").ok());
  web.wait();
  CHECK_THAT(web.start().error(), ContainsSubstring("cannot start a container that has stopped"));
}

TEST_CASE("proa says who, what and why in one line", "[proa]") {
  Running web(minimal());
  CHECK(web.remove().err == "proa delete " + web.id() + ": container is running\n");
  CHECK(proa("state", "nobody").err == "proa state nobody: container does not exist\n");
  CHECK(proa("create", "--bundle", web.bundle(), web.id()).err ==
        "proa create " + web.id() + ": container with given ID already exists\n");
}

TEST_CASE("an executable that is not there is refused by create", "[contract:errors]") {
  CHECK_THAT(refusal(minimal().args({"nosuch"})),
             ContainsSubstring("exec: \"nosuch\": executable file not found in $PATH"));
}

TEST_CASE("an absolute path that is not there is refused by create", "[contract:errors]") {
  CHECK_THAT(refusal(minimal().args({"/bin/nosuch"})),
             ContainsSubstring("/bin/nosuch") && ContainsSubstring("no such file or directory"));
}

TEST_CASE("an executable without the x bit is refused by create", "[contract:errors]") {
  CHECK_THAT(refusal(minimal().file("plain", "text").args({"/plain"})),
             ContainsSubstring("exec: \"/plain\": permission denied"));
}

TEST_CASE("a directory is refused as an executable", "[contract:errors]") {
  CHECK_THAT(refusal(minimal().args({"/etc"})),
             ContainsSubstring("exec: \"/etc\": is a directory: permission denied"));
}

TEST_CASE("an empty executable name is refused", "[contract:errors]") {
  CHECK_THAT(refusal(minimal().args({""})),
             ContainsSubstring("exec: \"\": executable file not found in $PATH"));
}

TEST_CASE("a program that the kernel will not run is an error of start", "[contract:errors]") {
  Created web(minimal().file("broken", "this is no program\n", 0755).args({"/broken"}));
  Result const result = web.start();
  // runc and crun cannot tell: their start ends before the exec.
  if (!is_proa() && result.ok()) SKIP_BECAUSE("this runtime does not report a failing exec");
  CHECK(result.status == 1);
  CHECK_THAT(result.error(),
             ContainsSubstring("/broken") && ContainsSubstring("exec format error"));
  web.wait();
  CHECK(web.status() == "stopped");
}

TEST_CASE("a script without its interpreter is an error of start", "[contract:errors]") {
  Created web(minimal().file("script", "#!/no/such/shell\n", 0755).args({"/script"}));
  Result const result = web.start();
  if (!is_proa() && result.ok()) SKIP_BECAUSE("this runtime does not report a failing exec");
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("no such file or directory"));
}

TEST_CASE("a root that does not exist is refused", "[spec:config#root][MUST]") {
  CHECK_THAT(refusal(minimal().with("/root/path", "nosuch")), ContainsSubstring("nosuch"));
}

TEST_CASE("delete takes a created container away", "[contract:delete]") {
  // runtime.md allows it for stopped containers only; runc, crun and their callers do more.
  Created web(minimal());
  CHECK(web.remove().ok());
  CHECK(web.wait() == 128 + 9);
  CHECK(web.left_behind().empty());
}

TEST_CASE("delete --force ends a running container", "[contract:delete]") {
  Running web(minimal());
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(web.wait() == 128 + 9);
  CHECK(web.left_behind().empty());
}

TEST_CASE("delete --force takes every process along", "[contract:delete]") {
  Running web(ordinary().without_namespace("pid").doing({{"fork", "3"}, {"pause"}}));
  std::vector<Fd> handles;
  for (pid_t const pid : cgroup_members(web.cgroup())) handles.push_back(pidfd_of(pid));
  REQUIRE(handles.size() == 4);
  CHECK(proa("delete", "--force", web.id()).ok());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
  web.wait();
  CHECK(web.left_behind().empty());
}

TEST_CASE("delete --force of a container that does not exist is no error", "[contract:delete]") {
  Result const result = proa("delete", "--force", "nobody");
  CHECK(result.status == 0);
  CHECK(result.err.empty());
}

TEST_CASE("ids may hold letters, digits and _ + - .", "[contract:create]") {
  Container odd(minimal(), "A_z0+9.-x");
  CHECK(odd.create().ok());
  CHECK(odd.state().at("id") == "A_z0+9.-x");
}

TEST_CASE("kill takes signals in every spelling", "[contract:kill]") {
  Running web(minimal());
  for (std::string const word : {"SIGUSR1", "USR1", "10"}) {
    CAPTURE(word);
    CHECK(web.kill(word).ok());
    CHECK(web.answer().at("signal") == 10);
  }
}

TEST_CASE("kill without a signal sends TERM", "[contract:kill]") {
  Running web(minimal());
  CHECK(proa("kill", web.id()).ok());
  CHECK(web.answer().at("signal") == 15);
  CHECK(web.wait() == 0);
}

TEST_CASE("kill --all reaches every process of the container", "[contract:kill]") {
  Running web(ordinary().without_namespace("pid").doing({{"fork", "3"}, {"pause"}}));
  auto const members = cgroup_members(web.cgroup());
  REQUIRE(members.size() == 4);
  std::vector<Fd> handles;
  for (pid_t const pid : members) handles.push_back(pidfd_of(pid));
  CHECK(proa("kill", "--all", web.id(), "9").ok());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
}

// containerd calls it after the first process is gone, when the pid namespace is shared.
TEST_CASE("kill --all works after the first process has ended", "[contract:kill]") {
  Created web(ordinary().without_namespace("pid").doing({{"fork", "2"}, {"exit", "0"}}));
  REQUIRE(web.start().ok());
  CHECK(web.wait() == 0);
  auto const members = cgroup_members(web.cgroup());
  REQUIRE(members.size() == 2);
  std::vector<Fd> handles;
  for (pid_t const pid : members) handles.push_back(pidfd_of(pid));
  CHECK(proa("kill", "--all", web.id(), "9").ok());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
}

TEST_CASE("kill --all of a stopped container is no error", "[contract:kill]") {
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(proa("kill", "--all", web.id(), "9").ok());
}

TEST_CASE("run does it all and ends as the process did", "[contract:run]") {
  Container web(minimal().doing({{"exit", "42"}}));
  CHECK(web.run().status == 42);
  CHECK(web.left_behind().empty());
}

TEST_CASE("run passes the container's output through", "[contract:run]") {
  Container web(minimal().doing({{"say", "1", "out\n"}, {"say", "2", "err\n"}}));
  Result const result = web.run();
  CHECK_THAT(result.out, Catch::Matchers::StartsWith("out\n"));
  CHECK(result.err == "err\n");
}

TEST_CASE("run reports a signal as 128 and its number", "[contract:run]") {
  Container web(minimal().doing({{"raise", "9"}}));
  CHECK(web.run().status == 128 + 9);
}

TEST_CASE("run hands signals on to the container", "[contract:run]") {
  Container web(minimal());
  Process foreground(runtime_command({"run", "--bundle", web.bundle(), web.id()}));
  REQUIRE(foreground.line().has_value());
  ::kill(foreground.pid(), SIGUSR1);
  CHECK_THAT(foreground.line().value_or(""), ContainsSubstring("\"signal\":10"));
  ::kill(foreground.pid(), SIGTERM);
  CHECK(foreground.wait().status == 0);
  CHECK(web.left_behind().empty());
}

TEST_CASE("run and its hooks take no notice of a caller that ignores SIGCHLD", "[contract:run]") {
  Json const hook = {{"path", "/bin/true"}};
  Container web(minimal().with("/hooks/createRuntime", Json::array({hook})).doing({{"exit", "7"}}));
  Command command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.argv.insert(command.argv.begin(), {"env", "--ignore-signal=CHLD"});
  Result const result = conformance::run(command);
  INFO(result.err);
  CHECK(result.status == 7);
}

TEST_CASE("run tells how the container ended, whoever deletes it", "[contract:run]") {
  Container web(minimal());
  Process foreground(runtime_command({"run", "--bundle", web.bundle(), web.id()}));
  REQUIRE(foreground.line().has_value());
  REQUIRE(proa("delete", "--force", web.id()).ok());
  Result const result = foreground.wait();
  INFO(result.err);
  CHECK(result.status == 128 + 9);
}

TEST_CASE("run --detach returns while the container runs", "[contract:run]") {
  Container web(minimal());
  Process detached(runtime_command({"run", "--detach", "--bundle", web.bundle(), web.id()}));
  CHECK(detached.wait().ok());
  CHECK(web.status() == "running");  // and our end of its standard output is still open
}

TEST_CASE("run --keep leaves the container to look at", "[contract:run]") {
  Container web(minimal().doing({{"exit", "0"}}));
  Result const result = web.run({"--keep"});
  if (!is_proa() && result.status != 0) SKIP_BECAUSE("this runtime has no run --keep");
  CHECK(result.ok());
  CHECK(web.status() == "stopped");
}

TEST_CASE("a failing run leaves nothing", "[contract:run]") {
  Container web(minimal().args({"/nosuch"}));
  CHECK(web.run().status > 0);
  CHECK(web.left_behind().empty());
}

TEST_CASE("the pid file holds the pid and nothing else", "[contract:pid-file]") {
  Container web(minimal());
  std::string const file = scratch() + "/pid";
  REQUIRE(web.create({"--pid-file", file}).ok());
  CHECK(read_text(file) == std::to_string(web.pid()));
}

TEST_CASE("a pid file is relative to the working directory", "[contract:pid-file]") {
  Container web(minimal());
  Command here;
  here.cwd = scratch();
  REQUIRE(web.create_in(here, {"--pid-file", "here.pid"}).ok());
  CHECK(read_text(scratch() + "/here.pid") == std::to_string(web.pid()));
}

TEST_CASE("a failing create leaves no pid file", "[contract:pid-file]") {
  std::string const file = scratch() + "/pid";
  refusal(minimal().args({"/nosuch"}), {"--pid-file", file});
  CHECK_FALSE(exists(file));
}

TEST_CASE("a pid file that cannot be put in place leaves nothing", "[contract:pid-file]") {
  std::string const folder = scratch() + "/pids";
  make_directories(folder + "/pid");
  refusal(minimal(), {"--pid-file", folder + "/pid"});
  Words names;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  CHECK(names == Words{"pid"});
}

TEST_CASE("a pid file that cannot be written fails create", "[contract:pid-file]") {
  refusal(minimal(), {"--pid-file", scratch() + "/no/such/directory/pid"});
}

}  // namespace conformance
