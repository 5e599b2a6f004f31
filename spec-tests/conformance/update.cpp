// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `update`: limits changed while the container runs, read back from the kernel in whichever cgroup
// world this is.
#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define SKIP_WITHOUT(controller)                                                         \
  if (!cgroup_directory(controller, "/")) {                                              \
    SKIP_BECAUSE("this cgroup world has no " + std::string(controller) + " controller"); \
  }

namespace conformance {
namespace {

/// The value of a file with one name in version 1 and another in version 2.
std::string value(Container const& web, std::string const& v1_file, std::string const& v2_file) {
  for (auto const& file : {v1_file, v2_file}) {
    auto const controller = file.substr(0, file.find('.'));
    auto const found = cgroup_value(controller, web.cgroup(), file);
    if (found) return *found;
  }
  return "none";
}

std::string memory_limit(Container const& web) {
  return value(web, "memory.limit_in_bytes", "memory.max");
}

Result update_from_input(Container const& web, Json const& resources,
                         Words const& option = {"--resources=-"}) {
  Words words{"update"};
  words.insert(words.end(), option.begin(), option.end());
  words.push_back(web.id());
  auto command = runtime_command(words);
  command.input = resources.dump();
  return run(command);
}

void check_ok(Result const& result) {
  INFO(result.err);
  CHECK(result.ok());
}

Json hugepages(char const* size, std::uint64_t limit) {
  return {{"hugepageLimits", Json::array({{{"pageSize", size}, {"limit", limit}}})}};
}

std::string huge_limit(Container const& web) {
  return value(web, "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max");
}

}  // namespace

TEST_CASE("update changes memory and swap, up and down", "[contract:update]") {
  SKIP_WITHOUT("memory");
  Running web(
      ordinary().with("/linux/resources", {{"memory", {{"limit", 33554432}, {"swap", 33554432}}}}));
  check_ok(proa("update", "--memory", "67108864", "--memory-swap", "100663296", web.id()));
  CHECK(memory_limit(web) == "67108864");
  bool const v1 = value(web, "memory.memsw.limit_in_bytes", "nosuch.file") != "none";
  CHECK(value(web, "memory.memsw.limit_in_bytes", "memory.swap.max") ==
        (v1 ? "100663296" : "33554432"));
  check_ok(proa("update", "--memory=32M", "--memory-swap=32M", web.id()));
  CHECK(memory_limit(web) == "33554432");
  check_ok(proa("update", "--memory-reservation", "16777216", web.id()));
  CHECK(value(web, "memory.soft_limit_in_bytes", "memory.low") == "16777216");
  check_ok(proa("update", "--memory", "-1", web.id()));
  CHECK(memory_limit(web) != "33554432");
}

TEST_CASE("update changes swap alone", "[contract:update]") {
  SKIP_WITHOUT("memory");
  if (!is_proa()) SKIP_BECAUSE("other runtimes want a limit of memory beside it");
  Running web(ordinary().with("/linux/resources",
                              {{"memory", {{"limit", 67108864}, {"swap", 134217728}}}}));
  check_ok(proa("update", "--memory-swap", "256M", web.id()));
  bool const v1 = value(web, "memory.memsw.limit_in_bytes", "nosuch.file") != "none";
  CHECK(value(web, "memory.memsw.limit_in_bytes", "memory.swap.max") ==
        (v1 ? "268435456" : "201326592"));
  CHECK(memory_limit(web) == "67108864");
}

TEST_CASE("update changes shares, quota and period", "[contract:update]") {
  SKIP_WITHOUT("cpu");
  Running web(ordinary());
  check_ok(proa("update", "--cpu-share", "2", web.id()));
  CHECK(value(web, "cpu.shares", "cpu.weight") == (world() == World::v2 ? "1" : "2"));
  check_ok(proa("update", "--cpu-quota", "50000", "--cpu-period", "200000", web.id()));
  check_ok(proa("update", "--cpu-quota", "60000", web.id()));
  CHECK(value(web, "cpu.cfs_quota_us", "cpu.max") ==
        (world() == World::v2 ? "60000 200000" : "60000"));
  if (world() != World::v2) CHECK(value(web, "cpu.cfs_period_us", "") == "200000");
}

TEST_CASE("update changes burst and idle", "[contract:update]") {
  SKIP_WITHOUT("cpu");
  // crun, and runc before 1.2, have no such options.
  if (!is_proa()) SKIP_BECAUSE("other runtimes may not know these options");
  Running web(ordinary());
  check_ok(proa("update", "--cpu-quota", "50000", "--cpu-burst", "20000", web.id()));
  CHECK(value(web, "cpu.cfs_burst_us", "cpu.max.burst") == "20000");
  check_ok(proa("update", "--cpu-idle", "1", web.id()));
  CHECK(value(web, "cpu.idle", "cpu.idle") == "1");
}

TEST_CASE("a weight ends idleness, and an idle group takes no weight", "[contract:update]") {
  SKIP_WITHOUT("cpu");
  if (!is_proa()) SKIP_BECAUSE("runc does so with systemd alone, crun has no such option");
  Running web(ordinary());
  check_ok(proa("update", "--cpu-idle", "1", web.id()));
  Result const both = proa("update", "--cpu-share", "2", "--cpu-idle", "1", web.id());
  CHECK(both.ok());
  CHECK_THAT(both.err, ContainsSubstring("unable to apply both"));
  CHECK(value(web, "cpu.idle", "cpu.idle") == "1");
  check_ok(proa("update", "--cpu-share", "2", web.id()));
  CHECK(value(web, "cpu.idle", "cpu.idle") == "0");
  CHECK(value(web, "cpu.shares", "cpu.weight") == (world() == World::v2 ? "1" : "2"));
}

TEST_CASE("update changes the number of tasks", "[contract:update]") {
  SKIP_WITHOUT("pids");
  Running web(ordinary());
  check_ok(proa("update", "--pids-limit", "33", web.id()));
  CHECK(value(web, "pids.max", "pids.max") == "33");
  check_ok(proa("update", "--pids-limit", "-1", web.id()));
  CHECK(value(web, "pids.max", "pids.max") == "max");
}

TEST_CASE("update changes CPUs and memory nodes", "[contract:update]") {
  SKIP_WITHOUT("cpuset");
  Running web(ordinary());
  check_ok(proa("update", "--cpuset-cpus", "0", "--cpuset-mems", "0", web.id()));
  CHECK(value(web, "cpuset.cpus", "cpuset.cpus") == "0");
}

TEST_CASE("update takes options behind the id", "[contract:update]") {
  SKIP_WITHOUT("pids");
  Running web(ordinary());
  check_ok(proa("update", web.id(), "--pids-limit", "44"));
  CHECK(value(web, "pids.max", "pids.max") == "44");
}

TEST_CASE("update reads limits from a file", "[contract:update]") {
  SKIP_WITHOUT("pids");
  Running web(ordinary());
  std::string const file = scratch() + "/resources.json";
  write_text(file, R"({"pids": {"limit": 55}})");
  check_ok(proa("update", "--resources", file, web.id()));
  CHECK(value(web, "pids.max", "pids.max") == "55");
}

// containerd: --resources=- ; CRI-O: --resources - ; people: -r -
TEST_CASE("update reads limits from standard input", "[contract:update]") {
  SKIP_WITHOUT("pids");
  Running web(ordinary());
  int limit = 60;
  for (auto const& option : {Words{"--resources=-"}, Words{"--resources", "-"}, Words{"-r", "-"}}) {
    check_ok(update_from_input(web, {{"pids", {{"limit", ++limit}}}}, option));
    CHECK(value(web, "pids.max", "pids.max") == std::to_string(limit));
  }
}

TEST_CASE("update does what dockerd sends", "[contract:update]") {
  SKIP_WITHOUT("memory");
  Running web(ordinary());
  check_ok(update_from_input(web, {{"memory", {{"limit", 100663296}, {"swap", 201326592}}},
                                   {"cpu", {{"quota", 50000}, {"period", 100000}}},
                                   {"pids", {{"limit", 33}}},
                                   {"blockIO", {{"weight", 0}}}}));
  CHECK(memory_limit(web) == "100663296");
}

TEST_CASE("update leaves the devices alone", "[contract:update]") {
  if (!cgroup_directory("devices", "/")) SKIP_BECAUSE("this cgroup world shows no device list");
  Running web(ordinary());
  auto const directories = cgroup_directories(web.cgroup());
  auto const list = [&] {
    std::string all;
    for (auto const& each : directories) all += read_text(each + "/devices.list").value_or("");
    return all;
  };
  auto const before = list();
  check_ok(
      update_from_input(web, {{"devices", Json::array({{{"allow", false}, {"access", "rwm"}}})}}));
  CHECK(list() == before);
}

TEST_CASE("update changes huge page limits", "[contract:update]") {
  SKIP_WITHOUT("hugetlb");
  Running web(ordinary().with("/linux/resources", hugepages("2MB", 4194304)));
  check_ok(update_from_input(web, hugepages("2MB", 2097152)));
  CHECK(huge_limit(web) == "2097152");
}

TEST_CASE("unified values are updated", "[contract:update]") {
  if (world() != World::v2) SKIP_BECAUSE("this cgroup world is not version 2 alone");
  SKIP_WITHOUT("hugetlb");
  Running web(ordinary().with("/linux/resources", hugepages("2MB", 4194304)));
  check_ok(update_from_input(web, {{"unified", {{"hugetlb.2MB.max", "2097152"}}}}));
  CHECK(huge_limit(web) == "2097152");
}

TEST_CASE("an update that is refused half-way changes nothing", "[contract:update][proa]") {
  if (!is_proa()) SKIP_BECAUSE("only proa promises that");
  SKIP_WITHOUT("hugetlb");
  Running web(ordinary().with("/linux/resources", hugepages("2MB", 4194304)));
  Json resources = hugepages("2MB", 2097152);
  resources["hugepageLimits"].push_back({{"pageSize", "3MB"}, {"limit", 4194304}});
  Result const result = update_from_input(web, resources);
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("hugetlb.3MB"));
  CHECK(huge_limit(web) == "4194304");
}

TEST_CASE("a limit that the kernel refuses takes the others back", "[contract:update][proa]") {
  if (!is_proa()) SKIP_BECAUSE("only proa promises that");
  SKIP_WITHOUT("cpuset");
  Running web(ordinary().with("/linux/resources",
                              {{"memory", {{"limit", 33554432}}}, {"pids", {{"limit", 50}}}}));
  Result const result = proa("update", "--memory", "67108864", "--pids-limit", "60",
                             "--cpuset-cpus", "4000", web.id());
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("cpuset.cpus"));
  CHECK(memory_limit(web) == "33554432");
  CHECK(value(web, "pids.max", "pids.max") == "50");
}

TEST_CASE("checkBeforeUpdate of config.json holds for update",
          "[spec:config-linux#memory][MUST][contract:2.9/rejecting]") {
  SKIP_WITHOUT("memory");
  Running web(ordinary().with("/linux/resources",
                              {{"memory", {{"limit", 67108864}, {"checkBeforeUpdate", true}}}}));
  Result const result = proa("update", "--memory", "4096", web.id());
  CHECK(result.status > 0);
  check_words(result.error(), "rejecting memory limit");
  CHECK(memory_limit(web) == "67108864");
  CHECK(web.status() == "running");
}

TEST_CASE("empty resources are no change and need no controller", "[contract:update]") {
  Running web(ordinary());
  check_ok(update_from_input(web, {{"blockIO", Json::object()},
                                   {"memory", {{"disableOOMKiller", false}}},
                                   {"cpu", Json::object()},
                                   {"pids", nullptr}}));
}

TEST_CASE("a created and a paused container can be updated", "[contract:update]") {
  SKIP_WITHOUT("pids");
  Created created(ordinary());
  check_ok(proa("update", "--pids-limit", "66", created.id()));
  CHECK(value(created, "pids.max", "pids.max") == "66");
  Running running(ordinary());
  REQUIRE(proa("pause", running.id()).ok());
  check_ok(proa("update", "--pids-limit", "67", running.id()));
  CHECK(running.status() == "paused");
}

TEST_CASE("update brings a controller that create had no use for", "[contract:update]") {
  SKIP_WITHOUT("hugetlb");
  // Below a parent of its own, where nobody has asked for one.
  Running web(ordinary().with("/linux/cgroupsPath", cgroup_parent() + "/fresh/web"));
  if (!is_proa() && huge_limit(web) == "none") SKIP_BECAUSE("other runtimes do not");
  check_ok(update_from_input(web, hugepages("2MB", 4194304)));
  CHECK(huge_limit(web) == "4194304");
}

TEST_CASE("a container that has stopped cannot be updated", "[contract:update]") {
  Running web(ordinary());
  web.kill("KILL");
  web.wait();
  Result const result = proa("update", "--pids-limit", "10", web.id());
  CHECK(result.status == 1);
  check_words(result.error(), "container not running");
}

TEST_CASE("values that are none are refused", "[contract:update][proa]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes have words of their own");
  Running web(ordinary());
  for (auto const& words :
       {Words{"--memory", "much"}, Words{"--memory", "-2"}, Words{"--memory", "12X"},
        Words{"--pids-limit", "1.5"}, Words{"--cpu-share", "-1"}, Words{"--cpu-idle", "2"}}) {
    Result const result = proa("update", words[0], words[1], web.id());
    CAPTURE(words);
    CHECK(result.status == 1);
    CHECK_THAT(result.error(), ContainsSubstring("invalid value \"" + words[1] + "\""));
  }
  Result const cache = proa("update", "--l3-cache-schema", "L3:0=f", web.id());
  CHECK(cache.status == 1);
  CHECK_THAT(cache.error(), ContainsSubstring("container has no group of resctrl"));
  Result const bandwidth = proa("update", "--mem-bw-schema", "L3:0=f", web.id());
  CHECK_THAT(bandwidth.error(), ContainsSubstring("not one line that starts with MB:"));
}

// The group is a directory in the place of resctrl's, as no usual machine has that.
TEST_CASE("schemata change with the limits, all or none", "[contract:update][proa]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes keep another state");
  SKIP_WITHOUT("pids");
  Running web(ordinary().with("/linux/resources", {{"pids", {{"limit", 50}}}}));
  std::string const group = scratch() + "/resctrl", schemata = group + "/schemata";
  std::string const before = "MB:0=100;1=100\nL3:0=007f0;1=0001f\n";
  make_directories(group);
  write_text(schemata, before);
  std::string const record = state_root() + "/" + web.id() + "/state.json";
  Json kept = Json::parse(read_text(record).value_or(""));
  kept["resctrl"] = {{"group", group}};
  write_text(record, kept.dump());

  Result const refused = proa("update", "--l3-cache-schema", "L3:0=f", "--mem-bw-schema", "MB:0=20",
                              "--pids-limit", "99999999999", web.id());
  CHECK(refused.status == 1);
  CHECK(read_text(schemata) == before);
  check_ok(proa("update", "--l3-cache-schema", "L3:0=f", "--mem-bw-schema", "MB:0=20",
                "--pids-limit", "40", web.id()));
  CHECK_THAT(read_text(schemata).value_or(""), Catch::Matchers::StartsWith("L3:0=f\nMB:0=20\n"));
  CHECK(value(web, "pids.max", "pids.max") == "40");
}

TEST_CASE("limits that are no limits are refused with their place", "[contract:update][proa]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes have words of their own");
  Running web(ordinary());
  CHECK_THAT(update_from_input(web, {{"pids", {{"limit", "x"}}}}).error(),
             ContainsSubstring("standard input: /pids/limit: expected a 64-bit integer"));
  CHECK_THAT(update_from_input(web, {{"memory", {{"limit", -7}}}}).error(),
             ContainsSubstring("/memory/limit: expected a number of bytes"));
}

}  // namespace conformance
