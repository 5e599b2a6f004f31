// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Limits as properties of a unit.

#include "cgroup/properties.hpp"

#include "catch.hpp"
#include "hosts.hpp"

using namespace proa;
using namespace proa::cgroup;
using hosts::Refusal;
using hosts::refusal;

namespace {

constexpr std::uint64_t infinity = ~std::uint64_t{0};

/// Each row is a file and what is written to it.
Properties of_files(std::vector<std::pair<std::string, std::string>> const& rows) {
  std::vector<Write> writes;
  for (auto const& [file, value] : rows) writes.push_back({file, value});
  return properties_of(writes);
}

Properties of(spec::Resources const& resources) {
  auto const plan = hosts::plan(resources, hosts::v2());
  auto writes = plan.groups[0].writes;
  auto const& late = plan.groups[0].late_writes;
  writes.insert(writes.end(), late.begin(), late.end());
  return properties_of(writes);
}

Properties annotated(std::string const& name, std::string const& text) {
  return properties_of(std::map<std::string, std::string>{{"org.systemd.property." + name, text}});
}

dbus::Value rate(std::vector<std::pair<std::string, std::uint64_t>> const& devices) {
  dbus::Values values;
  for (auto const& [path, most] : devices) {
    values.push_back(dbus::structure({dbus::string(path), dbus::uint64(most)}));
  }
  return dbus::array("(st)", std::move(values));
}

}  // namespace

TEST_CASE("limits of v1") {
  CHECK(of_files({{"memory.limit_in_bytes", "4096"}, {"cpu.shares", "512"}, {"pids.max", "7"}}) ==
        Properties{{"MemoryLimit", dbus::uint64(4096)},
                   {"CPUShares", dbus::uint64(512)},
                   {"TasksMax", dbus::uint64(7)}});
  CHECK(of_files({{"memory.limit_in_bytes", "-1"}}) ==
        Properties{{"MemoryLimit", dbus::uint64(infinity)}});
  CHECK(of_files({{"blkio.weight", "300"}}) == Properties{{"BlockIOWeight", dbus::uint64(300)}});
  CHECK(of_files({{"cpu.cfs_period_us", "200000"}, {"cpu.cfs_quota_us", "50000"}}) ==
        Properties{{"CPUQuotaPerSecUSec", dbus::uint64(250000)},
                   {"CPUQuotaPeriodUSec", dbus::uint64(200000)}});
  CHECK(of_files({{"cpu.cfs_quota_us", "-1"}}) ==
        Properties{{"CPUQuotaPerSecUSec", dbus::uint64(infinity)},
                   {"CPUQuotaPeriodUSec", dbus::uint64(100000)}});
}

TEST_CASE("systemd is told what of the device list of v1 it has words for") {
  auto const list = [](std::vector<DeviceRule> rules) {
    return properties_of(DeviceList{false, std::move(rules)});
  };
  auto const allows = [](std::vector<std::pair<char const*, char const*>> const& rows) {
    dbus::Values values;
    for (auto const& [name, access] : rows) {
      values.push_back(dbus::structure({dbus::string(name), dbus::string(access)}));
    }
    return Properties{{"DevicePolicy", dbus::string("strict")},
                      {"DeviceAllow", dbus::array("(ss)", std::move(values))}};
  };
  constexpr auto character = spec::DeviceRuleType::character, block = spec::DeviceRuleType::block,
                 all = spec::DeviceRuleType::all;
  CHECK(list({}) == allows({}));
  CHECK(list({{true, character, 1, 3}, {true, block, 8, 0, access_read}}) ==
        allows({{"/dev/char/1:3", "rwm"}, {"/dev/block/8:0", "r"}}));
  CHECK(list({{true, all, {}, {}, access_mknod}, {true, character, 136, {}}}) ==
        allows({{"block-*", "m"}, {"char-*", "m"}, {"char-pts", "rwm"}}));
  SECTION("what has no name is left out") {
    CHECK(list({{true, character, 10, {}}, {true, block, {}, 3}}) == allows({}));
  }
  SECTION("what is denied afterwards is not allowed") {
    CHECK(list({{true, character, 1, 3}, {false, character, 1, {}, access_write}}) ==
          allows({{"/dev/char/1:3", "rm"}}));
    CHECK(list({{true, character, {}, {}}, {false, character, 1, 3}}) == allows({}));
    CHECK(list({{true, character, 1, 3}, {false, block, 1, 3}}) ==
          allows({{"/dev/char/1:3", "rwm"}}));
  }
  CHECK(properties_of(DeviceList{true, {{false, character, 1, 3}}}).empty());
}

TEST_CASE("memory limits") {
  spec::Resources resources;
  resources.memory.limit = 1000000;
  resources.memory.swap = 3000000;
  resources.memory.reservation = 500000;
  CHECK(of(resources) == Properties{{"MemoryMax", dbus::uint64(1000000)},
                                    {"MemorySwapMax", dbus::uint64(2000000)},
                                    {"MemoryLow", dbus::uint64(500000)}});
  resources.memory.limit = resources.memory.swap = resources.memory.reservation = -1;
  CHECK(of(resources) == Properties{{"MemoryMax", dbus::uint64(infinity)},
                                    {"MemorySwapMax", dbus::uint64(infinity)},
                                    {"MemoryLow", dbus::uint64(infinity)}});
}

TEST_CASE("shares are a weight, quota and period a time each second") {
  spec::Resources resources;
  resources.cpu.shares = 1024;
  resources.cpu.quota = 50000;
  resources.cpu.period = 200000;
  CHECK(of(resources) == Properties{{"CPUWeight", dbus::uint64(100)},
                                    {"CPUQuotaPerSecUSec", dbus::uint64(250000)},
                                    {"CPUQuotaPeriodUSec", dbus::uint64(200000)}});
}

TEST_CASE("a quota is rounded up to whole percents, which systemd keeps") {
  struct Row {
    char const* text;
    std::uint64_t each_second;
  };
  for (auto const& [text, each_second] : std::vector<Row>{{"50000 100000", 500000},
                                                          {"50001 100000", 510000},
                                                          {"1000 100000", 10000},
                                                          {"1 1000000", 10000},
                                                          {"33333 100000", 340000},
                                                          {"max 100000", infinity},
                                                          {"200000", 2000000}}) {
    INFO(text);
    auto const properties = of_files({{"cpu.max", text}});
    REQUIRE(properties.size() == 2);
    CHECK(properties[0] == Property{"CPUQuotaPerSecUSec", dbus::uint64(each_second)});
  }
}

TEST_CASE("processors and nodes are masks of bits, the lowest first") {
  spec::Resources resources;
  resources.cpu.cpus = "0-1,9";
  resources.cpu.mems = "0";
  CHECK(of(resources) == Properties{{"AllowedCPUs", dbus::byte_array({3, 2})},
                                    {"AllowedMemoryNodes", dbus::byte_array({1})}});
}

TEST_CASE("a limit of processes, no limit, and the limit zero") {
  spec::Resources resources;
  resources.pids.limit = 20;
  CHECK(of(resources) == Properties{{"TasksMax", dbus::uint64(20)}});
  resources.pids.limit = -1;
  CHECK(of(resources) == Properties{{"TasksMax", dbus::uint64(infinity)}});
  resources.pids.limit = 0;
  CHECK(of(resources) == Properties{{"TasksMax", dbus::uint64(1)}});
}

TEST_CASE("the number of processes of unified is systemd's too, but for zero, which it refuses",
          "[spec:config-linux#unified]") {
  spec::Resources resources;
  resources.pids.limit = 100;
  resources.unified = {{"pids.max", "7"}};
  CHECK(of(resources) == Properties{{"TasksMax", dbus::uint64(7)}});
  resources.unified = {{"pids.max", "0"}};
  CHECK(of(resources) == Properties{{"TasksMax", dbus::uint64(1)}});
}

TEST_CASE("bytes have the kernel's suffixes, of either case", "[spec:config-linux#unified]") {
  struct Row {
    char const* text;
    std::uint64_t bytes;
  };
  for (auto const& [text, bytes] : std::vector<Row>{{"64M", 64 << 20},
                                                    {"64m", 64 << 20},
                                                    {"3K", 3072},
                                                    {"2g", std::uint64_t{2} << 30},
                                                    {"1T", std::uint64_t{1} << 40},
                                                    {"1P", std::uint64_t{1} << 50},
                                                    {"15E", std::uint64_t{15} << 60},
                                                    {"max", infinity}}) {
    INFO(text);
    CHECK(of_files({{"memory.max", text}}) == Properties{{"MemoryMax", dbus::uint64(bytes)}});
  }
  for (auto const* const text : {"", "M", "64MB", "64 M", "16E", "maxM", "-1K", "x"}) {
    INFO(text);
    CHECK(of_files({{"memory.max", text}}).empty());
  }
  CHECK(of_files({{"cpu.weight", "1K"}, {"pids.max", "1K"}}).empty());
}

TEST_CASE("an idle group has the weight 0, whatever its weight was", "[spec:config-linux#cpu]") {
  spec::Resources resources;
  resources.cpu.shares = 2048;
  resources.cpu.idle = 1;
  CHECK(of(resources) == Properties{{"CPUWeight", dbus::uint64(0)}});
  resources.cpu.idle = 0;
  CHECK(of(resources) == Properties{{"CPUWeight", dbus::uint64(174)}});
  CHECK(of_files({{"cpu.idle", "0"}}) == Properties{{"CPUWeight", dbus::uint64(infinity)}});
  CHECK(of_files({{"cpu.idle", "2"}}).empty());
}

TEST_CASE("rates of all devices are in one property each") {
  spec::Resources resources;
  resources.block_io.throttle_read_bps_device = {{8, 0, 1048576}, {8, 16, 0}};
  resources.block_io.throttle_write_iops_device = {{8, 0, 100}};
  CHECK(of(resources) == Properties{{"IOReadBandwidthMax", rate({{"/dev/block/8:0", 1048576},
                                                                 {"/dev/block/8:16", infinity}})},
                                    {"IOWriteIOPSMax", rate({{"/dev/block/8:0", 100}})}});
}

TEST_CASE("weights of block devices are those of io.weight") {
  spec::Resources resources;
  resources.block_io.weight = 1000;
  CHECK(of(resources) == Properties{{"IOWeight", dbus::uint64(10000)}});
  CHECK(of_files({{"io.weight", "default 200"}}) == Properties{{"IOWeight", dbus::uint64(200)}});
  CHECK(of_files({{"io.weight", "8:0 300"}}) ==
        Properties{{"IODeviceWeight", rate({{"/dev/block/8:0", 300}})}});
}

TEST_CASE("unified files are properties too, and the last one counts",
          "[spec:config-linux#unified]") {
  spec::Resources resources;
  resources.memory.limit = 4096;
  resources.unified = {{"memory.max", "8192"},
                       {"memory.high", "max"},
                       {"memory.min", "1"},
                       {"cpuset.cpus", "0"},
                       {"pids.max", "7"}};
  CHECK(of(resources) == Properties{{"AllowedCPUs", dbus::byte_array({1})},
                                    {"MemoryHigh", dbus::uint64(infinity)},
                                    {"MemoryMax", dbus::uint64(8192)},
                                    {"MemoryMin", dbus::uint64(1)},
                                    {"TasksMax", dbus::uint64(7)}});
}

TEST_CASE("what systemd has no property for, or can't be read, is left to the file") {
  CHECK(of_files({{"hugetlb.2MB.max", "1"},
                  {"cpu.max.burst", "1"},
                  {"memory.max", "64X"},
                  {"cpu.max", "a b"},
                  {"cpu.max", "1 2 3"},
                  {"cpu.max", "1 0"},
                  {"cpuset.cpus", ""},
                  {"cpuset.cpus", "3-1"},
                  {"cpuset.cpus", "0-99999999"},
                  {"io.max", "8:0 rbps"},
                  {"io.max", "8:0 other=1"}})
            .empty());
}

TEST_CASE("an annotation is a property in GVariant's text format") {
  CHECK(annotated("KillMode", "'mixed'") == Properties{{"KillMode", dbus::string("mixed")}});
  CHECK(annotated("After", "['a.service']") ==
        Properties{{"After", dbus::string_array({"a.service"})}});
  CHECK(annotated("TimeoutStopUSec", "uint64 123456789") ==
        Properties{{"TimeoutStopUSec", dbus::uint64(123456789)}});
}

TEST_CASE("seconds are microseconds for systemd") {
  CHECK(annotated("TimeoutStopSec", "15") ==
        Properties{{"TimeoutStopUSec", dbus::uint64(15000000)}});
  CHECK(annotated("TimeoutStopSec", "uint64 15") ==
        Properties{{"TimeoutStopUSec", dbus::uint64(15000000)}});
  CHECK(annotated("TimeoutStopSec", "1.5") ==
        Properties{{"TimeoutStopUSec", dbus::uint64(1500000)}});
  for (auto const* const text : {"'15'", "-1", "true", "-1.5"}) {
    INFO(text);
    CHECK_THAT(refusal([&] { annotated("TimeoutStopSec", text); }).text,
               Catch::Matchers::EndsWith("is no number of seconds"));
  }
}

TEST_CASE("an annotation that makes no sense is refused with its pointer") {
  CHECK(refusal([] { annotated("X1", "1"); }) ==
        Refusal{ErrorKind::config,
                "/annotations/org.systemd.property.X1: \"X1\" is no name of a "
                "systemd property"});
  CHECK(refusal([] { annotated("KillMode", "mixed"); }) ==
        Refusal{ErrorKind::config,
                "/annotations/org.systemd.property.KillMode: \"mixed\" is no value in GVariant's "
                "text format"});
  CHECK(refusal([] { annotated("", "1"); }).kind == ErrorKind::config);
  CHECK(refusal([] { annotated("ab", "1"); }).kind == ErrorKind::config);
}
