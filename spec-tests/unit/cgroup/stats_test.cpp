// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Figures from groups that are plain directories, with texts as kernels write them.

#include "cgroup/stats.hpp"

#include "catch.hpp"
#include "cgroup/files.hpp"
#include "fake_tree.hpp"

using namespace proa;
using Numbers = std::vector<std::uint64_t>;

namespace {

constexpr auto unlimited = ~std::uint64_t{0};

struct V2 : fake::Group {
  V2() : Group(true, {"cpu", "memory", "pids", "io", "hugetlb"}) {
    file("cpu.stat",
         "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 7\nnr_throttled 2\n"
         "throttled_usec 40\n");
    file("memory.current", "8192\n").file("memory.max", "max\n").file("memory.peak", "9000\n");
    file("memory.swap.current", "4096\n").file("memory.swap.max", "100\n");
    file("memory.stat", "anon 4096\nfile 2048\n");
    file("pids.current", "3\n").file("pids.max", "42\n");
    file("io.stat", "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:0 \n");
    file("hugetlb.2MB.events", "max 5\n").file("hugetlb.2MB.current", "2097152\n");
    file("hugetlb.2MB.rsvd.current", "4194304\n");
    file("cpu.pressure",
         "some avg10=1.50 avg60=0.05 avg300=0.00 total=123\n"
         "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
  }
  Stats stats() const { return cgroup::stats({record()}); }
};

Stats stats_of(fake::Group const& group) { return cgroup::stats({group.record()}); }

}  // namespace

TEST_CASE("CPU times of v2 are microseconds, and come out as nanoseconds", "[stats]") {
  auto const cpu = V2().stats().cpu;
  CHECK(cpu.usage.total == 5000000);
  CHECK(cpu.usage.user == 3000000);
  CHECK(cpu.usage.kernel == 2000000);
  CHECK(cpu.throttling.periods == 7);
  CHECK(cpu.throttling.throttled_periods == 2);
  CHECK(cpu.throttling.throttled_time == 40000);
}

TEST_CASE("cpu.stat of v2 is there without the controller", "[stats]") {
  fake::Group web(true, {"hugetlb"});
  web.file("cpu.stat", "usage_usec 5\n");
  CHECK(stats_of(web).cpu.usage.total == 5000);
}

TEST_CASE("pressure has per cents and microseconds", "[stats]") {
  auto const pressure = V2().stats().cpu.pressure;
  REQUIRE(pressure.has_value());
  CHECK(pressure->some.avg10 == 1.5);
  CHECK(pressure->some.avg60 == 0.05);
  CHECK(pressure->some.total == 123);
  CHECK(pressure->full.total == 7);
  CHECK_FALSE(V2().stats().memory.pressure.has_value());
}

TEST_CASE("swap of v2 is told as memory and swap together", "[stats]") {
  V2 web;
  auto memory = web.stats().memory;
  REQUIRE(memory.usage.has_value());
  CHECK(memory.usage->limit == unlimited);
  CHECK(memory.usage->max == 9000);
  REQUIRE(memory.swap.has_value());
  CHECK(memory.swap->usage == 8192 + 4096);
  CHECK(memory.swap->limit == unlimited);
  CHECK(memory.cache == 2048);
  CHECK_FALSE(memory.kernel.has_value());
  web.file("memory.max", "1000\n");
  CHECK(web.stats().memory.swap->limit == 1100);
}

TEST_CASE("a limit of tasks that is not set is 0", "[stats]") {
  V2 web;
  CHECK(web.stats().pids.current == 3);
  CHECK(web.stats().pids.limit == 42);
  web.file("pids.max", "max\n");
  CHECK(web.stats().pids.limit == 0);
}

TEST_CASE("io.stat is told in the words of v1", "[stats]") {
  auto const io = V2().stats().block_io;
  REQUIRE(io.service_bytes.size() == 2);
  CHECK(io.service_bytes[0].op == "Read");
  CHECK(io.service_bytes[0].major == 8);
  CHECK(io.service_bytes[0].minor == 16);
  CHECK(io.service_bytes[1].value == 2);
  REQUIRE(io.serviced.size() == 2);
  CHECK(io.serviced[1].op == "Write");
  CHECK(io.serviced[1].value == 4);
}

TEST_CASE("huge pages are those reserved where the kernel tells them", "[stats]") {
  auto const stats = V2().stats();
  REQUIRE(stats.hugetlb.count("2MB") == 1);
  CHECK(stats.hugetlb.size() == 1);
  CHECK(stats.hugetlb.at("2MB").usage == 4194304);
  CHECK(stats.hugetlb.at("2MB").failcnt == 5);
}

TEST_CASE("cpuacct of v1 has ticks, nanoseconds and each CPU", "[stats]") {
  fake::Group web(false, {"cpuacct"});
  web.file("cpuacct.usage", "777\n").file("cpuacct.stat", "user 2\nsystem 3\n");
  web.file("cpuacct.usage_percpu", "5 6 \n");
  web.file("cpuacct.usage_all", "cpu user system\n0 1 2\n1 3 4\n");
  auto const usage = stats_of(web).cpu.usage;
  CHECK(usage.total == 777);
  CHECK(usage.user == 20000000);
  CHECK(usage.kernel == 30000000);
  CHECK(usage.percpu == Numbers{5, 6});
  CHECK(usage.percpu_user == Numbers{1, 3});
  CHECK(usage.percpu_kernel == Numbers{2, 4});
}

TEST_CASE("memory of v1 has four accounts, as far as the kernel keeps them", "[stats]") {
  fake::Group web(false, {"memory"});
  web.file("memory.usage_in_bytes", "10\n").file("memory.limit_in_bytes", "20\n");
  web.file("memory.max_usage_in_bytes", "15\n").file("memory.failcnt", "1\n");
  web.file("memory.memsw.usage_in_bytes", "30\n").file("memory.stat", "cache 4\nrss 5\n");
  auto const memory = stats_of(web).memory;
  REQUIRE(memory.usage.has_value());
  CHECK(memory.usage->usage == 10);
  CHECK(memory.usage->limit == 20);
  CHECK(memory.usage->max == 15);
  CHECK(memory.usage->failcnt == 1);
  CHECK(memory.swap->usage == 30);
  CHECK_FALSE(memory.kernel.has_value());
  CHECK(memory.cache == 4);
  CHECK(memory.raw.at("rss") == 5);
}

TEST_CASE("blkio of v1 counts where the scheduler does, else in the throttling layer", "[stats]") {
  fake::Group web(false, {"blkio"});
  web.file("blkio.throttle.io_serviced_recursive", "8:0 Read 3\n8:0 Total 3\nTotal 3\n");
  auto io = stats_of(web).block_io;
  REQUIRE(io.serviced.size() == 2);
  CHECK(io.serviced[0].op == "Read");
  web.file("blkio.bfq.io_serviced_recursive", "8:0 Write 9\n");
  io = stats_of(web).block_io;
  REQUIRE(io.serviced.size() == 1);
  CHECK(io.serviced[0].value == 9);
}

TEST_CASE("a cpuset of v1 is a list of numbers", "[stats]") {
  fake::Group web(false, {"cpuset"});
  web.file("cpuset.cpus", "0-2,7\n").file("cpuset.mems", "0\n");
  web.file("cpuset.sched_load_balance", "1\n").file("cpuset.sched_relax_domain_level", "-1\n");
  auto const set = stats_of(web).cpuset;
  CHECK(set.cpus == std::vector<std::uint32_t>{0, 1, 2, 7});
  CHECK(set.mems == std::vector<std::uint32_t>{0});
  CHECK(set.sched_load_balance == 1);
  CHECK(set.sched_relax_domain_level == -1);
}

TEST_CASE("without groups all figures are zero", "[stats]") {
  auto const stats = cgroup::stats({});
  CHECK(stats.cpu.usage.total == 0);
  CHECK_FALSE(stats.memory.usage.has_value());
  CHECK(cgroup::stats({{"/nowhere", true, true, {"memory"}}}).memory.raw.empty());
}

TEST_CASE("values, maps and lists that make no sense are left out", "[stats]") {
  CHECK(cgroup::value_of("max\n") == unlimited);
  CHECK(cgroup::value_of("x") == 0);
  CHECK(cgroup::map_of("a 1\nb\nc 2 3\n").size() == 1);
  CHECK(cgroup::list_of("\n").empty());
  CHECK(cgroup::list_of("3-1,x").empty());
}
