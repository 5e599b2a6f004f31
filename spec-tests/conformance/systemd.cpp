// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// systemd as the cgroup manager with version 2 alone: what the kernel has in its files, what
// systemd says of the unit, and what is left of both.
#include "systemd.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#define SKIP_WITHOUT_SYSTEMD_V2()                                              \
  SKIP_WITHOUT_SYSTEMD()                                                       \
  if (world() != World::v2) {                                                  \
    SKIP_BECAUSE(std::string("systemd's cgroups are not those of version 2")); \
  }

namespace conformance {
namespace {

std::string cgroup_of(pid_t pid) {
  return without_newline(read_text("/proc/" + std::to_string(pid) + "/cgroup").value_or("none"));
}

}  // namespace

TEST_CASE("systemd makes the container's cgroup, a scope in its slice",
          "[systemd][spec:config-linux#cgroups-path]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  {
    Running web(scope.in(ordinary()));
    CHECK(cgroup_of(web.pid()) == "0::/system.slice/" + scope.unit());
    CHECK(scope.show("ActiveState") == "active");
    CHECK(scope.show("Slice") == "system.slice");
    CHECK(scope.show("Delegate") == "yes");
    CHECK(scope.show("Transient") == "yes");
    CHECK(scope.show("CollectMode") == "inactive-or-failed");
    REQUIRE(web.kill("KILL").ok());
    web.wait();
    check_ok(web.remove());
    scope.check_gone();
  }
}

TEST_CASE("slices above are made from the dashes of a name", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  {
    Running web(
        ordinary().with("/linux/cgroupsPath", "proatest-deep.slice:x:" + std::to_string(getpid())));
    CHECK(cgroup_of(web.pid()) ==
          "0::/proatest.slice/proatest-deep.slice/x-" + std::to_string(getpid()) + ".scope");
  }
  systemctl({"stop", "proatest-deep.slice", "proatest.slice"});
}

TEST_CASE("without a cgroupsPath the scope is named after the container", "[systemd][proa]") {
  SKIP_WITHOUT_SYSTEMD();
  GlobalOptions const options(by_systemd);
  std::string const place = scratch() + "/bundle";
  std::string const name = "named-" + std::to_string(getpid());
  ordinary().without_namespace("cgroup").doing({{"read", "/proc/self/cgroup"}}).write(place);
  Result const result = proa("run", "--bundle", place, name);
  INFO(result.err);
  REQUIRE(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("/system.slice/proa-" + name + ".scope"));
}

TEST_CASE("a container sees its scope as the root of its cgroup namespace", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  Scope const scope;
  Json const seen = inside(scope.in(ordinary()), {{"read", "/proc/self/cgroup"}})[0];
  CHECK(seen.at("text") == "0::/\n");
}

TEST_CASE("limits are in the kernel's files, and systemd knows them", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  Scope const scope;
  Json const resources = {
      {"memory", {{"limit", 67108864}, {"swap", 134217728}, {"reservation", 33554432}}},
      {"cpu",
       {{"shares", 512}, {"quota", 50000}, {"period", 200000}, {"cpus", "0"}, {"mems", "0"}}},
      {"pids", {{"limit", 50}}}};
  Created const web(scope.in(ordinary()).with("/linux/resources", resources));
  CHECK(scope.file("memory.max") == "67108864");
  CHECK(scope.file("memory.swap.max") == "67108864");
  CHECK(scope.file("memory.low") == "33554432");
  CHECK(scope.file("cpu.max") == "50000 200000");
  CHECK(scope.file("cpuset.cpus") == "0");
  CHECK(scope.file("cpuset.mems") == "0");
  CHECK(scope.file("pids.max") == "50");
  CHECK(scope.show("MemoryMax") == "67108864");
  CHECK(scope.show("MemorySwapMax") == "67108864");
  CHECK(scope.show("MemoryLow") == "33554432");
  CHECK(scope.show("CPUWeight") == scope.file("cpu.weight"));
  CHECK(scope.show("CPUQuotaPerSecUSec") == "250ms");
  CHECK(scope.show("CPUQuotaPeriodUSec") == "200ms");
  CHECK(scope.show("AllowedCPUs") == "0");
  CHECK(scope.show("AllowedMemoryNodes") == "0");
  CHECK(scope.show("TasksMax") == "50");
}

TEST_CASE("a quota that is no whole percent is exact in the kernel's file", "[systemd][proa]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  Scope const scope;
  Created const web(scope.in(ordinary()).with("/linux/resources", {{"cpu", {{"quota", 12345}}}}));
  CHECK(scope.file("cpu.max") == "12345 100000");
  CHECK(scope.show("CPUQuotaPerSecUSec") == "130ms");
  check_ok(proa("update", "--cpu-quota", "23456", web.id()));
  CHECK(scope.file("cpu.max") == "23456 100000");
  CHECK(scope.show("CPUQuotaPerSecUSec") == "240ms");
}

TEST_CASE("what systemd has no word for is written all the same", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  Scope const scope;
  Created const web(scope.in(ordinary())
                        .with("/linux/resources",
                              {{"hugepageLimits", {{{"pageSize", "2MB"}, {"limit", 4194304}}}},
                               {"cpu", {{"quota", 50000}, {"burst", 1000}}},
                               {"unified",
                                {{"memory.high", "50331648"},
                                 {"memory.oom.group", "1"},
                                 {"cgroup.max.descendants", "7"}}}}));
  CHECK(scope.file("hugetlb.2MB.max") == "4194304");
  CHECK(scope.file("cpu.max.burst") == "1000");
  CHECK(scope.file("memory.high") == "50331648");
  CHECK(scope.show("MemoryHigh") == "50331648");
  CHECK(scope.file("memory.oom.group") == "1");
  CHECK(scope.file("cgroup.max.descendants") == "7");
}

TEST_CASE("limits and the device list outlast a daemon-reload", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  Scope const scope;
  // Numbers that nobody needs a capability for, as there is no such device: ENXIO is what the list
  // lets through.
  Running const web(scope.in(ordinary())
                        .with("/linux/devices", {node("/dev/allowed", 12), node("/dev/denied", 13)})
                        .with("/linux/resources",
                              {{"devices", {{{"allow", false}, {"access", "rwm"}}, rule(true, 12)}},
                               {"memory", {{"limit", 67108864}}},
                               {"pids", {{"limit", 50}}}}));
  auto const check = [&](char const* when) {
    INFO(when);
    CHECK(open_errno(web, "/dev/allowed") == ENXIO);
    CHECK(open_errno(web, "/dev/null") == 0);
    CHECK(open_errno(web, "/dev/denied") == EPERM);
    CHECK(scope.file("memory.max") == "67108864");
    CHECK(scope.file("pids.max") == "50");
  };
  check("before");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  check("after a daemon-reload");
  REQUIRE(systemctl({"set-property", "--runtime", scope.unit(), "CPUWeight=50"}).ok());
  check("after a change by somebody else");
  check_ok(proa("update", "--cpu-share", "300", web.id()));
  check("after an update");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  check("after another daemon-reload");
}

TEST_CASE("an idle container stays idle when systemd writes its files anew",
          "[systemd][spec:config-linux#cpu]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(scope.in(ordinary()).with("/linux/resources/cpu", {{"idle", 1}}));
  CHECK(scope.file("cpu.idle") == "1");
  CHECK(scope.show("CPUWeight") == "idle");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  REQUIRE(systemctl({"set-property", "--runtime", scope.unit(), "CPUQuota=50%"}).ok());
  CHECK(scope.file("cpu.idle") == "1");
  check_ok(proa("update", "--cpu-share", "200", web.id()));
  CHECK(scope.file("cpu.idle") == "0");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  CHECK(scope.file("cpu.idle") == "0");
  auto const weight = scope.file("cpu.weight");
  CHECK(weight != "100");
  check_ok(proa("update", "--cpu-idle", "0", web.id()));
  CHECK(scope.file("cpu.weight") == weight);
}

TEST_CASE("update tells the kernel and systemd", "[systemd][contract:update]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(
      scope.in(ordinary()).with("/linux/resources", {{"memory", {{"limit", 67108864}}}}));
  check_ok(proa("update", "--memory", "100663296", "--pids-limit", "40", "--cpuset-cpus", "0",
                web.id()));
  CHECK(scope.file("memory.max") == "100663296");
  CHECK(scope.show("MemoryMax") == "100663296");
  CHECK(scope.file("pids.max") == "40");
  CHECK(scope.show("TasksMax") == "40");
  CHECK(scope.show("AllowedCPUs") == "0");
  REQUIRE(systemctl({"daemon-reload"}).ok());
  CHECK(scope.file("memory.max") == "100663296");
}

TEST_CASE("an update leaves alone what systemd rounds or has no word for",
          "[systemd][contract:update]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(
      scope.in(ordinary())
          .with("/linux/resources",
                {{"cpu", {{"quota", 12345}, {"period", 100000}}},
                 {"unified",
                  {{"memory.oom.group", "1"}, {"memory.high", "48M"}, {"pids.max", "30"}}}}));
  auto const check = [&](char const* when) {
    INFO(when);
    CHECK(scope.file("memory.oom.group") == "1");
    CHECK(scope.file("memory.high") == "50331648");
    CHECK(scope.file("cpu.max") == "12345 100000");
    CHECK(scope.file("pids.max") == "30");
  };
  check("before");
  CHECK(scope.show("MemoryHigh") == "50331648");
  check_ok(proa("update", "--memory", "67108864", web.id()));
  CHECK(scope.file("memory.max") == "67108864");
  check("after an update of memory");
  check_ok(proa("update", "--cpu-share", "200", web.id()));
  CHECK(scope.file("cpu.weight") == scope.show("CPUWeight"));
  check("after an update of shares");
}

TEST_CASE("a number of processes that systemd refuses is in the kernel's file", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Created const web(
      scope.in(ordinary()).with("/linux/resources", {{"unified", {{"pids.max", "0"}}}}));
  CHECK(scope.file("pids.max") == "0");
  CHECK(scope.show("TasksMax") == "1");
}

TEST_CASE("a scope in a frozen slice is refused",
          "[systemd][spec:config-linux#control-groups][MUST]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  GlobalOptions const options(by_systemd);
  std::string const slice = "proatestcold" + std::to_string(getpid()) + ".slice";
  std::string const file = "/sys/fs/cgroup/" + slice + "/cgroup.freeze";
  Scope const scope(slice);
  REQUIRE(systemctl({"start", slice}).ok());
  write_text(file, "1");
  check_words(refusal(scope.in(ordinary())), "container's cgroup unexpectedly frozen");
  CHECK(scope.show("LoadState") == "not-found");
  write_text(file, "0");
  systemctl({"stop", slice});
}

TEST_CASE("an update that fails changes nothing, with systemd neither",
          "[systemd][contract:update]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(
      scope.in(ordinary()).with("/linux/resources", {{"memory", {{"limit", 67108864}}}}));
  CHECK_FALSE(proa("update", "--memory", "100663296", "--cpuset-cpus", "4000", web.id()).ok());
  CHECK(scope.file("memory.max") == "67108864");
  CHECK(scope.show("MemoryMax") == "67108864");
}

TEST_CASE("update and delete know by themselves who made the cgroup", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD();
  Scope const scope;
  auto options = std::make_unique<GlobalOptions>(by_systemd);
  Running web(scope.in(ordinary()));
  options.reset();
  check_ok(proa("update", "--pids-limit", "40", web.id()));
  CHECK(scope.show("TasksMax") == "40");
  check_ok(proa("delete", "--force", web.id()));
  scope.check_gone();
}

TEST_CASE("pause and resume", "[systemd][contract:pause]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running web(scope.in(ordinary()));
  check_ok(proa("pause", web.id()));
  CHECK_THAT(read_text(scope.directory() + "/cgroup.events").value_or(""),
             ContainsSubstring("frozen 1"));
  CHECK(web.status() == "paused");
  check_ok(proa("resume", web.id()));
  CHECK(web.status() == "running");
  check_ok(proa("pause", web.id()));
  check_ok(proa("delete", "--force", web.id()));
  scope.check_gone();
}

TEST_CASE("groups that the container made are gone with its scope", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Created web(scope.in(ordinary()));
  make_directories(scope.directory() + "/a/b");
  check_ok(web.remove());
  scope.check_gone();
}

TEST_CASE("a create that fails leaves no unit", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD();
  GlobalOptions const options(by_systemd);
  Scope const late;
  refusal(late.in(ordinary()).args({"/no/such/program"}));
  late.check_gone();
  Scope const early;
  refusal(early.in(ordinary()).with("/linux/resources", {{"cpu", {{"cpus", "4000"}}}}));
  early.check_gone();
}

TEST_CASE("a scope that has processes is nobody else's", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Running const web(scope.in(ordinary()));
  check_words(refusal(scope.in(ordinary())), "container's cgroup is not empty");
  CHECK(web.status() == "running");
  CHECK(scope.show("ActiveState") == "active");
}

TEST_CASE("annotations are properties of the unit", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  Created const web(
      scope.in(ordinary())
          .with("/annotations", {{"org.systemd.property.TimeoutStopUSec", "uint64 123000000"},
                                 {"org.systemd.property.RuntimeMaxSec", "4000"},
                                 {"org.systemd.property.Description", "'a web server'"}}));
  CHECK(scope.show("TimeoutStopUSec") == "2min 3s");
  CHECK(scope.show("RuntimeMaxUSec") == "1h 6min 40s");
  CHECK(scope.show("Description") == "a web server");
}

TEST_CASE("what systemd refuses is an error in its words", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD();
  Scope const scope;
  GlobalOptions const options(by_systemd);
  check_words(
      refusal(
          scope.in(ordinary()).with("/annotations", {{"org.systemd.property.NoSuchThing", "1"}})),
      "NoSuchThing");
  scope.check_gone();
}

TEST_CASE("a cgroupsPath that is none for systemd is refused",
          "[systemd][spec:config-linux#cgroups-path][MUST]") {
  SKIP_WITHOUT_SYSTEMD();
  GlobalOptions const options(by_systemd);
  for (char const* path : {"/a/b", "a.slice:b", "a:b:c", "a--b.slice:b:c"}) {
    CAPTURE(path);
    check_words(refusal(ordinary().with("/linux/cgroupsPath", path)), "/linux/cgroupsPath");
  }
}

TEST_CASE("many containers leave no unit and no cgroup", "[systemd]") {
  SKIP_WITHOUT_SYSTEMD();
  GlobalOptions const options(by_systemd);
  std::string const place = scratch() + "/bundle";
  for (int turn = 0; turn < 50; ++turn) {
    Scope const scope;
    remove_tree(place);
    scope.in(ordinary()).args({"/probe", "exit", "0"}).write(place);
    std::string const id = "many-" + std::to_string(turn);
    Result const result = proa("run", "--bundle", place, id);
    INFO(result.err);
    REQUIRE(result.ok());
  }
  CHECK(systemctl({"list-units", "--all", "--plain", "--no-legend",
                   "proatest-" + std::to_string(getpid()) + "_*"})
            .out.empty());
}

TEST_CASE("a plain user's containers are units of the user's manager",
          "[systemd][contract:rootless]") {
  SKIP_WITHOUT_SYSTEMD_V2();
  std::string const runtime_directory = "/run/user/" + std::to_string(plain_user);
  if (!exists(runtime_directory + "/systemd/private")) {
    SKIP_BECAUSE(std::string("user 1000 has no manager"));
  }
  Json const map = Json::array({{{"containerID", 0}, {"hostID", plain_user}, {"size", 1}}});
  std::string const name = std::to_string(getpid());
  std::string const place = scratch() + "/rootless";
  ordinary()
      .args({"/probe", "wait"})  // nobody reads what it says once create has ended
      .without_namespace("network")
      .with_namespace("user")
      .without_mount("/sys")
      .with("/linux/uidMappings", map)
      .with("/linux/gidMappings", map)
      .with("/linux/cgroupsPath", "user.slice:proatest:" + name)
      .with("/linux/resources", {{"memory", {{"limit", 67108864}}}, {"pids", {{"limit", 30}}}})
      .write(place);
  make_directories(state_root());
  for (auto const& path : {place, state_root()}) {
    run({{"chown", "-R", std::to_string(plain_user), path}, "", ""});
  }
  auto const as_user = [&](Words words) {
    words.insert(words.begin(), "--systemd-cgroup");
    auto command = runtime_command(std::move(words));
    command.user = plain_user;
    command.env = {"XDG_RUNTIME_DIR=" + runtime_directory, "HOME=/"};
    return run(command);
  };
  std::string const directory =
      "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/"
      "user.slice/proatest-" +
      name + ".scope";
  check_ok(as_user({"create", "--bundle", place, "rootless"}));
  CHECK(without_newline(read_text(directory + "/memory.max").value_or("none")) == "67108864");
  CHECK(without_newline(read_text(directory + "/pids.max").value_or("none")) == "30");
  check_ok(as_user({"start", "rootless"}));
  check_ok(as_user({"update", "--memory", "100663296", "rootless"}));
  CHECK(without_newline(read_text(directory + "/memory.max").value_or("none")) == "100663296");
  check_ok(as_user({"pause", "rootless"}));
  CHECK_THAT(read_text(directory + "/cgroup.events").value_or(""), ContainsSubstring("frozen 1"));
  check_ok(as_user({"resume", "rootless"}));
  check_ok(as_user({"delete", "--force", "rootless"}));
  CHECK_FALSE(exists(directory));
  CHECK_FALSE(exists(state_root() + "/rootless"));
}

TEST_CASE("without systemd its manager is refused", "[systemd][proa]") {
  if (exists("/run/systemd/system")) SKIP_BECAUSE(std::string("systemd runs here"));
  GlobalOptions const options(by_systemd);
  std::string const said = refusal(ordinary().with("/linux/cgroupsPath", "system.slice:a:b"));
  CHECK_THAT(said, ContainsSubstring("the systemd cgroup manager needs"));
}

}  // namespace conformance
