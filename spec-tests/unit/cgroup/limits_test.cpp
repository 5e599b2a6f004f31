// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// linux.resources in the words of v1 and of v2.

#include "cgroup/limits.hpp"

#include "catch.hpp"
#include "hosts.hpp"

using namespace proa;
using hosts::group;
using hosts::limits;
using hosts::Refusal;
using hosts::refusal_of;
using hosts::Words;
using spec::Resources;

namespace {

Refusal config(std::string text) { return {ErrorKind::config, std::move(text)}; }
Refusal unsupported(std::string text) { return {ErrorKind::unsupported, std::move(text)}; }
std::string const accepted = "no error";

Resources with_memory(spec::Memory memory) {
  Resources resources;
  resources.memory = memory;
  return resources;
}

Resources with_cpu(spec::Cpu cpu) {
  Resources resources;
  resources.cpu = std::move(cpu);
  return resources;
}

Resources with_io(spec::BlockIo io) {
  Resources resources;
  resources.block_io = std::move(io);
  return resources;
}

Resources with_unified(std::map<std::string, std::string> files) {
  Resources resources;
  resources.unified = std::move(files);
  return resources;
}

}  // namespace

// --- what needs a controller --------------------------------------------------------------------

TEST_CASE("a limit without its controller is refused", "[spec:config-linux#control-groups][MUST]") {
  CHECK(refusal_of(with_memory({.limit = 4096}), hosts::v2({"cpu"})) ==
        unsupported("/linux/resources/memory/limit: this host has no cgroup controller memory"));
  CHECK(refusal_of(with_cpu({.cpus = "0"}), hosts::v1({"cpu,cpuacct"})) ==
        unsupported("/linux/resources/cpu/cpus: this host has no cgroup controller cpuset"));
  Resources pids;
  pids.pids.limit = 5;
  CHECK(refusal_of(pids, Host()) ==
        unsupported("/linux/resources/pids/limit: this host has no cgroup controller pids"));
}

TEST_CASE("what is empty or zero needs no controller") {
  Resources resources;
  resources.memory = {.limit = 0, .reservation = 0, .swap = 0, .kernel = 0, .kernel_tcp = 0};
  resources.memory.disable_oom_killer = false;
  resources.cpu = {.shares = 0, .quota = 0, .period = 0};
  resources.cpu.realtime_period = 0;
  resources.cpu.realtime_runtime = 0;
  resources.block_io.weight = 0;
  resources.block_io.leaf_weight = 0;
  resources.network.class_id = 0;
  CHECK(limits(resources, hosts::v2({})).empty());
  CHECK(limits(resources, Host()).empty());
  CHECK_FALSE(hosts::plan(resources, hosts::v2({})).required);
}

TEST_CASE("what is asked for first has a pointer, whatever there is for it") {
  using cgroup::first_limit;
  CHECK(first_limit({}).empty());
  CHECK(first_limit(with_memory({.limit = 0})).empty());
  CHECK(first_limit(with_memory({.limit = 1})) == "/linux/resources/memory/limit");
  CHECK(first_limit(with_unified({{"memory.max", "1"}})) == "/linux/resources/unified/memory.max");
  Resources pids;
  pids.pids.limit = 5;
  CHECK(first_limit(pids) == "/linux/resources/pids/limit");
}

// --- memory -------------------------------------------------------------------------------------

TEST_CASE("memory limits have their names in v1", "[spec:config-linux#memory]") {
  auto const memory =
      with_memory({.limit = 8192, .reservation = 4096, .swap = 12288, .swappiness = 0});
  CHECK(limits(memory, hosts::v1()) == Words{
                                           "memory.limit_in_bytes=8192",
                                           "memory.memsw.limit_in_bytes=12288",
                                           "memory.soft_limit_in_bytes=4096",
                                           "memory.swappiness=0",
                                       });
}

TEST_CASE("memory limits have their names in v2", "[spec:config-linux#memory]") {
  auto const memory = with_memory({.limit = 8192, .reservation = 4096, .swap = 12288});
  CHECK(limits(memory, hosts::v2()) ==
        Words{"memory.max=8192", "memory.swap.max=4096", "memory.low=4096"});
}

TEST_CASE("-1 is no limit of memory", "[spec:config-linux#memory]") {
  auto const memory = with_memory({.limit = -1, .reservation = -1, .swap = -1});
  CHECK(limits(memory, hosts::v1()) == Words{"memory.limit_in_bytes=-1",
                                             "memory.memsw.limit_in_bytes=-1",
                                             "memory.soft_limit_in_bytes=-1"});
  CHECK(limits(memory, hosts::v2()) ==
        Words{"memory.max=max", "memory.swap.max=max", "memory.low=max"});
}

TEST_CASE("unlimited memory is unlimited swap as well") {
  CHECK(limits(with_memory({.limit = -1}), hosts::v2()) ==
        Words{"memory.max=max", "memory.swap.max=max"});
  CHECK(limits(with_memory({.limit = 4096}), hosts::v2()) == Words{"memory.max=4096"});
}

TEST_CASE("swap is what memory and swap together leave of it") {
  struct Row {
    std::int64_t limit, swap;
    char const* text;
  };
  auto const row = GENERATE(Row{4096, 4096, "0"}, Row{4096, 8192, "4096"}, Row{4096, -1, "max"},
                            Row{-1, 8192, "8192"}, Row{-1, -1, "max"});
  CHECK(limits(with_memory({.limit = row.limit, .swap = row.swap}), hosts::v2()).at(1) ==
        std::string("memory.swap.max=") + row.text);
}

TEST_CASE("a swap limit that can't be is refused", "[spec:config-linux#memory]") {
  CHECK(refusal_of(with_memory({.limit = 8192, .swap = 4096}), hosts::v2()) ==
        config("/linux/resources/memory/swap: memory+swap limit should be >= memory limit"));
  CHECK(refusal_of(with_memory({.swap = 4096}), hosts::v1()) ==
        config("/linux/resources/memory/swap: a swap limit needs a memory limit"));
  CHECK(refusal_of(with_memory({.limit = -2}), hosts::v1()) ==
        config("/linux/resources/memory/limit: -2 is neither a limit nor -1"));
}

TEST_CASE("without accounts of swap all of it or none can be had") {
  auto const harmless = [](std::int64_t swap, Host const& host) {
    auto const plan = hosts::plan(with_memory({.limit = 4096, .swap = swap}), host);
    return plan.groups.front().writes.at(1).harmless == std::vector<int>{ENOENT};
  };
  for (auto const& host : {hosts::v1(), hosts::v2()}) {
    CHECK(harmless(-1, host));
    CHECK(harmless(4096, host));
    CHECK_FALSE(harmless(8192, host));
  }
}

TEST_CASE("what v2 has nothing alike of is refused there", "[spec:config-linux#unified][MUST]") {
  struct Row {
    spec::Memory memory;
    char const* part;
    char const* v1;
  };
  auto const row =
      GENERATE(Row{{.kernel = 4096}, "kernel", "memory.kmem.limit_in_bytes=4096"},
               Row{{.kernel_tcp = 4096}, "kernelTCP", "memory.kmem.tcp.limit_in_bytes=4096"},
               Row{{.swappiness = 60}, "swappiness", "memory.swappiness=60"},
               Row{{.disable_oom_killer = true}, "disableOOMKiller", "memory.oom_control=1"},
               Row{{.use_hierarchy = false}, "useHierarchy", "memory.use_hierarchy=0"});
  CHECK(limits(with_memory(row.memory), hosts::v1()) == Words{row.v1});
  CHECK(refusal_of(with_memory(row.memory), hosts::v2()) ==
        unsupported(std::string("/linux/resources/memory/") + row.part +
                    ": cgroup v2 has nothing alike"));
}

TEST_CASE("what v2 does anyway is accepted there") {
  CHECK(limits(with_memory({.kernel = -1, .kernel_tcp = -1, .use_hierarchy = true}), hosts::v2())
            .empty());
}

TEST_CASE("swappiness beyond 100 is refused", "[spec:config-linux#memory]") {
  CHECK(refusal_of(with_memory({.swappiness = 101}), hosts::v1()) ==
        config("/linux/resources/memory/swappiness: 101 is not between 0 and 100"));
}

// --- cpu ----------------------------------------------------------------------------------------

TEST_CASE("cpu limits have their names in v1, the burst after the quota",
          "[spec:config-linux#cpu]") {
  spec::Cpu cpu;
  cpu.shares = 512;
  cpu.quota = 50000;
  cpu.burst = 20000;
  cpu.period = 200000;
  cpu.realtime_runtime = 950;
  cpu.realtime_period = 1000;
  cpu.cpus = "0-1";
  cpu.mems = "0";
  cpu.idle = 1;
  CHECK(limits(with_cpu(cpu), hosts::v1()) ==
        Words{"cpu.shares=512", "cpu.cfs_period_us=200000", "cpu.cfs_quota_us=50000",
              "cpu.cfs_burst_us=20000", "cpu.rt_period_us=1000", "cpu.rt_runtime_us=950",
              "cpu.idle=1", "cpuset.cpus=0-1", "cpuset.mems=0"});
}

TEST_CASE("cpu limits have their names in v2, and idleness ends before the weight",
          "[spec:config-linux#cpu]") {
  spec::Cpu cpu;
  cpu.shares = 1024;
  cpu.quota = 50000;
  cpu.burst = 20000;
  cpu.period = 200000;
  cpu.cpus = "0-1";
  cpu.mems = "0";
  cpu.idle = 1;
  CHECK(limits(with_cpu(cpu), hosts::v2()) == Words{"cpu.weight=100", "cpu.max=50000 200000",
                                                    "cpu.max.burst=20000", "cpu.idle=1",
                                                    "cpuset.cpus=0-1", "cpuset.mems=0"});
  CHECK(limits(with_cpu({.shares = 1024, .idle = 0}), hosts::v2()) ==
        Words{"cpu.idle=0", "cpu.weight=100"});
}

TEST_CASE("quota and period each stand for themselves in cpu.max") {
  CHECK(limits(with_cpu({.quota = 5000}), hosts::v2()) == Words{"cpu.max=5000 100000"});
  CHECK(limits(with_cpu({.period = 50000}), hosts::v2()) == Words{"cpu.max=max 50000"});
  CHECK(limits(with_cpu({.quota = -1}), hosts::v2()) == Words{"cpu.max=max 100000"});
  CHECK(limits(with_cpu({.quota = -1}), hosts::v1()) == Words{"cpu.cfs_quota_us=-1"});
}

TEST_CASE("a burst beyond the quota is refused", "[spec:config-linux#cpu][MUST]") {
  CHECK(refusal_of(with_cpu({.quota = 1000, .burst = 1001}), hosts::v2()) ==
        config("/linux/resources/cpu/burst: a burst of 1001 is more than the quota of 1000"));
  CHECK(refusal_of(with_cpu({.quota = 1000, .burst = 1000}), hosts::v2()).text == accepted);
}

TEST_CASE("realtime limits are refused in v2", "[spec:config-linux#unified][MUST]") {
  CHECK(refusal_of(with_cpu({.realtime_runtime = 5}), hosts::v2()) ==
        unsupported("/linux/resources/cpu/realtimeRuntime: cgroup v2 has nothing alike"));
  CHECK(refusal_of(with_cpu({.realtime_period = 5}), hosts::v2()) ==
        unsupported("/linux/resources/cpu/realtimePeriod: cgroup v2 has nothing alike"));
}

TEST_CASE("shares beyond what v1 knows are refused there", "[spec:config-linux#cpu]") {
  CHECK(refusal_of(with_cpu({.shares = 1}), hosts::v1()) ==
        config("/linux/resources/cpu/shares: the minimum allowed cpu-shares is 2"));
  CHECK(refusal_of(with_cpu({.shares = 262145}), hosts::v1()) ==
        config("/linux/resources/cpu/shares: the maximum allowed cpu-shares is 262144"));
  CHECK(limits(with_cpu({.shares = 1}), hosts::v2()) == Words{"cpu.weight=1"});
}

TEST_CASE("shares become a weight on the curve through the ends and the middle") {
  using cgroup::cpu_weight;
  CHECK(cpu_weight(0) == 1);
  CHECK(cpu_weight(2) == 1);
  CHECK(cpu_weight(102) == 17);
  CHECK(cpu_weight(512) == 59);
  CHECK(cpu_weight(1024) == 100);
  CHECK(cpu_weight(2048) == 174);
  CHECK(cpu_weight(262144) == 10000);
  CHECK(cpu_weight(1'000'000) == 10000);
}

TEST_CASE("more shares are never less weight") {
  std::uint64_t last = 0;
  for (std::uint64_t shares = 0; shares < 270'000; shares += 7) {
    auto const weight = cgroup::cpu_weight(shares);
    REQUIRE(weight >= last);
    last = weight;
  }
}

TEST_CASE("values that old kernels have anyway need no file of them") {
  auto const plan = hosts::plan(with_cpu({.burst = 0, .idle = 0}), hosts::v2());
  for (auto const& write : plan.groups.at(0).writes) {
    CHECK(write.harmless == std::vector<int>{ENOENT});
  }
  auto const other = hosts::plan(with_cpu({.burst = 1, .idle = 1}), hosts::v2());
  for (auto const& write : other.groups.at(0).writes) CHECK(write.harmless.empty());
}

// --- pids ---------------------------------------------------------------------------------------

TEST_CASE("a limit of processes is set when the first one is in", "[spec:config-linux#pids]") {
  struct Row {
    std::int64_t limit;
    char const* text;
  };
  // 0 is a valid limit: one process that can make no other.
  auto const row = GENERATE(Row{100, "100"}, Row{-1, "max"}, Row{0, "1"}, Row{1, "1"});
  Resources resources;
  resources.pids.limit = row.limit;
  for (auto const& host : {hosts::v1(), hosts::v2()}) {
    auto const plan = hosts::plan(resources, host);
    auto const& pids = group(plan, host.cgroups.pure_v2() ? "" : "pids");
    CHECK(pids.writes.empty());
    CHECK(hosts::texts(pids.late_writes) == Words{std::string("pids.max=") + row.text});
  }
}

// --- block I/O ----------------------------------------------------------------------------------

TEST_CASE("block I/O limits have a file each in v1", "[spec:config-linux#block-io]") {
  spec::BlockIo io;
  io.weight = 500;
  io.leaf_weight = 300;
  io.weight_device = {{8, 0, 500, 300}, {8, 16, 600, {}}};
  io.throttle_read_bps_device = {{8, 0, 600}};
  io.throttle_write_bps_device = {{8, 0, 0}};
  io.throttle_read_iops_device = {{8, 16, 1}};
  io.throttle_write_iops_device = {{8, 16, 300}};
  CHECK(limits(with_io(io), hosts::v1()) ==
        Words{"blkio.weight=500", "blkio.leaf_weight=300", "blkio.weight_device=8:0 500",
              "blkio.leaf_weight_device=8:0 300", "blkio.weight_device=8:16 600",
              "blkio.throttle.read_bps_device=8:0 600", "blkio.throttle.write_bps_device=8:0 0",
              "blkio.throttle.read_iops_device=8:16 1",
              "blkio.throttle.write_iops_device=8:16 300"});
}

TEST_CASE("the limits of one device are one line of io.max", "[spec:config-linux#block-io]") {
  spec::BlockIo io;
  io.throttle_read_bps_device = {{8, 0, 600}, {8, 16, 700}};
  io.throttle_write_bps_device = {{8, 0, 0}};
  io.throttle_read_iops_device = {{8, 16, 1}};
  io.throttle_write_iops_device = {{8, 160, 300}};
  CHECK(limits(with_io(io), hosts::v2()) == Words{"io.max=8:0 rbps=600 wbps=max",
                                                  "io.max=8:16 rbps=700 riops=1",
                                                  "io.max=8:160 wiops=300"});
}

TEST_CASE("a weight is the scheduler's own, or converted for io.cost") {
  spec::BlockIo io;
  io.weight = 750;
  io.weight_device = {{8, 0, 1000, {}}};
  auto const plan = hosts::plan(with_io(io), hosts::v2());
  auto const& writes = plan.groups.at(0).writes;
  CHECK(hosts::texts(writes) == Words{"io.bfq.weight=750", "io.bfq.weight=8:0 1000"});
  REQUIRE(writes[0].substitute);
  CHECK(writes[0].substitute->file == "io.weight");
  CHECK(writes[0].substitute->value == "7475");
  CHECK(writes[1].substitute->value == "8:0 10000");
}

TEST_CASE("BFQ has file names of its own in v1") {
  spec::BlockIo io;
  io.weight = 750;
  io.weight_device = {{8, 0, 1000, {}}};
  auto const plan = hosts::plan(with_io(io), hosts::v1());
  auto const& writes = group(plan, "blkio").writes;
  CHECK(writes.at(0).substitute->file == "blkio.bfq.weight");
  CHECK(writes.at(1).substitute->file == "blkio.bfq.weight_device");
  CHECK(writes.at(1).substitute->value == "8:0 1000");
}

TEST_CASE("block I/O weights are converted linearly") {
  CHECK(cgroup::io_weight(1) == 1);
  CHECK(cgroup::io_weight(10) == 1);
  CHECK(cgroup::io_weight(500) == 4950);
  CHECK(cgroup::io_weight(1000) == 10000);
}

TEST_CASE("leaf weights are refused in v2", "[spec:config-linux#unified][MUST]") {
  CHECK(refusal_of(with_io({.leaf_weight = 10}), hosts::v2()).kind == ErrorKind::unsupported);
  spec::BlockIo io;
  io.weight_device = {{8, 0, {}, 300}};
  CHECK(refusal_of(with_io(io), hosts::v2()) ==
        unsupported("/linux/resources/blockIO/weightDevice/0/leafWeight: cgroup v2 has nothing "
                    "alike"));
}

TEST_CASE("a device with neither weight is refused", "[spec:config-linux#block-io][MUST]") {
  spec::BlockIo io;
  io.weight_device = {{8, 0, {}, {}}};
  CHECK(refusal_of(with_io(io), hosts::v1()) ==
        config("/linux/resources/blockIO/weightDevice/0: neither weight nor leafWeight is given"));
}

// --- hugetlb, network, rdma ---------------------------------------------------------------------

TEST_CASE("huge pages are limited when reserved, and when used",
          "[spec:config-linux#huge-page-limits]") {
  Resources resources;
  resources.hugepage_limits = {{"2MB", 4194304}};
  CHECK(limits(resources, hosts::v1()) ==
        Words{"hugetlb.2MB.rsvd.limit_in_bytes=4194304", "hugetlb.2MB.limit_in_bytes=4194304"});
  auto const plan = hosts::plan(resources, hosts::v2());
  auto const& writes = plan.groups.at(0).writes;
  CHECK(hosts::texts(writes) == Words{"hugetlb.2MB.rsvd.max=4194304", "hugetlb.2MB.max=4194304"});
  CHECK(writes[0].harmless == std::vector<int>{ENOENT});
  CHECK(writes[1].harmless.empty());
}

TEST_CASE("a page size that is no file name is refused", "[spec:config-linux#huge-page-limits]") {
  for (auto const* size : {"", "2MB/../x"}) {
    Resources resources;
    resources.hugepage_limits = {{size, 1}};
    CHECK(refusal_of(resources, hosts::v2()).kind == ErrorKind::config);
  }
}

TEST_CASE("network classes and priorities are of v1", "[spec:config-linux#network]") {
  Resources resources;
  resources.network.class_id = 1048577;
  resources.network.priorities = {{"eth0", 500}, {"lo", 0}};
  CHECK(limits(resources, hosts::v1()) ==
        Words{"net_cls.classid=1048577", "net_prio.ifpriomap=eth0 500", "net_prio.ifpriomap=lo 0"});
  CHECK(
      refusal_of(resources, hosts::v2()) ==
      unsupported("/linux/resources/network/classID: this host has no cgroup controller net_cls"));
}

TEST_CASE("rdma limits have one line a device", "[spec:config-linux#rdma]") {
  Resources resources;
  resources.rdma = {{"mlx4_0", {{}, 1000}}, {"mlx5_1", {3, 10000}}};
  auto const lines =
      Words{"rdma.max=mlx4_0 hca_object=1000", "rdma.max=mlx5_1 hca_handle=3 hca_object=10000"};
  CHECK(limits(resources, hosts::v1()) == lines);
  CHECK(limits(resources, hosts::v2()) == lines);
}

TEST_CASE("an rdma device without limits is refused", "[spec:config-linux#rdma][MUST]") {
  Resources resources;
  resources.rdma = {{"a/b~c", {}}};
  CHECK(refusal_of(resources, hosts::v2()) ==
        config("/linux/resources/rdma/a~1b~0c: neither hcaHandles nor hcaObjects is given"));
}

// --- unified ------------------------------------------------------------------------------------

TEST_CASE("unified has the last word", "[spec:config-linux#unified][MUST]") {
  auto resources = with_unified({{"memory.max", "4096"}, {"cpu.weight", "42"}});
  resources.memory.limit = 8192;
  CHECK(limits(resources, hosts::v2()) ==
        Words{"memory.max=8192", "cpu.weight=42", "memory.max=4096"});
}

TEST_CASE("unified has the last word of the number of processes too, as late as pids.limit",
          "[spec:config-linux#unified][MUST]") {
  auto resources = with_unified({{"pids.max", "1"}});
  resources.pids.limit = 100;
  auto const plan = hosts::plan(resources, hosts::v2());
  auto const& pids = plan.groups.at(0);
  CHECK(pids.writes.empty());
  CHECK(hosts::texts(pids.late_writes) == Words{"pids.max=100", "pids.max=1"});
  CHECK(pids.needed == Words{"pids"});
}

TEST_CASE("files that nobody knows are written all the same", "[spec:config-linux#unified][MUST]") {
  CHECK(limits(with_unified({{"memory.of.the.future", "x y"}}), hosts::v2()) ==
        Words{"memory.of.the.future=x y"});
}

TEST_CASE("unified takes the v2 controllers of a hybrid host") {
  auto const plan = hosts::plan(with_unified({{"hugetlb.2MB.max", "0"}}), hosts::hybrid());
  CHECK(hosts::texts(group(plan, "unified").writes) == Words{"hugetlb.2MB.max=0"});
}

TEST_CASE("a value of several lines is several writes") {
  CHECK(limits(with_unified({{"io.max", "8:0 rbps=1\n8:16 wbps=2\n"}}), hosts::v2()) ==
        Words{"io.max=8:0 rbps=1", "io.max=8:16 wbps=2"});
}

TEST_CASE("unified without the controller is refused", "[spec:config-linux#unified][MUST]") {
  auto const memory = with_unified({{"memory.min", "131072"}});
  auto const text =
      "invalid configuration: /linux/resources/unified/memory.min: this host has no cgroup v2 "
      "controller memory";
  CHECK(refusal_of(memory, hosts::v1()) == unsupported(text));
  CHECK(refusal_of(memory, hosts::hybrid()) == unsupported(text));
  CHECK(refusal_of(memory, hosts::v2({"cpu"})) == unsupported(text));
}

TEST_CASE("a key of unified that is no file of a controller is refused") {
  for (auto const* key : {"memory", ".max", "memory.max/../x", "/etc/passwd"}) {
    CHECK(refusal_of(with_unified({{key, "1"}}), hosts::v2()).kind == ErrorKind::config);
  }
}
