// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#control-groups: the container's cgroup, and limits read back from the kernel in
// whichever cgroup world this is (spec-tests/lib/cgroup-world).  Device lists: devices.cpp.
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <sstream>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define SKIP_WITHOUT(controller)                                                         \
  if (!cgroup_directory(controller, "/")) {                                              \
    SKIP_BECAUSE("this cgroup world has no " + std::string(controller) + " controller"); \
  }

namespace conformance {
namespace {

/// A file of a limit: its names in version 1 and version 2 of cgroups, and what it should hold.
struct Limit {
  char const* controller;
  char const* v1_file;
  std::string v1_value;
  char const* v2_file;
  std::string v2_value;
};

bool is_v2(std::string const& controller) {
  auto const directory = cgroup_directory(controller, "");
  return directory && exists(*directory + "/cgroup.controllers");
}

void check_limit(Json const& resources, Limit const& limit) {
  Created web(ordinary().with("/linux/resources", resources));
  bool const v2 = is_v2(limit.controller);
  auto const value =
      cgroup_value(limit.controller, web.cgroup(), v2 ? limit.v2_file : limit.v1_file);
  CAPTURE(v2, resources.dump());
  CHECK(value == (v2 ? limit.v2_value : limit.v1_value));
}

Json resources(char const* name, Json const& value) { return {{name, value}}; }

}  // namespace

TEST_CASE("the container is in the cgroup that cgroupsPath names",
          "[spec:config-linux#cgroups-path][MUST]") {
  Created web(ordinary());
  pid_t const pid = web.pid();
  for (char const* controller : {"memory", "pids", "cpu", "devices", "freezer", "cpuset"}) {
    auto const directory = cgroup_directory(controller, web.cgroup());
    if (!directory) continue;
    CAPTURE(*directory);
    CHECK(read_text(*directory + "/cgroup.procs") == std::to_string(pid) + "\n");
  }
}

TEST_CASE("the same cgroupsPath is the same place", "[spec:config-linux#cgroups-path][MUST]") {
  for (int turn = 0; turn < 2; ++turn) {
    Created web(ordinary().with("/linux/cgroupsPath", cgroup_parent() + "/same"));
    CHECK(cgroup_members(cgroup_parent() + "/same") == std::vector<pid_t>{web.pid()});
  }
}

TEST_CASE("without a cgroupsPath the runtime finds a place",
          "[spec:config-linux#cgroups-path][MAY]") {
  std::string const place = scratch() + "/bundle";
  ordinary().doing({{"report"}}).write(place);
  Result const result = proa("run", "--bundle", place, "placed-" + std::to_string(getpid()));
  INFO(result.err);
  CHECK(result.ok());
}

TEST_CASE("a relative cgroupsPath is taken", "[spec:config-linux#cgroups-path][MUST]") {
  std::string const place = scratch() + "/bundle";
  std::string const name = "proa-relative-" + std::to_string(getpid());
  ordinary().with("/linux/cgroupsPath", name).doing({{"exit", "4"}}).write(place);
  Result const result = proa("run", "--bundle", place, name);
  INFO(result.err);
  CHECK(result.status == 4);
}

TEST_CASE("a cgroupsPath cannot climb out", "[contract:security]") {
  for (char const* path : {"/../../etc/proa-test", "../../../../etc/proa-test"}) {
    CAPTURE(path);
    Container web(ordinary().with("/linux/cgroupsPath", path));
    web.create();
    CHECK_FALSE(exists("/etc/proa-test"));
    CHECK_FALSE(exists("/sys/fs/etc"));
    proa("delete", "--force", web.id());
  }
}

TEST_CASE("every child of the container is in its cgroup",
          "[spec:config-linux#cgroups-path][MUST]") {
  Running web(ordinary().doing({{"fork", "3"}, {"pause"}}));
  CHECK(cgroup_members(web.cgroup()).size() == 4);
}

TEST_CASE("delete removes the cgroup and those below it", "[spec:runtime#delete][MUST]") {
  Created web(ordinary().doing({{"exit", "0"}}));
  for (auto const& path : cgroup_directories(web.cgroup())) {
    if (exists(path)) make_directories(path + "/below/deeper");
  }
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(web.remove().ok());
  CHECK(web.left_behind().empty());
}

TEST_CASE("memory.limit is enforced by the kernel", "[spec:config-linux#memory][MUST]") {
  SKIP_WITHOUT("memory");
  check_limit(resources("memory", {{"limit", 67108864}}),
              {"memory", "memory.limit_in_bytes", "67108864", "memory.max", "67108864"});
  Bundle const bundle = ordinary().with(
      "/linux/resources", resources("memory", {{"limit", 33554432}, {"swap", 33554432}}));
  Created web(bundle.doing({{"allocate", "134217728"}}));
  REQUIRE(web.start().ok());
  CHECK(web.wait() == 128 + SIGKILL);
}

TEST_CASE("memory.reservation and swap are set", "[spec:config-linux#memory][MUST]") {
  SKIP_WITHOUT("memory");
  check_limit(resources("memory", {{"reservation", 33554432}}),
              {"memory", "memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432"});
  // Version 1 counts memory and swap together, version 2 swap alone.
  check_limit(
      resources("memory", {{"limit", 67108864}, {"swap", 100663296}}),
      {"memory", "memory.memsw.limit_in_bytes", "100663296", "memory.swap.max", "33554432"});
}

TEST_CASE("memory.swappiness is set", "[spec:config-linux#memory][MUST]") {
  SKIP_WITHOUT("memory");
  if (is_v2("memory")) SKIP_BECAUSE("version 2 of cgroups has no swappiness");
  check_limit(resources("memory", {{"swappiness", 13}}),
              {"memory", "memory.swappiness", "13", "", ""});
}

TEST_CASE("a memory limit of -1 is none", "[spec:config-linux#memory][MUST]") {
  SKIP_WITHOUT("memory");
  check_limit(resources("memory", {{"limit", -1}}),
              {"memory", "memory.limit_in_bytes", "9223372036854771712", "memory.max", "max"});
}

TEST_CASE("disableOOMKiller is set", "[spec:config-linux#memory][MUST]") {
  SKIP_WITHOUT("memory");
  if (is_v2("memory")) SKIP_BECAUSE("version 2 of cgroups cannot disable the OOM killer");
  check_limit(resources("memory", {{"disableOOMKiller", true}}),
              {"memory", "memory.oom_control", "oom_kill_disable 1", "", ""});
}

TEST_CASE("cpu shares, quota and period are set", "[spec:config-linux#cpu][MUST]") {
  SKIP_WITHOUT("cpu");
  check_limit(resources("cpu", {{"shares", 512}}),
              {"cpu", "cpu.shares", "512", "cpu.weight", is_v2("cpu") ? "59" : ""});
  check_limit(resources("cpu", {{"quota", 50000}, {"period", 200000}}),
              {"cpu", "cpu.cfs_quota_us", "50000", "cpu.max", "50000 200000"});
  if (is_v2("cpu")) return;
  check_limit(resources("cpu", {{"quota", 50000}, {"period", 200000}}),
              {"cpu", "cpu.cfs_period_us", "200000", "", ""});
}

TEST_CASE("a cpu quota is enforced by the kernel", "[spec:config-linux#cpu][MUST]") {
  SKIP_WITHOUT("cpu");
  Bundle const bundle =
      ordinary().with("/linux/resources", resources("cpu", {{"quota", 1000}, {"period", 10000}}));
  Running web(bundle.doing({{"allocate", "33554432"}, {"pause"}}));
  std::istringstream words(
      read_text(*cgroup_directory("cpu", web.cgroup()) + "/cpu.stat").value_or(""));
  std::map<std::string, std::uint64_t> counts;
  std::string name;
  for (std::uint64_t count = 0; words >> name >> count;) counts[name] = count;
  CHECK(counts["nr_throttled"] > 0);
}

TEST_CASE("a cpu burst is set", "[spec:config-linux#cpu][MUST]") {
  SKIP_WITHOUT("cpu");
  check_limit(resources("cpu", {{"quota", 50000}, {"period", 100000}, {"burst", 20000}}),
              {"cpu", "cpu.cfs_burst_us", "20000", "cpu.max.burst", "20000"});
}

TEST_CASE("cpus and mems are set", "[spec:config-linux#cpu][MUST]") {
  SKIP_WITHOUT("cpuset");
  check_limit(resources("cpu", {{"cpus", "0"}, {"mems", "0"}}),
              {"cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"});
  check_limit(resources("cpu", {{"cpus", "0"}, {"mems", "0"}}),
              {"cpuset", "cpuset.mems", "0", "cpuset.mems", "0"});
  Json const seen = report(ordinary().with("/linux/resources", resources("cpu", {{"cpus", "0"}})));
  CHECK(seen.at("scheduling").at("cpus") == Json::array({0}));
}

TEST_CASE("cpu.idle is set", "[spec:config-linux#cpu][MUST]") {
  SKIP_WITHOUT("cpu");
  check_limit(resources("cpu", {{"idle", 1}}), {"cpu", "cpu.idle", "1", "cpu.idle", "1"});
}

TEST_CASE("pids.limit is enforced by the kernel", "[spec:config-linux#pids][MUST]") {
  SKIP_WITHOUT("pids");
  check_limit(resources("pids", {{"limit", 42}}), {"pids", "pids.max", "42", "pids.max", "42"});
  Json const seen = inside(ordinary().with("/linux/resources", resources("pids", {{"limit", 4}})),
                           {{"fork", "10"}})[0];
  CHECK(seen.at("errno") == EAGAIN);
  CHECK(seen.at("pids").size() == 3);
}

// runc 1.1 and crun 1.8 take 0 for "not set"; later ones write 1, which comes to the same: no fork.
TEST_CASE("a pids.limit of 0 is a limit, and -1 none", "[spec:config-linux#pids][SHOULD]") {
  SKIP_WITHOUT("pids");
  Json const seen = inside(ordinary().with("/linux/resources", resources("pids", {{"limit", 0}})),
                           {{"fork", "1"}})[0];
  CHECK(seen.at("errno") == EAGAIN);
  check_limit(resources("pids", {{"limit", -1}}), {"pids", "pids.max", "max", "pids.max", "max"});
}

TEST_CASE("block I/O limits are set", "[spec:config-linux#block-io][MUST]") {
  std::string const controller = cgroup_directory("blkio", "/") ? "blkio" : "io";
  SKIP_WITHOUT(controller);
  struct stat info {};
  REQUIRE(stat("/", &info) == 0);
  unsigned const major = static_cast<unsigned>(info.st_dev >> 8 & 0xfff);
  std::string const block = "/sys/dev/block/" + std::to_string(major) + ":0";
  if (!exists(block)) SKIP_BECAUSE("the root file system is on no plain block device");
  Json const rate = Json::array({{{"major", major}, {"minor", 0}, {"rate", 1048576}}});
  std::string const number = std::to_string(major) + ":0";
  check_limit(resources("blockIO", {{"throttleReadBpsDevice", rate}}),
              {controller.c_str(), "blkio.throttle.read_bps_device", number + " 1048576", "io.max",
               number + " rbps=1048576 wbps=max riops=max wiops=max"});
}

TEST_CASE("each rate of a block device is set", "[spec:config-linux#block-io][MUST]") {
  std::string const controller = cgroup_directory("blkio", "/") ? "blkio" : "io";
  SKIP_WITHOUT(controller);
  struct stat info {};
  REQUIRE(stat("/", &info) == 0);
  unsigned const major = static_cast<unsigned>(info.st_dev >> 8 & 0xfff);
  std::string const number = std::to_string(major) + ":0";
  if (!exists("/sys/dev/block/" + number)) {
    SKIP_BECAUSE("the root file system is on no plain block device");
  }
  struct {
    char const* property;
    char const* v1_file;
    char const* v2_values;
  } const rates[] = {
      {"throttleReadBpsDevice", "read_bps", "rbps=4096 wbps=max riops=max wiops=max"},
      {"throttleWriteBpsDevice", "write_bps", "rbps=max wbps=4096 riops=max wiops=max"},
      {"throttleReadIOPSDevice", "read_iops", "rbps=max wbps=max riops=4096 wiops=max"},
      {"throttleWriteIOPSDevice", "write_iops", "rbps=max wbps=max riops=max wiops=4096"}};
  for (auto const& each : rates) {
    Json const rate = Json::array({{{"major", major}, {"minor", 0}, {"rate", 4096}}});
    std::string const v1_file = std::string("blkio.throttle.") + each.v1_file + "_device";
    check_limit(resources("blockIO", {{each.property, rate}}),
                {controller.c_str(), v1_file.c_str(), number + " 4096", "io.max",
                 number + " " + each.v2_values});
  }
}

TEST_CASE("network priorities are set", "[spec:config-linux#network][MUST]") {
  SKIP_WITHOUT("net_prio");
  Json const priorities = Json::array({{{"name", "lo"}, {"priority", 5}}});
  Created web(ordinary().with("/linux/resources/network/priorities", priorities));
  auto const map = read_text(*cgroup_directory("net_prio", web.cgroup()) + "/net_prio.ifpriomap");
  REQUIRE(map);
  CHECK_THAT(*map, ContainsSubstring("lo 5\n"));
}

// A cgroup cannot have what those above it lack.
TEST_CASE("real-time is given to a cgroup whose parent has it", "[spec:config-linux#cpu][MUST]") {
  auto const parent = cgroup_directory("cpu", cgroup_parent());
  if (!parent || !exists(*cgroup_directory("cpu", "/") + "/cpu.rt_runtime_us")) {
    SKIP_BECAUSE("this kernel shares out no real-time");
  }
  Created const holder(ordinary());  // keeps the parent
  write_text(*parent + "/cpu.rt_runtime_us", "200000");
  Json const cpu = {{"realtimePeriod", 500000}, {"realtimeRuntime", 10000}};
  Bundle const fifo = ordinary()
                          .with("/linux/resources/cpu", cpu)
                          .with("/process/scheduler", {{"policy", "SCHED_FIFO"}, {"priority", 7}});
  Created web(fifo.doing({{"report"}}));
  CHECK(cgroup_value("cpu", web.cgroup(), "cpu.rt_period_us") == "500000");
  CHECK(cgroup_value("cpu", web.cgroup(), "cpu.rt_runtime_us") == "10000");
  REQUIRE(web.start().ok());
  Json const seen = web.answer().at("scheduling");
  CHECK(seen.at("policy") == SCHED_FIFO);
  CHECK(seen.at("priority") == 7);
}

TEST_CASE("huge page limits are set", "[spec:config-linux#huge-page-limits][MUST]") {
  SKIP_WITHOUT("hugetlb");
  check_limit(
      resources("hugepageLimits", Json::array({{{"pageSize", "2MB"}, {"limit", 4194304}}})),
      {"hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", "4194304", "hugetlb.2MB.rsvd.max", "4194304"});
}

TEST_CASE("a huge page size that the host does not have is refused",
          "[spec:config-linux#huge-page-limits][MUST]") {
  SKIP_WITHOUT("hugetlb");
  refusal(ordinary().with(
      "/linux/resources",
      resources("hugepageLimits", Json::array({{{"pageSize", "3MB"}, {"limit", 4194304}}}))));
}

TEST_CASE("rdma limits reach the controller", "[spec:config-linux#rdma][MUST]") {
  SKIP_WITHOUT("rdma");
  if (exists("/sys/class/infiniband/none0")) SKIP_BECAUSE("there is such a device");
  // Without hardware the kernel's refusal is all there is to see.
  Json const limit = {{"none0", {{"hcaHandles", 2}, {"hcaObjects", 3}}}};
  check_words(refusal(ordinary().with("/linux/resources", resources("rdma", limit))),
              "write \"none0 hca_handle=2 hca_object=3\" to ");
}

TEST_CASE("unified values are written", "[spec:config-linux#unified][MUST]") {
  if (world() != World::v2) SKIP_BECAUSE("this cgroup world is not version 2 alone");
  SKIP_WITHOUT("hugetlb");
  check_limit(resources("unified", {{"hugetlb.2MB.max", "2097152"}}),
              {"hugetlb", "", "", "hugetlb.2MB.max", "2097152"});
}

TEST_CASE("unified has the last word of the number of processes",
          "[spec:config-linux#unified][MUST]") {
  SKIP_WITHOUT("pids");
  if (!is_v2("pids")) SKIP_BECAUSE("the controller pids is not of version 2");
  check_limit({{"pids", {{"limit", 42}}}, {"unified", {{"pids.max", "7"}}}},
              {"pids", "", "", "pids.max", "7"});
  check_limit({{"unified", {{"pids.max", "1"}}}}, {"pids", "", "", "pids.max", "1"});
}

TEST_CASE("unified values for a controller that is not there are refused",
          "[spec:config-linux#unified][MUST]") {
  if (world() != World::v2) SKIP_BECAUSE("this cgroup world is not version 2 alone");
  refusal(ordinary().with("/linux/resources", resources("unified", {{"nosuch.max", "1"}})));
  refusal(ordinary().with("/linux/resources", resources("unified", {{"../cgroup.procs", "1"}})));
}

TEST_CASE("unified values in version 1 are refused", "[spec:config-linux#unified][MUST]") {
  if (world() != World::v1) SKIP_BECAUSE("this cgroup world has a version 2 hierarchy");
  refusal(ordinary().with("/linux/resources", resources("unified", {{"memory.max", "1048576"}})));
}

TEST_CASE("a limit whose controller is not there is refused", "[spec:runtime#create][MUST]") {
  if (cgroup_directory("memory", "/")) SKIP_BECAUSE("this cgroup world has all controllers");
  refusal(ordinary().with("/linux/resources", resources("memory", {{"limit", 67108864}})));
  refusal(ordinary().with("/linux/resources", resources("pids", {{"limit", 10}})));
}

// dockerd always sends them.
TEST_CASE("empty resources need no controller", "[contract:cgroups]") {
  Created web(ordinary().with("/linux/resources", {{"blockIO", Json::object()},
                                                   {"memory", {{"disableOOMKiller", false}}},
                                                   {"cpu", Json::object()},
                                                   {"pids", nullptr}}));
  CHECK(web.status() == "created");
}

TEST_CASE("a limit that the kernel refuses fails create and leaves nothing",
          "[spec:runtime#create][MUST]") {
  SKIP_WITHOUT("cpuset");
  check_words(refusal(ordinary().with("/linux/resources", resources("cpu", {{"cpus", "4000"}}))),
              "cpuset.cpus");
}

// crun 1.8 hangs.
TEST_CASE("a frozen cgroup is refused",
          "[spec:config-linux#control-groups][MUST][contract:2.9/frozen]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes may wait for ever here");
  std::string const cgroup = cgroup_parent() + "/frozen";
  auto const directory = cgroup_directory("freezer", cgroup);
  REQUIRE(directory.has_value());
  make_directories(*directory);
  bool const v2 = is_v2("freezer");
  std::string const file = *directory + (v2 ? "/cgroup.freeze" : "/freezer.state");
  std::string const place = scratch() + "/frozen";
  ordinary().with("/linux/cgroupsPath", cgroup).write(place);
  write_text(file, v2 ? "1" : "FROZEN");
  Result const result = proa("create", "--bundle", place, "frozen");
  write_text(file, v2 ? "0" : "THAWED");
  CHECK(result.status > 0);
  CHECK_THAT(result.error(), ContainsSubstring("container's cgroup unexpectedly frozen"));
  CHECK_FALSE(exists(state_root() + "/frozen"));
  CHECK(cgroup_members(cgroup).empty());
  CHECK(exists(*directory));
}

TEST_CASE("a cgroup below a frozen one is refused", "[spec:config-linux#control-groups][MUST]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes may wait for ever here");
  std::string const above = *cgroup_directory("freezer", cgroup_parent() + "/cold");
  make_directories(above);
  bool const v2 = is_v2("freezer");
  std::string const file = above + (v2 ? "/cgroup.freeze" : "/freezer.state");
  write_text(file, v2 ? "1" : "FROZEN");
  auto const said =
      refusal(ordinary().with("/linux/cgroupsPath", cgroup_parent() + "/cold/container"));
  write_text(file, v2 ? "0" : "THAWED");
  CHECK_THAT(said, ContainsSubstring("container's cgroup unexpectedly frozen"));
}

TEST_CASE("a cgroup for threads alone is refused", "[spec:config-linux#control-groups][MUST]") {
  if (world() == World::v1) SKIP_BECAUSE("only version 2 of cgroups has such groups");
  // Below a group that has given no controller away.
  std::string const group = cgroup_parent() + "/mixed/threads";
  for (auto const& directory : cgroup_directories(group)) {
    make_directories(directory);
    if (exists(directory + "/cgroup.type")) write_text(directory + "/cgroup.type", "threaded");
  }
  std::string const place = scratch() + "/threads";
  ordinary().with("/linux/cgroupsPath", group).write(place);
  Result const result = proa("create", "--bundle", place, "threads");
  CHECK(result.status > 0);
  check_words(result.error(), "container's cgroup is for threads alone");
  CHECK_FALSE(exists(state_root() + "/threads"));
}

TEST_CASE("a cgroup with processes in it is refused", "[spec:config-linux#control-groups][MUST]") {
  Running first(ordinary());
  std::string const place = scratch() + "/second";
  ordinary().with("/linux/cgroupsPath", first.cgroup()).write(place);
  Result const result = proa("create", "--bundle", place, "second");
  CHECK(result.status > 0);
  check_words(result.error(), "container's cgroup is not empty");
  CHECK(first.status() == "running");
  CHECK(cgroup_members(first.cgroup()) == std::vector<pid_t>{first.pid()});
  if (result.ok()) proa("delete", "--force", "second");
}

TEST_CASE("a cgroup that is mounted writable belongs to the container's user",
          "[spec:config-linux#cgroup-ownership][SHOULD]") {
  if (world() != World::v2) SKIP_BECAUSE("this cgroup world is not version 2 alone");
  Json const mount = {{"destination", "/sys/fs/cgroup"},
                      {"type", "cgroup"},
                      {"source", "cgroup"},
                      {"options", {"nosuid", "noexec", "nodev", "rw"}}};
  auto const owner = [](Container const& web, char const* file) {
    struct stat info {};
    REQUIRE(stat((*cgroup_directory("freezer", web.cgroup()) + file).c_str(), &info) == 0);
    return info.st_uid;
  };
  Created writable(userns().mount(mount));
  for (char const* file : {"", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"}) {
    CAPTURE(file);
    CHECK(owner(writable, file) == 100000);
  }
  CHECK(owner(writable, "/cgroup.max.depth") == 0);
  Json fixed = mount;
  fixed["options"] = {"ro"};
  Created readonly(userns().mount(fixed));
  CHECK(owner(readonly, "") == 0);
}

TEST_CASE("the cgroup of a running container is a leaf", "[contract:cgroups]") {
  // containerd turns controllers on in its parents; an inner cgroup would hide OOM counts.
  Running web(ordinary());
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (!exists(directory)) continue;
    CAPTURE(directory);
    CHECK(run({{"find", directory, "-mindepth", "1", "-type", "d"}, "", ""}).out.empty());
  }
}

}  // namespace conformance
