// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Other limits for groups that are plain directories: what is written, and what is put back.  A
// plain file is not cut by a write, so that old and new values have the same length here.

#include "cgroup/update.hpp"

#include "catch.hpp"
#include "fake_tree.hpp"
#include "hosts.hpp"

using namespace proa;
using cgroup::former_value;
using hosts::refusal;

namespace {

struct V2 : fake::Group {
  V2() : Group(true, {"cpu", "cpuset", "memory", "pids", "hugetlb", "io"}) {
    file("memory.max", "1000000\n").file("memory.swap.max", "1000000\n");
    file("cpu.max", "50000 200000\n").file("cpu.weight", "100\n").file("pids.max", "100\n");
    file("memory.current", "400000\n").file("memory.swap.current", "100000\n");
  }
};

spec::Resources memory(std::int64_t limit) {
  spec::Resources resources;
  resources.memory.limit = limit;
  return resources;
}

}  // namespace

TEST_CASE("an update writes what was given and nothing else", "[update]") {
  V2 web;
  auto resources = memory(2000000);
  resources.pids.limit = 200;
  cgroup::update({web.record()}, resources);
  CHECK(web.text("memory.max") == "2000000");
  CHECK(web.text("pids.max") == "200");
  CHECK(web.text("memory.swap.max") == "1000000");
  CHECK(web.text("cpu.max") == "50000 200000");
}

TEST_CASE("each controller's limits go to the group that has it", "[update]") {
  fake::Group memory_group(false, {"memory"});
  fake::Group pids(false, {"pids"});
  memory_group.file("memory.limit_in_bytes", "1000000");
  pids.file("pids.max", "100");
  auto resources = memory(2000000);
  resources.pids.limit = 200;
  cgroup::update({memory_group.record(), pids.record()}, resources);
  CHECK(memory_group.text("memory.limit_in_bytes") == "2000000");
  CHECK(pids.text("pids.max") == "200");
}

TEST_CASE("when one limit is refused, those before it are put back", "[update]") {
  V2 web;
  web.directory("hugetlb.2MB.max");
  auto resources = memory(2000000);
  resources.cpu.shares = 2048;  // a weight of three digits
  resources.hugepage_limits = {{"2MB", 0}};
  CHECK_THAT(refusal([&] { cgroup::update({web.record()}, resources); }).text,
             ContainsSubstring("hugetlb.2MB.max"));
  CHECK(web.text("memory.max") == "1000000");
  CHECK(web.text("cpu.weight") == "100");
}

TEST_CASE("when a group refuses, the groups before it are put back", "[update]") {
  fake::Group memory_group(false, {"memory"});
  fake::Group pids(false, {"pids"});
  memory_group.file("memory.limit_in_bytes", "1000000");
  auto resources = memory(2000000);
  resources.pids.limit = 200;
  auto const said = refusal([&] {
    cgroup::update({memory_group.record(), pids.record()}, resources);
  });
  CHECK(said.kind == ErrorKind::unsupported);
  CHECK(said.text == "/linux/resources/pids/limit: this kernel has no pids.max");
  CHECK(memory_group.text("memory.limit_in_bytes") == "1000000");
}

TEST_CASE("what is empty needs no controller", "[contract:update]") {
  spec::Resources resources;
  resources.memory.disable_oom_killer = false;
  resources.memory.limit = 0;
  resources.block_io.weight = 0;
  resources.devices = {{false, spec::DeviceRuleType::all, {}, {}, "rwm"}};
  cgroup::update({}, resources);
}

TEST_CASE("a container without a cgroup has no limits to change", "[update]") {
  CHECK(refusal([] { cgroup::update({}, memory(1)); }) ==
        hosts::Refusal{ErrorKind::unsupported,
                       "/linux/resources/memory/limit: the container is in no cgroup of its own"});
  spec::Resources resources;
  resources.unified = {{"memory.max", "1"}};
  CHECK(refusal([&] { cgroup::update({}, resources); }).text ==
        "/linux/resources/unified/memory.max: the container is in no cgroup of its own");
}

TEST_CASE("a quota alone keeps the period of v2, and the other way round", "[update]") {
  V2 web;
  spec::Resources resources;
  resources.cpu.quota = 70000;
  cgroup::update({web.record()}, resources);
  CHECK(web.text("cpu.max") == "70000 200000");
  resources.cpu = {};
  resources.cpu.period = 300000;
  cgroup::update({web.record()}, resources);
  CHECK(web.text("cpu.max") == "70000 300000");
}

TEST_CASE("a swap limit alone is held against the memory limit of v2", "[update]") {
  V2 web;
  spec::Resources resources;
  resources.memory.swap = 3500000;
  cgroup::update({web.record()}, resources);
  CHECK(web.text("memory.swap.max") == "2500000");
  CHECK(web.text("memory.max") == "1000000");
  resources.memory.swap = 900000;
  CHECK_THAT(refusal([&] { cgroup::update({web.record()}, resources); }).text,
             ContainsSubstring("memory+swap limit should be >= memory limit"));
}

TEST_CASE("a swap limit alone is held against the memory limit of v1", "[update]") {
  fake::Group web(false, {"memory"});
  web.file("memory.limit_in_bytes", "1000000\n").file("memory.memsw.limit_in_bytes", "2000000\n");
  spec::Resources resources;
  resources.memory.swap = 3500000;
  cgroup::update({web.record()}, resources);
  CHECK(web.text("memory.memsw.limit_in_bytes") == "3500000");
  CHECK(web.text("memory.limit_in_bytes") == "1000000");
  resources.memory.swap = 900000;
  CHECK_THAT(refusal([&] { cgroup::update({web.record()}, resources); }).text,
             ContainsSubstring("memory+swap limit should be >= memory limit"));
}

TEST_CASE("checkBeforeUpdate looks at what is asked for alone", "[spec:config-linux#memory]") {
  V2 web;
  web.file("memory.current", "1000000\n");  // all that there may be
  spec::Resources resources;
  resources.memory.swap = 3500000;
  resources.memory.check_before_update = true;
  cgroup::update({web.record()}, resources);
  CHECK(web.text("memory.swap.max") == "2500000");
}

TEST_CASE("checkBeforeUpdate refuses what is used up already", "[spec:config-linux#memory][MUST]") {
  V2 web;
  auto resources = memory(400000);
  resources.memory.check_before_update = true;
  CHECK(refusal([&] { cgroup::update({web.record()}, resources); }).text ==
        "rejecting memory limit 400000: 400000 bytes are in use");
  resources.memory.limit = 450000;
  resources.memory.swap = 490000;
  CHECK(refusal([&] { cgroup::update({web.record()}, resources); }).text ==
        "rejecting memory+swap limit 490000: 500000 bytes are in use");
  CHECK(web.text("memory.max") == "1000000");
}

TEST_CASE("files with one value had that value", "[update]") {
  CHECK(former_value("memory.max", "5", "max\n") == "max");
  CHECK(former_value("cpu.max", "10000 20000", "max 100000\n") == "max 100000");
  CHECK(former_value("cpuset.cpus", "0", "\n") == "\n");
}

TEST_CASE("of files with a line for each device the line counts", "[update]") {
  auto const io_max = "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2\n";
  CHECK(former_value("io.max", "8:0 wbps=7", io_max) == "8:0 rbps=1 wbps=max riops=max wiops=max");
  CHECK(former_value("io.max", "8:1 wbps=7", io_max) ==
        "8:1 rbps=max wbps=max riops=max wiops=max");
  CHECK(former_value("blkio.throttle.read_bps_device", "8:0 7", "") == "8:0 0");
  CHECK(former_value("rdma.max", "mlx hca_handle=2", "") == "mlx hca_handle=max hca_object=max");
}

TEST_CASE("a weight is the default, or that of a device", "[update]") {
  CHECK(former_value("io.weight", "500", "default 100\n8:0 50\n") == "default 100");
  CHECK(former_value("io.weight", "8:0 500", "default 100\n8:0 50\n") == "8:0 50");
  CHECK(former_value("io.weight", "8:9 500", "default 100\n8:0 50\n") == "8:9 default");
}

TEST_CASE("memory.oom_control is written as a number", "[update]") {
  CHECK(former_value("memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\n") == "0");
}
