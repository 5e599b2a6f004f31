// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `events`: figures of a running container, in runc's keys, and its want of memory.
#include <algorithm>
#include <csignal>
#include <sstream>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define SKIP_WITHOUT(controller)                                                         \
  if (!cgroup_directory(controller, "/")) {                                              \
    SKIP_BECAUSE("this cgroup world has no " + std::string(controller) + " controller"); \
  }

// crun has no such command.
#define SKIP_WITHOUT_EVENTS()                           \
  if (!proa("events", "--help").ok()) {                 \
    SKIP_BECAUSE("this runtime has no command events"); \
  }

namespace conformance {
namespace {

Json figures(Container const& web) {
  Result const result = proa("events", "--stats", web.id());
  INFO(result.err);
  REQUIRE(result.ok());
  Json const event = Json::parse(result.out);
  CHECK(event.at("type") == "stats");
  CHECK(event.at("id") == web.id());
  return event.at("data");
}

std::vector<std::string> types_in(std::string const& output) {
  std::vector<std::string> types;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    types.push_back(Json::parse(line).at("type"));
  }
  return types;
}

/// With version 1, runc's events ends only when the container's cgroups do.
void remove_for_others(Container& web) {
  if (!is_proa()) web.remove();
}

}  // namespace

TEST_CASE("events --stats prints one line with every group of figures", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  Running web(ordinary());
  Result const result = proa("events", "--stats", web.id());
  CHECK(result.ok());
  CHECK(result.out.find("{\"type\":\"stats\",\"id\":\"" + web.id() + "\",") == 0);
  CHECK(result.out.find('\n') == result.out.size() - 1);
  Json const data = figures(web);
  for (char const* group : {"cpu", "cpuset", "memory", "pids", "blkio", "hugetlb"}) {
    CAPTURE(group);
    CHECK(data.at(group).is_object());
  }
}

TEST_CASE("events --stats has the CPU time in nanoseconds", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  if (!cgroup_directory("cpuacct", "/") && world() != World::v2) {
    SKIP_BECAUSE("this cgroup world keeps no account of CPU time");
  }
  Running web(ordinary());
  // A program that has started has used some, and less than this case's deadline.
  auto const total = figures(web).at("cpu").at("usage").at("total").get<std::uint64_t>();
  CHECK(total > 100'000);
  CHECK(total < 60'000'000'000);
}

TEST_CASE("events --stats has memory and its limit in bytes", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  SKIP_WITHOUT("memory");
  Running web(ordinary().with("/linux/resources", {{"memory", {{"limit", 67108864}}}}));
  Json const memory = figures(web).at("memory");
  CHECK(memory.at("usage").at("limit") == 67108864);
  CHECK(memory.at("usage").at("usage") > 4096);
  CHECK(memory.at("usage").at("usage") < 67108864);
  CHECK(memory.at("raw").size() > 10);
}

TEST_CASE("events --stats counts tasks", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  SKIP_WITHOUT("pids");
  Running web(ordinary()
                  .with("/linux/resources", {{"pids", {{"limit", 42}}}})
                  .doing({{"fork", "2"}, {"pause"}}));
  CHECK(figures(web).at("pids") == Json{{"current", 3}, {"limit", 42}});
}

TEST_CASE("events --stats has the huge pages of each size", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  SKIP_WITHOUT("hugetlb");
  // In a hybrid world the controller is had only by those who ask for it.
  Json const limit = Json::array({{{"pageSize", "2MB"}, {"limit", 4194304}}});
  Running web(ordinary().with("/linux/resources", {{"hugepageLimits", limit}}));
  CHECK(figures(web).at("hugetlb").at("2MB").at("failcnt") == 0);
}

TEST_CASE("events --stats has the pressure of version 2", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  if (world() != World::v2) SKIP_BECAUSE("this cgroup world is not version 2 alone");
  Running web(ordinary());
  auto const directory = cgroup_directories(web.cgroup()).front();
  if (!read_text(directory + "/cpu.pressure")) SKIP_BECAUSE("this kernel accounts no pressure");
  Json const pressure = figures(web).at("cpu").at("psi");
  CHECK(pressure.at("some").at("avg10").is_number());
  CHECK(pressure.at("full").at("total").is_number());
}

TEST_CASE("events prints figures from time to time until the container ends", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  Running web(ordinary());
  Process events(runtime_command({"events", "--interval", "20ms", web.id()}));
  for (int turn = 0; turn < 3; ++turn) {
    auto const line = events.line();
    REQUIRE(line.has_value());
    CHECK(Json::parse(*line).at("type") == "stats");
  }
  web.kill("KILL");
  web.wait();
  remove_for_others(web);
  CHECK(events.wait().status == 0);
}

TEST_CASE("events tells of a container that runs out of memory", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  SKIP_WITHOUT("memory");
  Json const memory = {{"memory", {{"limit", 33554432}, {"swap", 33554432}}}};
  Created web(ordinary().with("/linux/resources", memory).doing({{"allocate", "134217728"}}));
  Process events(runtime_command({"events", "--interval", "20ms", web.id()}));
  REQUIRE(events.line().has_value());  // now it watches
  REQUIRE(web.start().ok());
  CHECK(web.wait() == 128 + SIGKILL);
  remove_for_others(web);
  auto const types = types_in(events.rest());
  CHECK(std::find(types.begin(), types.end(), "oom") != types.end());
}

TEST_CASE("events of a container that has stopped is an error", "[contract:events]") {
  SKIP_WITHOUT_EVENTS();
  Running web(ordinary());
  web.kill("KILL");
  web.wait();
  for (auto const& words : {Words{"events", "--stats", web.id()}, Words{"events", web.id()}}) {
    Result const result = proa(words);
    CHECK(result.status == 1);
    CHECK_THAT(result.error(), ContainsSubstring("not running"));
  }
}

TEST_CASE("an interval is a time, and not 0", "[contract:events][proa]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes have words of their own");
  Running web(ordinary());
  CHECK_THAT(proa("events", "--interval", "often", web.id()).error(),
             ContainsSubstring("invalid value \"often\" of --interval"));
  CHECK_THAT(proa("events", "--interval", "0s", web.id()).error(),
             ContainsSubstring("duration interval must be greater than 0"));
}

}  // namespace conformance
