// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The table controller -> v1 directory | v2 directory | absent, for every way to fill it: each
// limit goes to the hierarchy that has its controller, in that hierarchy's words, or is refused.

#include <array>

#include "catch.hpp"
#include "hosts.hpp"

using namespace proa;
using hosts::Words;

namespace {

enum class Place { v1, v2, absent };
constexpr Place places[] = {Place::v1, Place::v2, Place::absent};

/// A controller, one limit of it, and what is written for that.
struct Row {
  char const* v1_controller;
  char const* v2_controller;
  void (*ask)(spec::Resources&);
  char const* v1_write;
  char const* v2_write;
  char const* pointer;
};

constexpr Row rows[] = {
    {"memory", "memory", [](auto& resources) { resources.memory.limit = 4096; },
     "memory.limit_in_bytes=4096", "memory.max=4096", "/linux/resources/memory/limit"},
    {"cpu", "cpu", [](auto& resources) { resources.cpu.shares = 1024; }, "cpu.shares=1024",
     "cpu.weight=100", "/linux/resources/cpu/shares"},
    {"cpuset", "cpuset", [](auto& resources) { resources.cpu.cpus = "0"; }, "cpuset.cpus=0",
     "cpuset.cpus=0", "/linux/resources/cpu/cpus"},
    {"pids", "pids", [](auto& resources) { resources.pids.limit = 7; }, "pids.max=7", "pids.max=7",
     "/linux/resources/pids/limit"},
    {"blkio", "io",
     [](auto& resources) {
       resources.block_io.throttle_read_bps_device = {{8, 0, 9}};
     },
     "blkio.throttle.read_bps_device=8:0 9", "io.max=8:0 rbps=9",
     "/linux/resources/blockIO/throttleReadBpsDevice/0/rate"},
    {"rdma", "rdma", [](auto& resources) { resources.rdma["mlx"].hca_handles = 3; },
     "rdma.max=mlx hca_handle=3", "rdma.max=mlx hca_handle=3", "/linux/resources/rdma/mlx"},
};
constexpr std::size_t row_count = std::size(rows);

using Split = std::array<Place, row_count>;

std::vector<Split> all_splits() {
  std::vector<Split> splits(1);
  for (std::size_t row = 0; row < row_count; ++row) {
    std::vector<Split> longer;
    for (auto split : splits) {
      for (auto const place : places) {
        split[row] = place;
        longer.push_back(split);
      }
    }
    splits = std::move(longer);
  }
  return splits;
}

Host host_of(Split const& split) {
  Words v1{"systemd"}, v2;
  for (std::size_t row = 0; row < row_count; ++row) {
    if (split[row] == Place::v1) v1.emplace_back(rows[row].v1_controller);
    if (split[row] == Place::v2) v2.emplace_back(rows[row].v2_controller);
  }
  auto host = hosts::v1(v1);
  host.cgroups.hierarchies.push_back({true, "unified", "/sys/fs/cgroup/unified", "/", v2});
  return host;
}

Words writes_of(cgroup::Group const& group) {
  auto texts = hosts::texts(group.writes);
  for (auto const& text : hosts::texts(group.late_writes)) texts.push_back(text);
  return texts;
}

}  // namespace

TEST_CASE("in every split of the controllers a limit goes where its controller is",
          "[spec:config-linux#control-groups]") {
  for (auto const& split : all_splits()) {
    auto const host = host_of(split);
    for (std::size_t row = 0; row < row_count; ++row) {
      auto const& [v1_name, v2_name, ask, v1_write, v2_write, pointer] = rows[row];
      spec::Resources resources;
      ask(resources);
      if (split[row] == Place::absent) {
        auto const refused = hosts::refusal_of(resources, host);
        REQUIRE(refused.kind == ErrorKind::unsupported);
        REQUIRE(refused.text.find(pointer) != std::string::npos);
        continue;
      }
      auto const plan = hosts::plan(resources, host);
      bool const v1 = split[row] == Place::v1;
      auto const& group = hosts::group(plan, v1 ? v1_name : "unified");
      REQUIRE(writes_of(group) == Words{v1 ? v1_write : v2_write});
      REQUIRE(hosts::limits(plan).size() == 1);
      REQUIRE(group.need == cgroup::Need::limits);
      // The v2 hierarchy of a split host has a controller only for those who ask for it.
      REQUIRE(plan.groups.back().wanted == (v1 ? Words{} : Words{v2_name}));
    }
  }
}

TEST_CASE("in every split of the controllers all limits together are those of each alone",
          "[spec:config-linux#control-groups]") {
  for (auto const& split : all_splits()) {
    spec::Resources resources;
    std::size_t asked = 0;
    for (std::size_t row = 0; row < row_count; ++row) {
      if (split[row] == Place::absent) continue;
      rows[row].ask(resources);
      ++asked;
    }
    auto const plan = hosts::plan(resources, host_of(split));
    REQUIRE(hosts::limits(plan).size() == asked);
    REQUIRE(plan.required == (asked > 0));
  }
}
