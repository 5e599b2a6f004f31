// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Containers of a plain user in a cgroup that was delegated to them: cgroup-v2.rst, "Delegation".
// Run by that user, as spec-tests/vm's guest does, and by name: [delegated].
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define NEEDS_A_DELEGATED_CGROUP()                                                            \
  if (geteuid() == 0 || !cgroup_directory("memory", "/")) {                                   \
    SKIP_BECAUSE("these cases are for a plain user who was given a cgroup with controllers"); \
  }

namespace conformance {
namespace {

Bundle own() { return rootless(geteuid()); }

Bundle limited(Json const& resources) { return own().with("/linux/resources", resources); }

std::string value(Container const& web, char const* file) {
  return cgroup_value("freezer", web.cgroup(), file).value_or("(not there)");
}

}  // namespace

TEST_CASE("a plain user's container is in the cgroup that was delegated",
          "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Running web(own());
  CHECK(cgroup_members(web.cgroup()) == std::vector<pid_t>{web.pid()});
  CHECK(web.cgroup().find("/user@") != std::string::npos);
}

TEST_CASE("a plain user's limits are set", "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Created web(limited({{"memory", {{"limit", 67108864}, {"swap", 67108864}}},
                       {"pids", {{"limit", 42}}},
                       {"cpu", {{"quota", 50000}, {"period", 200000}, {"cpus", "0"}}}}));
  CHECK(value(web, "memory.max") == "67108864");
  CHECK(value(web, "memory.swap.max") == "0");
  CHECK(value(web, "pids.max") == "42");
  CHECK(value(web, "cpu.max") == "50000 200000");
  CHECK(value(web, "cpuset.cpus") == "0");
}

TEST_CASE("a plain user's container that needs too much memory is killed",
          "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Created web(limited({{"memory", {{"limit", 33554432}, {"swap", 33554432}}}})
                  .doing({{"allocate", "134217728"}}));
  REQUIRE(web.start().ok());
  CHECK(web.wait() == 128 + SIGKILL);
}

TEST_CASE("a plain user's container cannot have more processes than its limit",
          "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Json const seen = inside(limited({{"pids", {{"limit", 4}}}}), {{"fork", "10"}})[0];
  CHECK(seen.at("errno") == EAGAIN);
  CHECK(seen.at("pids").size() == 3);
}

TEST_CASE("a plain user updates limits", "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Running web(limited({{"memory", {{"limit", 67108864}}}}));
  Result const result =
      proa(Words{"update", "--memory", "33554432", "--pids-limit", "7", web.id()});
  INFO(result.err);
  CHECK(result.ok());
  CHECK(value(web, "memory.max") == "33554432");
  CHECK(value(web, "pids.max") == "7");
}

TEST_CASE("a plain user pauses and resumes", "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Running web(own().doing({{"fork", "2"}, {"pause"}}));
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(web.status() == "paused");
  CHECK(value(web, "cgroup.freeze") == "1");
  REQUIRE(proa("resume", web.id()).ok());
  CHECK(web.status() == "running");
}

TEST_CASE("a plain user's exec is in the container's cgroup", "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Running web(limited({{"pids", {{"limit", 9}}}}));
  Process more(runtime_command({"exec", web.id(), "/probe", "pause"}));
  REQUIRE(more.line().has_value());
  CHECK(cgroup_members(web.cgroup()).size() == 2);
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(more.wait().status == 128 + SIGKILL);
}

TEST_CASE("a plain user sees figures", "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Running web(limited({{"memory", {{"limit", 67108864}}}, {"pids", {{"limit", 9}}}}));
  Result const result = proa("events", "--stats", web.id());
  INFO(result.err);
  REQUIRE(result.ok());
  Json const data = Json::parse(result.out).at("data");
  CHECK(data.at("memory").at("usage").at("limit") == 67108864);
  CHECK(data.at("pids") == Json{{"current", 1}, {"limit", 9}});
}

TEST_CASE("a plain user's delete removes the cgroup and those below it",
          "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  Created web(own().doing({{"exit", "0"}}));
  for (auto const& path : cgroup_directories(web.cgroup())) {
    make_directories(path + "/below/deeper");
  }
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(web.remove().ok());
  CHECK(web.left_behind().empty());
}

TEST_CASE("a plain user may not leave what was delegated", "[contract:rootless][.delegated]") {
  NEEDS_A_DELEGATED_CGROUP();
  auto const said = refusal(
      limited({{"pids", {{"limit", 9}}}}).with("/linux/cgroupsPath", "/system.slice/proa-test"));
  check_words(said, "make cgroup");
  CHECK_FALSE(exists("/sys/fs/cgroup/system.slice/proa-test"));
}

}  // namespace conformance
