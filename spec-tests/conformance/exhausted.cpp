// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Containers whose limits leave their first process no room to begin: the error says which limit it
// was, and nothing is left.
#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define SKIP_WITHOUT(controller)                                                         \
  if (!is_proa()) SKIP_BECAUSE("other runtimes have words of their own");                \
  if (!cgroup_directory(controller, "/")) {                                              \
    SKIP_BECAUSE("this cgroup world has no " + std::string(controller) + " controller"); \
  }

namespace conformance {
namespace {

Bundle limited(Json const& resources) { return ordinary().with("/linux/resources", resources); }

/// No room for a single page of its own.
Bundle starved() { return limited({{"memory", {{"limit", 4096}, {"swap", 4096}}}}); }

std::string memory_limit() {
  auto const directory = cgroup_directory("memory", "");
  return exists(*directory + "/cgroup.controllers") ? "memory.max" : "memory.limit_in_bytes";
}

/// A program to run at a point of the lifecycle.
Json hook() { return Json::array({{{"path", "/probe"}, {"args", {"probe", "exit", "0"}}}}); }

}  // namespace

TEST_CASE("create says that init was killed for want of memory", "[contract:errors][proa]") {
  SKIP_WITHOUT("memory");
  CHECK_THAT(refusal(starved()),
             ContainsSubstring("container init was OOM-killed: " + memory_limit() + " = 4096"));
}

TEST_CASE("run says that init was killed for want of memory", "[contract:errors][proa]") {
  SKIP_WITHOUT("memory");
  Container web(starved());
  Result const result = web.run();
  CHECK(result.status == 1);
  CHECK(result.error_lines() == 1);
  CHECK_THAT(result.error(),
             ContainsSubstring("container init was OOM-killed: " + memory_limit() + " = 4096"));
}

TEST_CASE("an init that is killed before its program begins is an error of start",
          "[contract:errors][proa]") {
  if (!is_proa()) SKIP_BECAUSE("for other runtimes this is a start that has worked");
  Json const tell_and_wait = {"probe", "write", "/told", "x", "--", "pause"};
  Created web(ordinary().with(
      "/hooks", {{"startContainer", {{{"path", "/probe"}, {"args", tell_and_wait}}}}}));
  std::string const fifo = web.rootfs() + "/told";
  REQUIRE(mkfifo(fifo.c_str(), 0666) == 0);
  Fd const told(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Process start(runtime_command({"start", web.id()}));
  REQUIRE(wait_readable(told.get()));
  ::kill(web.pid(), SIGKILL);
  Result const result = start.wait();
  CHECK(result.status == 1);
  CHECK_THAT(result.error(),
             ContainsSubstring("container init has died before it executed its program"));
  CHECK(web.wait() == 128 + SIGKILL);
  CHECK(web.status() == "stopped");
}

TEST_CASE("create says that a hook had no process left", "[contract:errors][proa]") {
  SKIP_WITHOUT("pids");
  auto const said =
      refusal(limited({{"pids", {{"limit", 1}}}}).with("/hooks", {{"createContainer", hook()}}));
  CHECK_THAT(said, ContainsSubstring("stage hooks"));
  CHECK_THAT(said, ContainsSubstring("resource temporarily unavailable: pids.max = 1"));
}

TEST_CASE("start says that a hook had no process left", "[contract:errors][proa]") {
  SKIP_WITHOUT("pids");
  Created web(limited({{"pids", {{"limit", 1}}}}).with("/hooks", {{"startContainer", hook()}}));
  Result const result = web.start();
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("resource temporarily unavailable: pids.max = 1"));
  CHECK_FALSE(exists(state_root() + "/" + web.id()));
}

}  // namespace conformance
