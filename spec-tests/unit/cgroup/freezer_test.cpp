// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Frozen and thawed containers, in each of the three worlds that this host can show.

#include "cgroup/freezer.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "each_world.hpp"
#include "hosts.hpp"

using namespace proa;
using hosts::refusal;
using worlds::Child;
using worlds::Placed;
using worlds::World;

namespace {

std::string freezer_file(World const& world, std::string const& path) {
  bool const v1 = world.host().cgroups.find("freezer") != nullptr;
  return v1 ? world.directory(path, "freezer") + "/freezer.state"
            : world.directory(path) + "/cgroup.events";
}

bool stands_still(World const& world, std::string const& path) {
  auto const text = worlds::read(freezer_file(world, path));
  return text == "FROZEN" || text.find("frozen 1") != std::string::npos;
}

}  // namespace

IN_EACH_WORLD("a frozen container stands still until it is thawed", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto& init = web.run();
  auto const records = web.manager().record();
  cgroup::freeze(records);
  CHECK(stands_still(world, world.name() + "/web"));
  CHECK(cgroup::frozen(records));
  CHECK(init.alive());
  cgroup::thaw(records);
  CHECK_FALSE(cgroup::frozen(records));
  CHECK(init.alive());
}

IN_EACH_WORLD("freezing twice is no error, and one thaw is enough", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.run();
  auto const records = web.manager().record();
  cgroup::freeze(records);
  cgroup::freeze(records);
  cgroup::thaw(records);
  CHECK_FALSE(cgroup::frozen(records));
}

IN_EACH_WORLD("a process that keeps running is stopped as well", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.run([] {
    for (;;) (void)::getppid();
    return 0;
  });
  auto const records = web.manager().record();
  cgroup::freeze(records);
  CHECK(stands_still(world, world.name() + "/web"));
  cgroup::thaw(records);
}

IN_EACH_WORLD("what the container has frozen itself stays frozen", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.run();
  auto const records = web.manager().record();
  auto below = records;
  for (auto& record : below) {
    record.path += "/below";
    worlds::make(record.path);
  }
  cgroup::freeze(below);
  cgroup::freeze(records);
  cgroup::thaw(records);
  CHECK_FALSE(cgroup::frozen(records));
  CHECK(cgroup::frozen(below));
}

TEST_CASE("without a group that can be frozen there is no pause", "") {
  auto const unsupported = ErrorKind::unsupported;
  CHECK(refusal([] { cgroup::freeze({}); }).kind == unsupported);
  CHECK(refusal([] {
          cgroup::freeze({{"/nowhere", false, true, {"memory"}}});
        }).text == "the container is in no cgroup that can be frozen");
  cgroup::thaw({});
}

TEST_CASE("a group that is gone cannot be frozen", "") {
  CHECK(refusal([] {
          cgroup::freeze({{"/nowhere", true, true, {}}});
        }).text == "cgroup /nowhere of the container is gone");
  cgroup::thaw({{"/nowhere", true, true, {}}});
}
