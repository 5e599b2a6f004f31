// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What is done to a container's processes by its record, in each of the three worlds.

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"
#include "cgroup/freezer.hpp"
#include "cgroup/manager.hpp"
#include "fake_tree.hpp"
#include "hosts.hpp"
#include "linux/file.hpp"
#include "world.hpp"

using namespace proa;
using hosts::refusal;
using worlds::at;
using worlds::freeze;
using worlds::Kind;
using worlds::Placed;
using worlds::thaw;
using worlds::World;

IN_EACH_WORLD("a signal reaches every process, also below the group", "[spec:runtime#kill]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto& init = web.run();
  Placed below(world, at("/" + world.name() + "/web/below"));
  auto& second = below.run();
  auto const records = web.manager().record();
  auto const seen = cgroup::processes(records);
  CHECK(seen.size() == 2);
  CHECK(std::count(seen.begin(), seen.end(), second.number()) == 1);
  cgroup::signal_all(records, SIGTERM);
  CHECK(init.end().signal == SIGTERM);
  CHECK(second.end().signal == SIGTERM);
}

IN_EACH_WORLD("SIGKILL leaves none alive, also below the group", "[spec:runtime#kill]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto& init = web.run();
  Placed below(world, at("/" + world.name() + "/web/below"));
  auto& second = below.run();
  auto const records = web.manager().record();
  cgroup::signal_all(records, SIGKILL);
  cgroup::wait_empty(records, linux::in(std::chrono::seconds(10)));
  CHECK(init.end().signal == SIGKILL);
  CHECK(second.end().signal == SIGKILL);
  CHECK(cgroup::processes(records).empty());
}

IN_EACH_WORLD("SIGKILL ends frozen processes", "[spec:runtime#kill]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto& init = web.run();
  auto const records = web.manager().record();
  CHECK_FALSE(cgroup::frozen(records));
  freeze(world, world.name() + "/web");
  CHECK(cgroup::frozen(records));
  cgroup::signal_all(records, SIGKILL);
  cgroup::wait_empty(records, linux::in(std::chrono::seconds(10)));
  CHECK(init.end().signal == SIGKILL);
}

IN_EACH_WORLD("a thawed group is not frozen", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.run();
  freeze(world, world.name() + "/web");
  thaw(world, world.name() + "/web");
  CHECK_FALSE(cgroup::frozen(web.manager().record()));
}

IN_EACH_WORLD("processes that go on making others are killed as well", "[spec:runtime#kill]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  if (world.host().cgroups.find("pids") == nullptr) {
    SKIP_BECAUSE("this world has no controller pids to hold a fork bomb");
  }
  Spec spec = at("/" + world.name() + "/web");
  spec.linux.resources.pids.limit = 20;
  Placed web(world, spec);
  auto const bomb = [] {
    ::signal(SIGCHLD, SIG_IGN);  // whoever ends makes room at once
    for (auto const end = ::time(nullptr) + 20; ::time(nullptr) < end;) (void)::fork();
    return 0;
  };
  web.run(bomb);
  auto const records = web.manager().record();
  cgroup::signal_all(records, SIGKILL);
  cgroup::wait_empty(records, linux::in(std::chrono::seconds(10)));
  CHECK(cgroup::processes(records).empty());
}

TEST_CASE("without cgroup.kill it is pids.max that stops a fork bomb, in both versions",
          "[spec:runtime#kill]") {
  bool const v2 = GENERATE(false, true);
  fake::Group web(v2, {"pids"});
  web.file("pids.max", "7").file("cgroup.procs", "");
  cgroup::signal_all({web.record()}, SIGKILL);
  CHECK(web.text("pids.max") == "0");
}

TEST_CASE("the deadline counts for processes that end at once as well") {
  fake::Group web(false, {"pids"});
  // Not reaped, so that it is found again and again.
  worlds::Child const ended([] { return 0; });
  while (ended.alive()) ::sched_yield();
  web.file("cgroup.procs", std::to_string(ended.number()));
  auto const late = linux::in(std::chrono::milliseconds(1));
  CHECK_THAT(refusal([&] { cgroup::wait_empty({web.record()}, late); }).text,
             ContainsSubstring("are still alive: " + std::to_string(ended.number())));
}

IN_EACH_WORLD("who is still alive at the deadline is named", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto const& init = web.run();
  auto const records = web.manager().record();
  auto const late = linux::in(std::chrono::milliseconds(1));
  auto const pid = std::to_string(init.number());
  CHECK(refusal([&] { cgroup::wait_empty(records, late); }).text ==
        fmt::format("processes of cgroup {} are still alive: {}",
                    world.directory(world.name() + "/web"), pid));
  CHECK_THAT(refusal([&] { cgroup::remove(records, late); }).text,
             ContainsSubstring("still alive in it: " + pid));
  CHECK(init.alive());
}

IN_EACH_WORLD("records of groups that are gone are empty groups", "[spec:runtime#delete]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  std::vector<spec::CgroupRecord> const records{
      {world.directory("never/there"), kind != Kind::v1, true, {"freezer"}}};
  CHECK_FALSE(cgroup::frozen(records));
  CHECK(cgroup::processes(records).empty());
  cgroup::signal_all(records, SIGKILL);
  cgroup::signal_all(records, SIGTERM);
  cgroup::wait_empty(records, linux::in(std::chrono::milliseconds(1)));
  cgroup::remove(records);
  CHECK(cgroup::processes({}).empty());
}

IN_EACH_WORLD("groups that the container made are removed, however deep", "[spec:runtime#delete]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.manager().create();
  auto const records = web.manager().record();
  auto path = world.directory(world.name() + "/web");
  for (int depth = 0; depth < 300; ++depth) {
    path += "/deeper";
    linux::mkdir_at(linux::at_cwd, path, 0755).or_fail("mkdir {}", path);
  }
  worlds::make(world.directory(world.name() + "/web/beside"));
  cgroup::remove(records);
  CHECK_FALSE(web.exists());
}
