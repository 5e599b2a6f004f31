// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The device list in force: what a container's processes can open, in each of the three worlds.

#include <fcntl.h>

#include "catch.hpp"
#include "cgroup/manager.hpp"
#include "linux/file.hpp"
#include "world.hpp"

using namespace proa;
using worlds::at;
using worlds::Child;
using worlds::Kind;
using worlds::Placed;
using worlds::World;

namespace {

/// The errno of opening the device for reading.
int open_error(char const* path) { return linux::open_at(linux::at_cwd, path, O_RDONLY).error(); }

}  // namespace

IN_EACH_WORLD("the device list holds", "[spec:config-linux#allowed-device-list][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Spec spec = at("/" + world.name() + "/web");
  spec.linux.resources.devices = {{false, spec::DeviceRuleType::all, {}, {}, "rwm"},
                                  {true, spec::DeviceRuleType::character, 1, 11, "w"}};
  Placed web(world, spec);
  auto& init = web.run([] {
    if (open_error("/dev/null") != 0) return 1;
    if (open_error("/dev/kmsg") != EPERM) return 2;  // 1:11, for writing only
    if (!linux::open_at(linux::at_cwd, "/dev/kmsg", O_WRONLY)) return 3;
    return 0;
  });
  CHECK(init.end().status == 0);
}

IN_EACH_WORLD("a container that may use all devices may", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Spec spec = at("/" + world.name() + "/web");
  spec.linux.resources.devices = {{true, spec::DeviceRuleType::all, {}, {}, "rwm"}};
  Placed web(world, spec);
  CHECK(web.run([] { return open_error("/dev/kmsg"); }).end().status == 0);
}

TEST_CASE("the user's rules have their places in devices.list",
          "[root][spec:config-linux#allowed-device-list][MUST]") {
  World const world(Kind::v1);
  IN_WORLD_OR_SKIP(world);
  if (world.host().cgroups.find("devices") == nullptr) {
    SKIP_BECAUSE("this world has no controller devices");
  }
  Spec spec = at("/" + world.name() + "/web");
  spec.linux.resources.devices = {{false, spec::DeviceRuleType::all, {}, {}, "rwm"},
                                  {true, spec::DeviceRuleType::character, 10, 229, "rwm"},
                                  {true, spec::DeviceRuleType::block, 8, 20, "rw"}};
  Placed web(world, spec);
  web.manager().create();
  auto const list =
      worlds::read(world.directory(world.name() + "/web", "devices") + "/devices.list");
  CHECK(list.starts_with("c 10:229 rwm\nb 8:20 rw\nc *:* m\n"));
}

TEST_CASE("the program of an earlier container is replaced", "[root]") {
  World const world(Kind::v2);
  IN_WORLD_OR_SKIP(world);
  worlds::make(world.directory(world.name() + "/web"));
  auto const kmsg = [&](bool allowed) {
    Spec spec = at("/" + world.name() + "/web");
    spec.linux.resources.devices = {{allowed, spec::DeviceRuleType::character, 1, 11, "rwm"}};
    auto const plan = cgroup::plan({spec, world.host(), "web"});
    auto const manager = cgroup::make_manager(plan);
    manager->create();
    Child init([] { return open_error("/dev/kmsg"); }, manager->birthplace());
    return init.end().status;
  };
  CHECK(kmsg(false) == EPERM);
  CHECK(kmsg(true) == 0);
  CHECK(kmsg(false) == EPERM);
}
