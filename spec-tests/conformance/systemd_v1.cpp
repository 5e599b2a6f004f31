// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// systemd as the cgroup manager where hierarchies of version 1 are: it makes the container's group
// in some of them, the runtime in the others, and nothing is left in any.
#include <cerrno>
#include <sstream>

#include "systemd.hpp"

#define SKIP_WITHOUT_SYSTEMD_V1()                                       \
  SKIP_WITHOUT_SYSTEMD()                                                \
  if (world() == World::v2) {                                           \
    SKIP_BECAUSE(std::string("there are no hierarchies of version 1")); \
  }

namespace conformance {
namespace {

std::string value(Scope const& scope, char const* controller, char const* file) {
  return cgroup_value(controller, scope.group(), file).value_or("none");
}

/// Every hierarchy in `text`, which is a /proc/PID/cgroup, has the process in `group`.
void check_groups(std::string const& text, std::string const& group) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    // A controller whose hierarchy is not mounted is out of everybody's reach.
    auto const names = line.substr(line.find(':') + 1, line.rfind(':') - line.find(':') - 1);
    if (names.empty() && world() != World::hybrid) continue;
    if (!names.empty() && !cgroup_directory(names.substr(0, names.find(',')), "")) continue;
    CHECK(line.substr(line.rfind(':') + 1) == group);
  }
}

Json const limits = {
    {"memory", {{"limit", 67108864}}},
    {"cpu", {{"shares", 512}, {"quota", 50000}, {"period", 200000}, {"cpus", "0"}}},
    {"pids", {{"limit", 50}}}};

}  // namespace

TEST_CASE("with version 1 a container is in its scope's group in every hierarchy",
          "[systemd][spec:config-linux#cgroups-path]") {
  SKIP_WITHOUT_SYSTEMD_V1();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  {
    Running web(scope.in(ordinary()));
    check_groups(read_text("/proc/" + std::to_string(web.pid()) + "/cgroup").value_or(""),
                 scope.group());
    // A further process, which systemd is not asked to move; in the container's cgroup namespace.
    Result const further = proa("exec", web.id(), "/probe", "read", "/proc/self/cgroup");
    check_ok(further);
    check_groups(Json::parse(further.out).at("text"), "/");
    CHECK(scope.show("ActiveState") == "active");
    CHECK(scope.show("Delegate") == "yes");
    REQUIRE(web.kill("KILL").ok());
    web.wait();
    check_ok(web.remove());
  }
  scope.check_gone();
}

TEST_CASE("with version 1 limits are in the kernel's files, and systemd knows them", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V1();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  {
    Created const web(scope.in(ordinary()).with("/linux/resources", limits));
    CHECK(value(scope, "memory", "memory.limit_in_bytes") == "67108864");
    CHECK(value(scope, "cpu", "cpu.shares") == "512");
    CHECK(value(scope, "cpu", "cpu.cfs_quota_us") == "50000");
    CHECK(value(scope, "cpu", "cpu.cfs_period_us") == "200000");
    CHECK(value(scope, "cpuset", "cpuset.cpus") == "0");
    CHECK(value(scope, "pids", "pids.max") == "50");
    CHECK(scope.show("MemoryLimit") == "67108864");
    CHECK(scope.show("CPUShares") == "512");
    CHECK(scope.show("CPUQuotaPerSecUSec") == "250ms");
    CHECK(scope.show("CPUQuotaPeriodUSec") == "200ms");
    CHECK(scope.show("TasksMax") == "50");
  }
  scope.check_gone();
}

TEST_CASE("with version 1 limits and the device list outlast a daemon-reload", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V1();
  GlobalOptions const options(by_systemd);
  Scope const scope;
  Running const web(
      scope.in(ordinary())
          .with("/linux/devices", {node("/dev/allowed", 12), node("/dev/denied", 13)})
          .with("/linux/resources", limits)
          .with("/linux/resources/devices",
                Json::array({{{"allow", false}, {"access", "rwm"}}, rule(true, 12)})));
  auto const check = [&](char const* when) {
    INFO(when);
    CHECK(open_errno(web, "/dev/allowed") == ENXIO);
    CHECK(open_errno(web, "/dev/null") == 0);
    CHECK(open_errno(web, "/dev/denied") == EPERM);
    CHECK(value(scope, "memory", "memory.limit_in_bytes") == "67108864");
    CHECK(value(scope, "cpu", "cpu.cfs_quota_us") == "50000");
    CHECK(value(scope, "pids", "pids.max") == "50");
  };
  check("before");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  check("after a daemon-reload");
  check_ok(proa("update", "--cpu-share", "300", web.id()));
  check("after an update");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  check("after another daemon-reload");
  CHECK(value(scope, "cpu", "cpu.shares") == "300");
}

TEST_CASE("with version 1 update tells the kernel and systemd", "[systemd][contract:update]") {
  SKIP_WITHOUT_SYSTEMD_V1();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(scope.in(ordinary()).with("/linux/resources", limits));
  check_ok(proa("update", "--memory", "100663296", "--pids-limit", "40", "--cpu-quota", "100000",
                web.id()));
  CHECK(value(scope, "memory", "memory.limit_in_bytes") == "100663296");
  CHECK(scope.show("MemoryLimit") == "100663296");
  CHECK(value(scope, "pids", "pids.max") == "40");
  CHECK(scope.show("TasksMax") == "40");
  CHECK(value(scope, "cpu", "cpu.cfs_quota_us") == "100000");
  CHECK(value(scope, "cpu", "cpu.cfs_period_us") == "200000");
  CHECK(scope.show("CPUQuotaPerSecUSec") == "500ms");
}

TEST_CASE("with version 1 an update that fails changes nothing, with systemd neither",
          "[systemd][contract:update]") {
  SKIP_WITHOUT_SYSTEMD_V1();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(scope.in(ordinary()).with("/linux/resources", limits));
  CHECK_FALSE(proa("update", "--memory", "100663296", "--cpuset-cpus", "4000", web.id()).ok());
  CHECK(value(scope, "memory", "memory.limit_in_bytes") == "67108864");
  CHECK(scope.show("MemoryLimit") == "67108864");
}

TEST_CASE("with version 1 a paused container of a scope goes on, or is deleted",
          "[systemd][contract:pause]") {
  SKIP_WITHOUT_SYSTEMD_V1();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running web(scope.in(ordinary()));
  check_ok(proa("pause", web.id()));
  CHECK(value(scope, "freezer", "freezer.state") == "FROZEN");
  CHECK(web.status() == "paused");
  check_ok(proa("resume", web.id()));
  CHECK(web.status() == "running");
  check_ok(proa("pause", web.id()));
  check_ok(proa("delete", "--force", web.id()));
  scope.check_gone();
}

}  // namespace conformance
