// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the groups are and who needs them.

#include "cgroup/plan.hpp"

#include "catch.hpp"
#include "hosts.hpp"

using namespace proa;
using namespace proa::cgroup;
using hosts::group;
using hosts::Refusal;
using hosts::refusal;
using hosts::Words;

namespace {

Spec at(std::string path) {
  Spec spec;
  spec.linux.cgroups_path = std::move(path);
  return spec;
}

/// A container that has its own cgroup namespace, a writable cgroup mount and user 1000.
Spec with_cgroup_mount() {
  Spec spec;
  spec.process.emplace().user.uid = 1000;
  spec.linux.namespaces = {{spec::NamespaceType::cgroup, ""}};
  spec.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid"}, {}, {}}};
  return spec;
}

}  // namespace

TEST_CASE("every hierarchy gets a group at the same path") {
  auto const plan = hosts::plan(at("/pod/web"), hosts::hybrid());
  REQUIRE(plan.groups.size() == 8);
  for (auto const& each : plan.groups) CHECK(each.path == "pod/web");
  CHECK(group(plan, "cpu,cpuacct").directory() == "/sys/fs/cgroup/cpu,cpuacct/pod/web");
  CHECK(plan.groups.back().v2);
  CHECK(plan.groups.back().directory() == "/sys/fs/cgroup/unified/pod/web");
}

TEST_CASE("an absolute cgroupsPath is below the mount point",
          "[spec:config-linux#cgroups-path][MUST]") {
  CHECK(hosts::plan(at("/a/b"), hosts::v2()).groups.at(0).directory() == "/sys/fs/cgroup/a/b");
}

TEST_CASE("a relative cgroupsPath means the same place every time",
          "[spec:config-linux#cgroups-path][MUST]") {
  auto host = hosts::v2();
  host.cgroups.hierarchies[0].own = "/user.slice/x";
  CHECK(hosts::plan(at("a/b"), host).groups.at(0).directory() == "/sys/fs/cgroup/a/b");
  CHECK(hosts::plan(at("a/b"), hosts::v2()).groups.at(0).directory() == "/sys/fs/cgroup/a/b");
}

TEST_CASE("without a cgroupsPath the id is the name", "[spec:config-linux#cgroups-path]") {
  CHECK(hosts::plan(Spec(), hosts::v2()).groups.at(0).path == "web");
}

TEST_CASE("empty parts and dots of a cgroupsPath mean nothing") {
  CHECK(hosts::plan(at("//a/./b/"), hosts::v2()).groups.at(0).path == "a/b");
}

TEST_CASE("a cgroupsPath that leads elsewhere is refused",
          "[spec:config-linux#cgroups-path][MUST]") {
  auto const words_for = [](std::string const& path) {
    return refusal([&] { hosts::plan(at(path), hosts::v2()); });
  };
  CHECK(words_for("/a/../../b") ==
        Refusal{ErrorKind::config, "/linux/cgroupsPath: \"/a/../../b\" leads upwards"});
  CHECK(words_for("..").kind == ErrorKind::config);
  CHECK(words_for("/") == Refusal{ErrorKind::config,
                                  "/linux/cgroupsPath: \"/\" is the root of the hierarchy, which "
                                  "no container can have"});
  CHECK(words_for(std::string("/a\0b", 4)).kind == ErrorKind::config);
}

TEST_CASE("a group name may begin with two dots") {
  CHECK(hosts::plan(at("/..a/b.."), hosts::v2()).groups.at(0).path == "..a/b..");
}

TEST_CASE("a cgroupsPath on a host without cgroups is refused") {
  CHECK(refusal([&] { hosts::plan(at("/a"), Host()); }) ==
        Refusal{ErrorKind::unsupported, "/linux/cgroupsPath: no cgroup hierarchy is mounted"});
}

TEST_CASE("a container that asks for nothing needs no cgroups") {
  auto const plan = hosts::plan(Spec(), hosts::hybrid());
  CHECK_FALSE(plan.required);
  for (auto const& each : plan.groups) CHECK(each.need == Need::nobody);
  CHECK(hosts::plan(Spec(), Host()).groups.empty());
}

TEST_CASE("a cgroupsPath is needed in every hierarchy but those without controllers") {
  auto const plan = hosts::plan(at("/a"), hosts::hybrid());
  CHECK(plan.required);
  CHECK(group(plan, "freezer").need == Need::path);
  CHECK(group(plan, "unified").need == Need::path);
  CHECK(group(plan, "systemd").need == Need::nobody);
}

TEST_CASE("a limit is needed in its own hierarchy only") {
  spec::Resources resources;
  resources.pids.limit = 10;
  auto const plan = hosts::plan(resources, hosts::hybrid());
  CHECK(plan.required);
  CHECK(group(plan, "pids").need == Need::limits);
  CHECK(group(plan, "memory").need == Need::nobody);
  CHECK(group(plan, "unified").need == Need::nobody);
}

TEST_CASE("a device list alone does not make cgroups required") {
  spec::Resources resources;
  resources.devices = {{false, spec::DeviceRuleType::all, {}, {}, "rwm"}};
  CHECK_FALSE(hosts::plan(resources, hosts::v2()).required);
}

TEST_CASE("pure v2 has all controllers, the ones with limits at any rate",
          "[spec:config-linux#unified][MUST]") {
  spec::Resources resources;
  resources.memory.limit = 4096;
  resources.pids.limit = 3;
  auto const plan = hosts::plan(resources, hosts::v2({"cpu", "memory", "pids"}));
  CHECK(plan.groups.at(0).wanted == Words{"cpu", "memory", "pids"});
  CHECK(plan.groups.at(0).needed == Words{"memory", "pids"});
}

TEST_CASE("a controller that only unified speaks of is needed too",
          "[spec:config-linux#unified][MUST]") {
  spec::Resources resources;
  resources.unified = {{"cgroup.max.depth", "3"}, {"io.max", "8:0 rbps=1"}};
  CHECK(hosts::plan(resources, hosts::v2()).groups.at(0).needed == Words{"io"});
}

TEST_CASE("a hybrid host's v2 hierarchy has the controllers with limits only") {
  CHECK(group(hosts::plan(Spec(), hosts::hybrid()), "unified").wanted.empty());
  spec::Resources resources;
  resources.hugepage_limits = {{"2MB", 4096}};
  CHECK(group(hosts::plan(resources, hosts::hybrid()), "unified").wanted == Words{"hugetlb"});
}

TEST_CASE("the cgroup manager disabled means no groups") {
  Spec spec = at("/a");
  spec.linux.resources.memory.limit = 4096;
  Host const host = hosts::v2();
  auto const plan = cgroup::plan({spec, host, "web", CgroupManager::disabled});
  CHECK(plan.groups.empty());
  CHECK_FALSE(plan.required);
  CHECK(plan.manager == CgroupManager::disabled);
}

// --- devices: where the list goes ---------------------------------------------------------------

TEST_CASE("the device list goes to the v1 controller where there is one") {
  for (auto const& host : {hosts::v1(), hosts::hybrid()}) {
    auto const plan = hosts::plan(Spec(), host);
    CHECK(group(plan, "devices").devices.front().file == "devices.deny");
    CHECK(plan.device_program.empty());
  }
}

TEST_CASE("without the v1 controller the device list is a program") {
  CHECK_FALSE(hosts::plan(Spec(), hosts::v2()).device_program.empty());
  auto host = hosts::hybrid();
  std::erase_if(host.cgroups.hierarchies, [](auto const& row) { return row.name == "devices"; });
  CHECK_FALSE(hosts::plan(Spec(), host).device_program.empty());
}

TEST_CASE("a device list that nobody can enforce is refused") {
  spec::Resources resources;
  resources.devices = {{false, spec::DeviceRuleType::all, {}, {}, "rwm"}};
  auto const host = hosts::v1({"memory"});
  CHECK(hosts::refusal_of(resources, host) ==
        Refusal{ErrorKind::unsupported,
                "/linux/resources/devices: this host has neither a cgroup controller devices nor "
                "cgroup v2"});
  CHECK(hosts::refusal_of({}, host).text == "no error");
  resources.devices[0].allow = true;
  CHECK(hosts::refusal_of(resources, host).text == "no error");
}

TEST_CASE("without root's powers EPERM is all that a device list can get") {
  spec::Resources resources;
  resources.devices = {{true, spec::DeviceRuleType::character, 10, 229, "rwm"}};
  auto const harmless = [&](Host const& host) {
    auto const plan = hosts::plan(resources, host);
    return group(plan, "devices").devices.at(1).harmless == std::vector<int>{EPERM};
  };
  auto host = hosts::v1();
  CHECK_FALSE(harmless(host));
  host.rootless = true;
  CHECK(harmless(host));
}

TEST_CASE("a default device that the parent group lacks is no error") {
  auto const plan = hosts::plan(Spec(), hosts::v1());
  auto const& devices = group(plan, "devices").devices;
  CHECK(devices.front().harmless.empty());
  CHECK(devices.back().harmless == std::vector<int>{EPERM});
}

// --- ownership ----------------------------------------------------------------------------------

TEST_CASE("the container's user gets its group", "[spec:config-linux#cgroup-ownership][SHOULD]") {
  CHECK(hosts::plan(with_cgroup_mount(), hosts::v2()).owner == 1000);
}

TEST_CASE("the owner is the host's id of the container's user",
          "[spec:config-linux#cgroup-ownership]") {
  auto spec = with_cgroup_mount();
  spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
  spec.linux.uid_mappings = {{0, 100000, 1000}, {1000, 5000, 10}};
  CHECK(hosts::plan(spec, hosts::v2()).owner == 5000);
  spec.linux.uid_mappings = {{0, 100000, 1000}};
  CHECK(hosts::plan(spec, hosts::v2()).owner == std::nullopt);
}

TEST_CASE("with v1 nobody gets a group", "[spec:config-linux#cgroup-ownership][SHOULD]") {
  CHECK(hosts::plan(with_cgroup_mount(), hosts::v1()).owner == std::nullopt);
  CHECK(hosts::plan(with_cgroup_mount(), hosts::hybrid()).owner == std::nullopt);
}

TEST_CASE("without a new cgroup namespace nobody gets the group",
          "[spec:config-linux#cgroup-ownership][SHOULD]") {
  auto spec = with_cgroup_mount();
  spec.linux.namespaces[0].path = "/proc/1/ns/cgroup";
  CHECK(hosts::plan(spec, hosts::v2()).owner == std::nullopt);
  spec.linux.namespaces.clear();
  CHECK(hosts::plan(spec, hosts::v2()).owner == std::nullopt);
}

TEST_CASE("without a writable cgroup mount nobody gets the group",
          "[spec:config-linux#cgroup-ownership][SHOULD]") {
  auto spec = with_cgroup_mount();
  spec.mounts[0].options.push_back("ro");
  CHECK(hosts::plan(spec, hosts::v2()).owner == std::nullopt);
  spec.mounts.clear();
  CHECK(hosts::plan(spec, hosts::v2()).owner == std::nullopt);
}

TEST_CASE("the caller's own id needs no change of owner", "[spec:config-linux#cgroup-ownership]") {
  auto spec = with_cgroup_mount();
  spec.process->user.uid = 0;
  CHECK(hosts::plan(spec, hosts::v2()).owner == std::nullopt);
}
