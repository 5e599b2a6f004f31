// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/plan.hpp"

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/devices.hpp"
#include "cgroup/limits.hpp"
#include "cgroup/properties.hpp"

namespace proa::cgroup {

namespace {

using namespace std::string_literals;

/// linux.cgroupsPath below a mount point, config-linux.md#cgroups-path.  A relative one starts
/// there too, so that the same value always means the same place; without one the container's id
/// is the name.
std::string path_of(Input const& input) {
  auto const& given = input.spec.linux.cgroups_path;
  if (given.empty()) return input.id;
  auto const refuse = [&](char const* why) {
    fail(ErrorKind::config, "/linux/cgroupsPath: \"{}\" {}", given, why);
  };
  if (given.find('\0') != std::string::npos) refuse("has a NUL in it");
  std::vector<std::string> parts;
  for (auto const part : text::split(given, '/')) {
    if (part == "..") refuse("leads upwards");
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  if (parts.empty()) refuse("is the root of the hierarchy, which no container can have");
  return text::join(parts, "/");
}

bool named(CgroupHierarchy const& hierarchy) {
  return !hierarchy.controllers.empty() && hierarchy.controllers.front().starts_with("name=");
}

std::vector<Group> groups_of(Input const& input, std::string const& path) {
  std::vector<Group> groups;
  for (auto const& hierarchy : input.host.cgroups.hierarchies) {
    Group group;
    group.v2 = hierarchy.v2;
    group.name = hierarchy.name;
    group.mount = hierarchy.mount;
    group.path = path;
    group.controllers = hierarchy.controllers;
    groups.push_back(std::move(group));
  }
  return groups;
}

// --- devices ------------------------------------------------------------------------------------

void add_device_lines(Group& group, DeviceList const& list, bool may_fail) {
  for (auto const& line : device_lines(list)) {
    Write write{line.allow ? "devices.allow" : "devices.deny", line.text};
    if (line.index >= 0) write.pointer = fmt::format("/linux/resources/devices/{}", line.index);
    // In a group whose parent has not got a device nobody can be allowed it, and of the defaults
    // nobody has asked for each.
    if (may_fail || (line.index < 0 && line.allow && !list.allow)) write.harmless = {EPERM};
    group.devices.push_back(std::move(write));
  }
}

void add_devices(Plan& plan, Input const& input) {
  auto const& rules = input.spec.linux.resources.devices;
  auto const list = device_list(rules);
  plan.unprivileged = input.host.rootless || input.host.user_namespace;
  for (auto& group : plan.groups) {
    if (!group.has("devices")) continue;
    if (plan.unit) plan.unit->add(properties_of(list));
    return add_device_lines(group, list, plan.unprivileged);
  }
  if (!plan.groups.empty() && plan.groups.back().v2) {
    plan.device_program = device_program(list);
  } else if (!rules.empty() && !list.allow && !plan.unprivileged) {
    fail(ErrorKind::unsupported,
         "/linux/resources/devices: this host has neither a cgroup controller devices nor cgroup "
         "v2");
  }
}

// --- ownership ----------------------------------------------------------------------------------

bool mounts_writable_cgroup(Spec const& spec) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [](spec::Mount const& mount) {
    return mount.source == "cgroup" && mount.destination == "/sys/fs/cgroup" &&
           std::find(mount.options.begin(), mount.options.end(), "ro") == mount.options.end();
  });
}

spec::Namespace const* namespace_of(Spec const& spec, spec::NamespaceType type) {
  auto const& all = spec.linux.namespaces;
  auto const found =
      std::find_if(all.begin(), all.end(), [&](auto const& ns) { return ns.type == type; });
  return found == all.end() ? nullptr : &*found;
}

/// The host's id of process.user.uid; nothing where only the kernel could tell.
std::optional<uid_t> host_uid(Spec const& spec) {
  auto const uid = spec.process ? spec.process->user.uid : 0;
  if (namespace_of(spec, spec::NamespaceType::user) == nullptr) return uid;
  for (auto const& range : spec.linux.uid_mappings) {
    if (uid >= range.container_id && uid - range.container_id < range.size) {
      return range.host_id + (uid - range.container_id);
    }
  }
  return std::nullopt;
}

/// config-linux.md#cgroup-ownership: never with v1, and only for a container that sees the group
/// as its root and can write to it.
std::optional<uid_t> owner_of(Input const& input) {
  auto const* const ns = namespace_of(input.spec, spec::NamespaceType::cgroup);
  bool const own_view = ns != nullptr && ns->path.empty();
  if (!input.host.cgroups.pure_v2() || !own_view || !mounts_writable_cgroup(input.spec)) {
    return std::nullopt;
  }
  auto const uid = host_uid(input.spec);
  return uid == input.host.uid ? std::nullopt : uid;
}

// --- the whole ----------------------------------------------------------------------------------

bool asked(std::vector<Write> const& writes) {
  return std::any_of(writes.begin(), writes.end(),
                     [](Write const& write) { return !write.pointer.empty(); });
}

Need need_of(Group const& group, CgroupHierarchy const& hierarchy, Spec const& spec) {
  // A hierarchy without controllers is for the host's service manager only.
  if (named(hierarchy)) return Need::nobody;
  if (!spec.linux.cgroups_path.empty()) return Need::path;
  return asked(group.writes) || asked(group.late_writes) ? Need::limits : Need::nobody;
}

/// "memory" of "memory.swap.max".
std::string controller_of(Write const& write) { return write.file.substr(0, write.file.find('.')); }

void add_controllers_of(std::vector<Write> const& writes, std::vector<std::string>& names) {
  for (auto const& write : writes) {
    auto name = controller_of(write);
    bool const known = std::find(names.begin(), names.end(), name) != names.end();
    if (!known && name != "cgroup") names.push_back(std::move(name));
  }
}

/// With pure v2 all controllers, for the figures that engines read there.  A hybrid host keeps its
/// accounts in v1, and its v2 root is left as it is where no limit needs a controller.
void add_controllers(Plan& plan, Host const& host) {
  if (plan.groups.empty() || !plan.groups.back().v2) return;
  auto& group = plan.groups.back();
  add_controllers_of(group.writes, group.needed);
  add_controllers_of(group.late_writes, group.needed);
  group.wanted = host.cgroups.pure_v2() ? group.controllers : group.needed;
}

Plan without_cgroups(Input const& input) {
  Plan plan;
  plan.manager = CgroupManager::disabled;
  if (!first_limit(input.spec.linux.resources).empty()) {
    log::warn("/linux/resources: limits have no effect with the cgroup manager disabled");
  }
  return plan;
}

std::optional<Unit> unit_for(Input const& input) {
  if (input.manager != CgroupManager::systemd) return std::nullopt;
  auto unit = unit_of(input.spec, input.host, input.id);
  // systemd.resource-control(5), Delegate=: v1 hierarchies are delegated to nobody but root.
  if (unit.user && !input.host.cgroups.pure_v2()) {
    fail(ErrorKind::unsupported,
         "the systemd cgroup manager of a user needs a host with cgroup v2 alone");
  }
  return unit;
}

}  // namespace

bool Group::has(std::string_view controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

Plan plan(Input const& input) {
  if (input.manager == CgroupManager::disabled) return without_cgroups(input);
  Plan plan;
  plan.manager = input.manager;
  plan.unit = unit_for(input);
  plan.groups = groups_of(input, plan.unit ? path_of(*plan.unit, input.host) : path_of(input));
  if (plan.groups.empty() && !input.spec.linux.cgroups_path.empty()) {
    fail(ErrorKind::unsupported, "/linux/cgroupsPath: no cgroup hierarchy is mounted");
  }
  if (plan.groups.empty() && plan.unit) {
    fail(ErrorKind::unsupported,
         "the systemd cgroup manager needs a cgroup hierarchy, and none is mounted");
  }
  add_limits(plan.groups, input.spec.linux.resources);
  add_controllers(plan, input.host);
  auto const& hierarchies = input.host.cgroups.hierarchies;
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    plan.groups[i].need = need_of(plan.groups[i], hierarchies[i], input.spec);
    plan.required = plan.required || plan.groups[i].need != Need::nobody;
  }
  add_devices(plan, input);
  plan.owner = owner_of(input);
  return plan;
}

}  // namespace proa::cgroup
