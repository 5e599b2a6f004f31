// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The manager at work, in each of the three worlds that this host can show.

#include "cgroup/manager.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cgroup/freezer.hpp"
#include "each_world.hpp"
#include "hosts.hpp"
#include "linux/file.hpp"

using namespace proa;
using hosts::refusal;
using worlds::at;
using worlds::Child;
using worlds::freeze;
using worlds::Kind;
using worlds::Placed;
using worlds::World;

namespace {

/// Some limit that this world has a controller for, and where it can be read back.
struct Limited {
  Spec spec;
  std::string controller, file, text;
};
Limited limited(World const& world) {
  Limited limited;
  limited.spec.linux.cgroups_path = "/" + world.name() + "/web";
  auto& resources = limited.spec.linux.resources;
  auto const* const memory = world.host().cgroups.find("memory");
  if (memory != nullptr) {
    resources.memory.limit = 64 << 20;
    limited.controller = "memory";
    limited.file = memory->v2 ? "memory.max" : "memory.limit_in_bytes";
    limited.text = std::to_string(64 << 20);
  } else {
    resources.hugepage_limits = {{"2MB", 4 << 20}};
    limited.controller = "hugetlb";
    limited.file = "hugetlb.2MB.max";
    limited.text = std::to_string(4 << 20);
  }
  return limited;
}

/// The path of the process in each hierarchy of the world: cgroups(7).
bool in_all_groups(World const& world, pid_t pid, std::string const& path) {
  auto const text = worlds::read(fmt::format("/proc/{}/cgroup", pid));
  std::size_t found = 0;
  for (auto const line : text::split(text, '\n')) found += line.ends_with(":" + path) ? 1 : 0;
  return found == world.host().cgroups.hierarchies.size();
}

}  // namespace

// --- create, enter, remove ----------------------------------------------------------------------

IN_EACH_WORLD("a container is in its group in every hierarchy",
              "[spec:config-linux#cgroups-path][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto const& init = web.run();
  CHECK(in_all_groups(world, init.number(), "/" + world.name() + "/web"));
}

IN_EACH_WORLD("a process that was born elsewhere can enter", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.manager().create();
  Child const init;
  web.manager().enter(init.number(), cgroup::Born::outside);
  CHECK(in_all_groups(world, init.number(), "/" + world.name() + "/web"));
}

IN_EACH_WORLD("limits stand before there is a process",
              "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  auto const wanted = limited(world);
  Placed web(world, wanted.spec);
  web.manager().create();
  CHECK(cgroup::processes(web.manager().record()).empty());
  CHECK(worlds::read(world.directory(world.name() + "/web", wanted.controller) + "/" +
                     wanted.file) == wanted.text);
}

IN_EACH_WORLD("the kernel takes the limits that engines send",
              "[spec:config-linux#control-groups]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  auto const has = [&](char const* name) { return world.host().cgroups.find(name) != nullptr; };
  Spec spec = at("/" + world.name() + "/web");
  auto& resources = spec.linux.resources;
  if (has("memory"))
    resources.memory = {.limit = 64 << 20, .reservation = 32 << 20, .swap = 64 << 20};
  if (has("cpu")) {
    resources.cpu = {.shares = 512, .quota = 50000, .burst = 10000, .period = 100000};
    resources.cpu.idle = 1;
  }
  if (has("cpuset")) resources.cpu.cpus = resources.cpu.mems = "0";
  if (has("pids")) resources.pids.limit = 100;
  if (has("hugetlb")) resources.hugepage_limits = {{"2MB", 2 << 20}};
  if (has("io")) resources.unified = {{"io.max", ""}, {"cgroup.max.depth", "5"}};
  Placed web(world, spec);
  CHECK(web.run().alive());
}

TEST_CASE("a limit below a group with processes is refused, as no controller can be had there",
          "[root][spec:config-linux#unified][MUST]") {
  World const world(Kind::v2);
  IN_WORLD_OR_SKIP(world);
  auto wanted = limited(world);
  wanted.spec.linux.cgroups_path = "/" + world.name() + "/web/below";
  Placed web(world);
  web.run();
  Placed below(world, wanted.spec);
  auto const text = refusal([&] { below.manager().create(); }).text;
  CHECK_THAT(text, ContainsSubstring("enable controllers " + wanted.controller + " below "));
  CHECK_THAT(text, ContainsSubstring("device or resource busy"));
  below.manager().remove();
  CHECK_FALSE(below.exists());
}

TEST_CASE("a controller that the hierarchy above does not give is an error",
          "[root][spec:config-linux#unified][MUST]") {
  World const world(Kind::v2);
  IN_WORLD_OR_SKIP(world);
  Placed above(world, at("/" + world.name()));
  above.manager().create();
  auto host = world.host();
  host.cgroups.hierarchies[0].controllers.push_back("colour");
  auto spec = at("/" + world.name() + "/web");
  spec.linux.resources.unified = {{"colour.max", "7"}};
  auto const plan = cgroup::plan({spec, host, "web"});
  auto const manager = cgroup::make_manager(plan);
  CHECK_THAT(refusal([&] { manager->create(); }).text,
             ContainsSubstring("controllers colour are not to be had below /sys/fs/cgroup"));
  manager->remove();
}

IN_EACH_WORLD("the limit of processes is set when the first one is in",
              "[spec:config-linux#pids][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  if (world.host().cgroups.find("pids") == nullptr) {
    SKIP_BECAUSE("this world has no controller pids");
  }
  Spec spec = at("/" + world.name() + "/web");
  spec.linux.resources.pids.limit = 0;
  Placed web(world, spec);
  auto const& init = web.run();
  CHECK(init.alive());
  CHECK(worlds::read(world.directory(world.name() + "/web", "pids") + "/pids.max") == "1");
}

IN_EACH_WORLD("a cpuset below new groups can be entered", "[spec:config-linux#cpu]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  auto const* const cpuset = world.host().cgroups.find("cpuset");
  if (cpuset == nullptr) SKIP_BECAUSE("this world has no controller cpuset");
  Spec spec = at("/" + world.name() + "/a/b/web");
  spec.linux.resources.cpu.cpus = "0";
  Placed web(world, spec);
  CHECK(web.run().alive());
  auto const directory = world.directory(world.name() + "/a/b/web", "cpuset");
  CHECK(worlds::read(directory + "/cpuset.cpus") == "0");
  if (kind != Kind::v2) CHECK_FALSE(worlds::read(directory + "/cpuset.mems").empty());
}

IN_EACH_WORLD("what was created can be removed without a trace", "[spec:runtime#delete][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.run();
  REQUIRE(web.exists());
  auto const records = web.manager().record();
  for (auto const& record : records) CHECK(record.created);
  cgroup::signal_all(records, SIGKILL);
  cgroup::wait_empty(records, linux::in(std::chrono::seconds(10)));
  cgroup::remove(records);
  CHECK_FALSE(web.exists());
  cgroup::remove(records);  // once more: nothing to do
}

IN_EACH_WORLD("a manager takes back what it made, also above the group", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world, at("/" + world.name() + "/a/b/web"));
  auto const& init = web.run();
  web.manager().remove();
  CHECK_FALSE(init.alive());
  for (auto const& row : world.host().cgroups.hierarchies) {
    CHECK_FALSE(worlds::exists(row.mount + "/" + world.name()));
  }
  CHECK(web.manager().record().empty());
}

IN_EACH_WORLD("a manager that did nothing has nothing to take back", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.manager().remove();
  CHECK_FALSE(web.exists());
}

IN_EACH_WORLD("before create the record has the groups that will be made", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto const there = web.directories().front();
  worlds::make(there);
  auto const planned = web.manager().record();
  CHECK(planned.size() + 1 == web.directories().size());
  for (auto const& record : planned) {
    CHECK(record.created);
    CHECK(record.path != there);
  }
  web.manager().create();
  auto const made = web.manager().record();
  CHECK(made.size() == web.directories().size());
  CHECK_FALSE(made.front().created);
}

IN_EACH_WORLD("a v2 group is the birthplace, and v1 has none", "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.manager().create();
  CHECK(static_cast<bool>(web.manager().birthplace()) == (kind != Kind::v1));
}

TEST_CASE("the disabled manager does nothing") {
  cgroup::Plan plan;
  plan.manager = CgroupManager::disabled;
  auto const manager = cgroup::make_manager(plan);
  manager->create();
  manager->enter(::getpid(), cgroup::Born::outside);
  CHECK_FALSE(manager->birthplace());
  CHECK(manager->record().empty());
  manager->remove();
}

// --- a group that is there already --------------------------------------------------------------

IN_EACH_WORLD("an empty group is used, and left when the container is gone",
              "[spec:config-linux#cgroups-path]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  for (auto const& directory : web.directories()) worlds::make(directory);
  web.run();
  auto const records = web.manager().record();
  for (auto const& record : records) CHECK_FALSE(record.created);
  cgroup::signal_all(records, SIGKILL);
  cgroup::wait_empty(records, linux::in(std::chrono::seconds(10)));
  cgroup::remove(records);
  for (auto const& directory : web.directories()) CHECK(worlds::exists(directory));
}

IN_EACH_WORLD("a group with processes is refused", "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  auto const& stranger = web.run();
  Placed second(world);
  CHECK_THAT(refusal([&] { second.manager().create(); }).text,
             ContainsSubstring("container's cgroup is not empty: /sys/fs/cgroup"));
  second.manager().remove();
  CHECK(stranger.alive());
  CHECK(in_all_groups(world, stranger.number(), "/" + world.name() + "/web"));
}

IN_EACH_WORLD("a group with processes further down is refused",
              "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed below(world, at("/" + world.name() + "/web/below"));
  below.run();
  Placed web(world);
  CHECK_THAT(refusal([&] { web.manager().create(); }).text,
             ContainsSubstring("container's cgroup is not empty"));
}

IN_EACH_WORLD("a frozen group is refused", "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  for (auto const& directory : web.directories()) worlds::make(directory);
  freeze(world, world.name() + "/web");
  CHECK_THAT(refusal([&] { web.manager().create(); }).text,
             ContainsSubstring("container's cgroup unexpectedly frozen: /sys/fs/cgroup"));
}

IN_EACH_WORLD("a new group below a frozen one is refused",
              "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  Placed parent(world, at("/" + world.name()));
  parent.manager().create();
  freeze(world, world.name());
  Placed web(world);
  CHECK_THAT(refusal([&] { web.manager().create(); }).text,
             ContainsSubstring("container's cgroup unexpectedly frozen"));
  web.manager().remove();
  CHECK_FALSE(web.exists());
}

IN_EACH_WORLD("a limit that the kernel refuses is an error",
              "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  auto wanted = limited(world);
  if (wanted.controller == "memory") {
    wanted.spec.linux.resources.cpu.cpus = "4000";
  } else {
    wanted.spec.linux.resources.unified = {{"hugetlb.2MB.max", "much"}};
  }
  Placed web(world, wanted.spec);
  auto const text = refusal([&] { web.manager().create(); }).text;
  CHECK_THAT(text, ContainsSubstring("/linux/resources/"));
  CHECK_THAT(text, ContainsSubstring("invalid argument") || ContainsSubstring("numerical"));
  web.manager().remove();
  CHECK_FALSE(web.exists());
}

TEST_CASE("limits that bound each other are written in the order that fits", "[root]") {
  World const world(Kind::v1);
  IN_WORLD_OR_SKIP(world);
  if (world.host().cgroups.find("memory") == nullptr)
    SKIP_BECAUSE("needs the v1 memory controller");
  Spec spec = at("/" + world.name() + "/web");
  spec.linux.resources.memory.limit = 32 << 20;
  spec.linux.resources.memory.swap = 64 << 20;
  Placed web(world, spec);
  auto const directory = world.directory(world.name() + "/web", "memory");
  worlds::make(directory);
  worlds::write(directory + "/memory.limit_in_bytes", "8388608");
  worlds::write(directory + "/memory.memsw.limit_in_bytes", "8388608");
  web.manager().create();
  CHECK(worlds::read(directory + "/memory.limit_in_bytes") == std::to_string(32 << 20));
  CHECK(worlds::read(directory + "/memory.memsw.limit_in_bytes") == std::to_string(64 << 20));
}

// --- without the rights -------------------------------------------------------------------------

namespace {

/// What create() says to an unprivileged caller.
std::string create_as_nobody(World const& world, Spec const& spec) {
  return worlds::in_child([&]() -> std::string {
    constexpr uid_t nobody = 65534;
    if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0) {
      return "no way to become nobody";
    }
    auto host = world.host();
    host.uid = nobody;
    host.rootless = true;
    auto const plan = cgroup::plan({spec, host, "proa-unit-web"});
    auto const manager = cgroup::make_manager(plan);
    manager->create();
    manager->enter(::getpid(), cgroup::Born::outside);
    return manager->record().empty() ? "without cgroups" : "with cgroups";
  });
}

}  // namespace

IN_EACH_WORLD("a container that asks for nothing does without cgroups where it can't have them",
              "") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  CHECK(create_as_nobody(world, Spec()) == "without cgroups");
}

IN_EACH_WORLD("a path that can't be had is an error", "[spec:config-linux#cgroups-path][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  auto const text = create_as_nobody(world, at("/" + world.name()));
  CHECK_THAT(text, ContainsSubstring("unable to apply cgroup configuration"));
  CHECK_THAT(text, ContainsSubstring("permission denied"));
}

IN_EACH_WORLD("a limit that can't be had is an error", "[spec:config-linux#control-groups][MUST]") {
  World const world(kind);
  IN_WORLD_OR_SKIP(world);
  auto wanted = limited(world);
  wanted.spec.linux.cgroups_path.clear();
  auto const text = create_as_nobody(world, wanted.spec);
  if (kind == Kind::v2) {
    CHECK_THAT(text, ContainsSubstring("rootless needs no limits + no cgrouppath when no "
                                       "permission is granted for cgroups"));
  } else {
    CHECK_THAT(text,
               ContainsSubstring("cannot set memory limit: container could not join or create "
                                 "cgroup"));
  }
}

// --- ownership ----------------------------------------------------------------------------------

TEST_CASE("the owner gets the group and its delegation files, and nothing more",
          "[root][spec:config-linux#cgroup-ownership][SHOULD]") {
  World const world(Kind::v2);
  IN_WORLD_OR_SKIP(world);
  Placed web(world);
  web.manager().create();
  web.manager().delegate(1000);
  auto const owner = [&](std::string const& file) {
    auto const path = world.directory(world.name() + "/web") + file;
    return linux::stat_at(linux::at_cwd, path).or_fail("stat {}", path).st_uid;
  };
  CHECK(owner("") == 1000);
  CHECK(owner("/cgroup.procs") == 1000);
  CHECK(owner("/cgroup.subtree_control") == 1000);
  CHECK(owner("/cgroup.threads") == 1000);
  CHECK(owner("/cgroup.freeze") == 0);
  CHECK(owner("/..") == 0);
}
