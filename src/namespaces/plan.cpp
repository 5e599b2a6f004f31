// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "namespaces/plan.hpp"

#include <linux/capability.h>
#include <sched.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "linux/namespace.hpp"
#include "spec/validate.hpp"

namespace proa::namespaces {

namespace {

using spec::NamespaceType;

struct Row {
  NamespaceType type;
  int flag;
  char const* word;
};

constexpr std::array rows{
    Row{NamespaceType::pid, CLONE_NEWPID, "pid"},
    Row{NamespaceType::network, CLONE_NEWNET, "network"},
    Row{NamespaceType::mount, CLONE_NEWNS, "mount"},
    Row{NamespaceType::ipc, CLONE_NEWIPC, "ipc"},
    Row{NamespaceType::uts, CLONE_NEWUTS, "uts"},
    Row{NamespaceType::user, CLONE_NEWUSER, "user"},
    Row{NamespaceType::cgroup, CLONE_NEWCGROUP, "cgroup"},
    Row{NamespaceType::time, CLONE_NEWTIME, "time"},
};

Row const& row(NamespaceType type) {
  return *std::find_if(rows.begin(), rows.end(), [&](Row const& r) { return r.type == type; });
}

void add_new(Plan& plan, Spec const& spec, NamespaceType type) {
  switch (type) {
    case NamespaceType::cgroup:
      plan.new_cgroup = true;
      return;
    case NamespaceType::time:
      plan.new_time = true;
      return;
    case NamespaceType::user:
      plan.maps = IdMaps{MapWriter::direct, spec.linux.uid_mappings, spec.linux.gid_mappings};
      break;
    case NamespaceType::network:
      plan.new_network = true;
      break;
    default:
      break;
  }
  plan.clone_flags |= static_cast<std::uint64_t>(clone_flag(type));
}

void add_joined(Plan& plan, spec::Namespace const& ns, std::size_t index) {
  Join join{ns.type, clone_flag(ns.type), ns.path, fmt::format("/linux/namespaces/{}/path", index)};
  if (ns.type == NamespaceType::user) {
    plan.user = std::move(join);
  } else {
    plan.joins.push_back(std::move(join));
  }
}

Joiner joiner(Plan const& plan) {
  bool const joins_pid = std::any_of(plan.joins.begin(), plan.joins.end(), [](Join const& join) {
    return join.type == NamespaceType::pid;
  });
  bool const user_and_others = plan.new_user() && !plan.joins.empty();
  return joins_pid || user_and_others || plan.user ? Joiner::helper : Joiner::init;
}

bool maps_only(std::vector<spec::IdMapping> const& mappings, std::uint32_t host_id) {
  return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == host_id;
}

bool has(Host const& host, unsigned capability) {
  return (host.capabilities >> capability & 1) != 0;
}

// user_namespaces(7): without CAP_SETUID over the parent namespace, a process may map its own id
// and no other; the setuid helpers newuidmap(1) and newgidmap(1) map what /etc/subuid grants.
MapWriter map_writer(IdMaps const& maps, Host const& host) {
  bool const root_of_namespace =
      host.user_namespace && has(host, CAP_SETUID) && has(host, CAP_SETGID);
  if (!host.rootless || root_of_namespace) return MapWriter::direct;
  bool const own_only = maps_only(maps.uids, host.uid) && maps_only(maps.gids, host.gid);
  return own_only ? MapWriter::single : MapWriter::newidmap;
}

std::string offsets_text(std::map<std::string, spec::TimeOffset> const& offsets) {
  std::string text;
  for (auto const& [clock, offset] : offsets) {
    text += fmt::format("{} {} {}\n", clock, offset.secs, offset.nanosecs);
  }
  return text;
}

}  // namespace

int clone_flag(NamespaceType type) { return row(type).flag; }
char const* word(NamespaceType type) { return row(type).word; }

Plan plan(Spec const& spec, Host const& host) {
  Plan plan;
  for (std::size_t i = 0; i < spec.linux.namespaces.size(); ++i) {
    auto const& ns = spec.linux.namespaces[i];
    if (ns.path.empty()) {
      add_new(plan, spec, ns.type);
    } else {
      add_joined(plan, ns, i);
    }
  }
  // Joining a mount namespace changes what "/" is, so it comes last.
  std::stable_partition(plan.joins.begin(), plan.joins.end(),
                        [](Join const& join) { return join.type != NamespaceType::mount; });
  // Whoever is root in a user namespace, as podman makes one around itself, owns what is below it.
  if (host.rootless && !plan.any_user() && !has(host, CAP_SYS_ADMIN)) {
    fail(ErrorKind::config,
         "/linux/namespaces: a user namespace is needed to run without root's powers "
         "(config-linux.md#namespaces)");
  }
  for (auto const& [name, device] : spec.linux.net_devices) {
    plan.devices.push_back(
        {name, device.name.empty() ? name : device.name, "/linux/netDevices/" + name});
  }
  if (host.rootless && !plan.devices.empty()) {
    fail(ErrorKind::config, "{}: moving network devices takes root's powers over the host",
         plan.devices.front().pointer);
  }
  plan.joiner = joiner(plan);
  if (plan.maps) plan.maps->writer = map_writer(*plan.maps, host);
  plan.time_offsets = offsets_text(spec.linux.time_offsets);
  plan.hostname = spec.hostname;
  plan.domainname = spec.domainname;
  for (auto const& [name, value] : spec.linux.sysctl) {
    plan.sysctls.push_back({name, "sys/" + spec::sysctl_file(name), value});
  }
  return plan;
}

std::string map_text(std::vector<spec::IdMapping> const& mappings) {
  std::string text;
  for (auto const& mapping : mappings) {
    text += fmt::format("{} {} {}\n", mapping.container_id, mapping.host_id, mapping.size);
  }
  return text;
}

std::optional<std::uint32_t> host_id(std::vector<spec::IdMapping> const& mappings,
                                     std::uint32_t container_id) {
  for (auto const& mapping : mappings) {
    if (container_id >= mapping.container_id &&
        container_id - mapping.container_id < mapping.size) {
      return mapping.host_id + (container_id - mapping.container_id);
    }
  }
  return std::nullopt;
}

}  // namespace proa::namespaces
