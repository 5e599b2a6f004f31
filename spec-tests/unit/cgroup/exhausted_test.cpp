// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Which limit is to blame, from trees of ordinary files.

#include "cgroup/exhausted.hpp"

#include "catch.hpp"
#include "fake_tree.hpp"

using namespace proa;
using cgroup::oom_killer;
using cgroup::refused_fork;

TEST_CASE("a killer that has been here names its limit", "[exhausted]") {
  fake::Group v2(true, {"memory", "pids"});
  v2.file("memory.events", "low 0\noom 3\noom_kill 1\n").file("memory.max", "65536\n");
  CHECK(oom_killer({v2.record()}) == "memory.max = 65536");
  fake::Group v1(false, {"memory"});
  v1.file("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
      .file("memory.limit_in_bytes", "4096\n");
  CHECK(oom_killer({v1.record()}) == "memory.limit_in_bytes = 4096");
}

TEST_CASE("without a kill nobody is to blame", "[exhausted]") {
  fake::Group group(true, {"memory", "pids"});
  CHECK(oom_killer({group.record()}).empty());
  group.file("memory.events", "oom 3\noom_kill 0\n").file("memory.max", "65536\n");
  CHECK(oom_killer({group.record()}).empty());
  CHECK(oom_killer({}).empty());
}

TEST_CASE("the limit of the hierarchy that has the controller is named", "[exhausted]") {
  fake::Group memory(false, {"memory"});
  memory.file("memory.oom_control", "oom_kill 1\n").file("memory.limit_in_bytes", "8192\n");
  fake::Group unified(true, {"hugetlb"});
  unified.file("memory.events", "oom_kill 1\n").file("memory.max", "1\n");
  CHECK(oom_killer({memory.record(), unified.record()}) == "memory.limit_in_bytes = 8192");
}

TEST_CASE("a fork that was refused names the limit of processes", "[exhausted]") {
  for (bool const v2 : {false, true}) {
    fake::Group group(v2, {"pids"});
    group.file("pids.events", "max 0\n").file("pids.max", "1\n");
    CHECK(refused_fork({group.record()}).empty());
    group.file("pids.events", "max 4\n");
    CHECK(refused_fork({group.record()}) == "pids.max = 1");
  }
}
