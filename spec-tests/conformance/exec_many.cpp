// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Many processes at once in one container, as health checks and probes make them.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

auto open_files(std::string const& pid) {
  auto const files = std::filesystem::directory_iterator("/proc/" + pid + "/fd");
  return std::distance(begin(files), end(files));
}

}  // namespace

TEST_CASE("a thousand execs, fifty at once, leave nothing behind", "[exec]") {
  Running web(ordinary());
  std::string const init = std::to_string(web.pid());
  auto const inside = open_files(init);
  auto const ours = open_files("self");
  for (int round = 0; round < 20; ++round) {
    std::vector<Process> calls;
    for (int i = 0; i < 50; ++i) {
      auto const status = std::to_string((round * 50 + i) % 251);
      calls.emplace_back(runtime_command({"exec", web.id(), "/probe", "exit", status}));
    }
    for (int i = 0; i < 50; ++i) {
      Result const result = calls[static_cast<std::size_t>(i)].wait();
      INFO(result.err);
      REQUIRE(result.status == (round * 50 + i) % 251);
    }
  }
  CHECK(open_files("self") == ours);
  CHECK(open_files(init) == inside);
  CHECK(cgroup_members(web.cgroup()) == std::vector<pid_t>{web.pid()});
  // A process nobody has reaped would still have its number here.
  Json const names = Json::parse(proa("exec", web.id(), "/probe", "list", "/proc").out).at("names");
  CHECK(std::count_if(names.begin(), names.end(), [](std::string const& name) {
          return name.find_first_not_of("0123456789") == std::string::npos;
        }) == 2);
  CHECK(Json::parse(proa("exec", web.id(), "/probe", "report").out).at("descriptors").size() == 3);
}

}  // namespace conformance
