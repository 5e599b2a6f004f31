// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The unit of a container and where its group is.

#include "cgroup/unit.hpp"

#include "catch.hpp"
#include "hosts.hpp"

using namespace proa;
using namespace proa::cgroup;
using hosts::Refusal;
using hosts::refusal;

namespace {

Spec at(std::string path) {
  Spec spec;
  spec.linux.cgroups_path = std::move(path);
  return spec;
}

Plan plan_of(Spec const& spec, Host const& host = hosts::v2()) {
  return plan({spec, host, "web", CgroupManager::systemd});
}

Refusal refused(std::string const& path) {
  return refusal([&] { plan_of(at(path)); });
}

Refusal bad_form(std::string const& path) {
  return {ErrorKind::config,
          "/linux/cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for "
          "systemd cgroups, got \"" +
              path + "\" instead"};
}

dbus::Value const* find(Properties const& properties, std::string_view name) {
  dbus::Value const* found = nullptr;
  for (auto const& each : properties) {
    if (each.name != name) continue;
    CHECK(found == nullptr);  // once
    found = &each.value;
  }
  return found;
}

Host rootless(std::string own) {
  auto host = hosts::v2();
  host.rootless = true;
  host.uid = 1000;
  host.cgroups.hierarchies[0].own = std::move(own);
  return host;
}

constexpr char manager_of_1000[] = "user.slice/user-1000.slice/user@1000.service/";

}  // namespace

TEST_CASE("slice:prefix:name names a scope in a slice", "[spec:config-linux#cgroups-path]") {
  auto const plan = plan_of(at("machine.slice:libpod:web"));
  CHECK(plan.unit->name == "libpod-web.scope");
  CHECK(plan.unit->slice == "machine.slice");
  CHECK_FALSE(plan.unit->user);
  REQUIRE(plan.groups.size() == 1);
  CHECK(plan.groups[0].directory() == "/sys/fs/cgroup/machine.slice/libpod-web.scope");
  CHECK(plan.groups[0].need == Need::path);
}

TEST_CASE("without a cgroupsPath the scope is named after the container",
          "[spec:config-linux#cgroups-path]") {
  auto const plan = plan_of(Spec());
  CHECK(plan.unit->name == "proa-web.scope");
  CHECK(plan.groups.at(0).path == "system.slice/proa-web.scope");
}

TEST_CASE("without a slice it is the system's, without a prefix there is no dash") {
  CHECK(plan_of(at(":cri-containerd:web")).groups[0].path ==
        "system.slice/cri-containerd-web.scope");
  CHECK(plan_of(at("::web")).groups[0].path == "system.slice/web.scope");
  CHECK(plan_of(at("-.slice::web")).groups[0].path == "web.scope");
}

TEST_CASE("every dash in a slice's name is a slice above it") {
  CHECK(slice_path("a.slice") == "a.slice");
  CHECK(slice_path("a-b.slice") == "a.slice/a-b.slice");
  CHECK(slice_path("kubepods-besteffort-pod1_2.slice") ==
        "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice");
  CHECK(slice_path("-.slice").empty());
  CHECK(plan_of(at("a-b.slice:p:web")).groups[0].path == "a.slice/a-b.slice/p-web.scope");
}

TEST_CASE("what is not of three parts is refused", "[spec:config-linux#cgroups-path][MUST]") {
  for (auto const* const path : {"/a/b", "a/b", "web", "a.slice:web", "a.slice:p:", "a:b:c:d",
                                 "a.slice:p:w/b", "a.slice/b.slice:p:w", "::"}) {
    CHECK(refused(path) == bad_form(path));
  }
}

TEST_CASE("a slice that is none is refused", "[spec:config-linux#cgroups-path][MUST]") {
  CHECK(refused("system:p:w") ==
        Refusal{ErrorKind::config,
                "/linux/cgroupsPath: \"system:p:w\": \"system\" is no systemd slice: it has to end "
                "in .slice"});
  for (auto const* const slice : {"-a.slice", "a-.slice", "a--b.slice", ".slice", "--.slice"}) {
    CHECK_THAT(refused(slice + std::string(":p:w")).text,
               Catch::Matchers::EndsWith("has an empty part between its dashes"));
  }
  CHECK_THAT(refused("a b.slice:p:w").text, Catch::Matchers::EndsWith("is no name of a unit"));
}

TEST_CASE("a slice can't be the container's own unit") {
  CHECK(refused("a.slice:p:b.slice").text ==
        "/linux/cgroupsPath: \"a.slice:p:b.slice\": a slice holds no processes");
}

TEST_CASE("a name longer than a unit's is refused") {
  CHECK(plan_of(at("::" + std::string(249, 'a'))).unit->name.size() == 255);
  CHECK_THAT(refused("::" + std::string(250, 'a')).text,
             Catch::Matchers::EndsWith("is too long for the name of a unit"));
}

TEST_CASE("letters that no unit's name may have are escaped") {
  CHECK(escaped_for_unit("a+b c") == "a\\x2bb\\x20c");
  CHECK(escaped_for_unit("Az09:-_.@\\") == "Az09:-_.@\\");
  Spec const spec;
  auto const host = hosts::v2();
  CHECK(plan({spec, host, "a+b", CgroupManager::systemd}).unit->name == "proa-a\\x2bb.scope");
}

TEST_CASE("without root's powers it is a unit of the user's manager") {
  auto const own = GENERATE(as<std::string>(), "/user.slice/user-1000.slice/session-3.scope",
                            "/user.slice/user-1000.slice/user@1000.service/app.slice/podman.scope",
                            "/", "/init.scope");
  auto const plan = plan_of(Spec(), rootless(own));
  CHECK(plan.unit->user);
  CHECK(plan.unit->slice == "user.slice");
  CHECK(plan.groups[0].path == manager_of_1000 + std::string("user.slice/proa-web.scope"));
}

TEST_CASE("root of a user namespace has the manager of the user who made it") {
  auto host = rootless("/user.slice/user-1234.slice/user@1234.service/x.scope");
  host.uid = 0;
  host.user_namespace = true;
  CHECK(plan_of(at("a.slice:p:w"), host).groups[0].path ==
        "user.slice/user-1234.slice/user@1234.service/a.slice/p-w.scope");
}

TEST_CASE("a scope is delegated, without default dependencies, and collected when it fails") {
  auto const properties = plan_of(at("a.slice:p:w")).unit->properties;
  REQUIRE(find(properties, "Slice") != nullptr);
  CHECK(*find(properties, "Slice") == dbus::string("a.slice"));
  CHECK(*find(properties, "Description") == dbus::string("container web"));
  CHECK(*find(properties, "Delegate") == dbus::boolean(true));
  CHECK(*find(properties, "DefaultDependencies") == dbus::boolean(false));
  CHECK(*find(properties, "CollectMode") == dbus::string("inactive-or-failed"));
  CHECK(find(properties, "DevicePolicy") == nullptr);
}

TEST_CASE("annotations add properties, and count more than the runtime's own") {
  auto spec = at("a.slice:p:w");
  spec.annotations = {{"org.systemd.property.TimeoutStopUSec", "uint64 5"},
                      {"org.systemd.property.CollectMode", "'inactive'"},
                      {"org.systemd.propertyX", "1"},
                      {"other", "text"}};
  auto const properties = plan_of(spec).unit->properties;
  CHECK(*find(properties, "TimeoutStopUSec") == dbus::uint64(5));
  CHECK(*find(properties, "CollectMode") == dbus::string("inactive"));
}

TEST_CASE("with v1 hierarchies the scope's group is in each of them") {
  for (auto const& host : {hosts::v1(), hosts::hybrid()}) {
    auto const plan = plan_of(at("a-b.slice:p:w"), host);
    REQUIRE(plan.groups.size() == host.cgroups.hierarchies.size());
    for (auto const& group : plan.groups) CHECK(group.path == "a.slice/a-b.slice/p-w.scope");
  }
}

TEST_CASE("what could be a file of a group is a name of its own") {
  for (auto const& [path, group] : {std::pair{"a.slice::memory.web", "a.slice/_memory.web.scope"},
                                    std::pair{"a.slice:_pod:web", "a.slice/__pod-web.scope"},
                                    std::pair{"a.slice::memory", "a.slice/_memory.scope"},
                                    std::pair{"cpu.slice::web", "_cpu.slice/web.scope"},
                                    std::pair{"a.slice::memoryweb", "a.slice/memoryweb.scope"}}) {
    CAPTURE(path);
    CHECK(plan_of(at(path), hosts::v1()).groups[0].path == group);
  }
}

TEST_CASE("a scope needs a hierarchy to be in") {
  CHECK(refusal([&] { plan_of(Spec(), Host()); }).text ==
        "the systemd cgroup manager needs a cgroup hierarchy, and none is mounted");
}

TEST_CASE("the manager of a user is for hosts with cgroup v2 alone") {
  for (auto host : {hosts::v1(), hosts::hybrid()}) {
    host.rootless = true;
    CHECK(refusal([&] { plan_of(Spec(), host); }) ==
          Refusal{ErrorKind::unsupported,
                  "the systemd cgroup manager of a user needs a host with cgroup v2 alone"});
  }
}

TEST_CASE("limits, devices and controllers are those of the cgroupfs manager") {
  auto spec = at("a.slice:p:w");
  spec.linux.resources.memory.limit = 4096;
  spec.linux.resources.pids.limit = 5;
  auto const host = hosts::v2();
  auto const by_systemd = plan_of(spec);
  spec.linux.cgroups_path = "/a";
  auto const by_proa = plan({spec, host, "web"});
  CHECK(hosts::limits(by_systemd) == hosts::limits(by_proa));
  CHECK(by_systemd.device_program == by_proa.device_program);
  CHECK(by_systemd.groups[0].needed == by_proa.groups[0].needed);
}
