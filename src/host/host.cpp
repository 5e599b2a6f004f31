// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "host/host.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "linux/file.hpp"

namespace proa {

namespace {

// PROC_USER_INIT_INO of the kernel's <linux/proc_ns.h>: fixed, so one readlink(2) tells the initial
// user namespace from all others.
constexpr std::string_view initial_user_namespace = "user:[4026531837]";

std::string read(std::string const& path) {
  return linux::read_file(linux::at_cwd, path).or_fail("read {}", path);
}

/// The text behind "Name:\t" in /proc/self/status, proc(5).
std::string_view field(std::string_view status, std::string_view name) {
  for (auto line : text::split(status, '\n')) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with(":")) {
      return text::trim(line.substr(name.size() + 1));
    }
  }
  fail(ErrorKind::failed, "read /proc/self/status: no field {}", name);
}

std::uint64_t capability_set(std::string_view status, std::string_view name) {
  return text::number<std::uint64_t>(field(status, name), 16).value_or(0);
}

/// The effective one of the four ids of "Uid:" and "Gid:", credentials(7).
template <class Id>
Id effective_id(std::string_view status, std::string_view name) {
  auto const ids = text::split(field(status, name), '\t');
  if (ids.size() < 2) return static_cast<Id>(-1);
  return text::number<Id>(ids[1]).value_or(static_cast<Id>(-1));
}

}  // namespace

CgroupHierarchy const* CgroupTable::find(std::string_view controller) const {
  for (auto const& hierarchy : hierarchies) {
    auto const& names = hierarchy.controllers;
    if (std::find(names.begin(), names.end(), controller) != names.end()) return &hierarchy;
  }
  return nullptr;
}

CgroupHierarchy const* CgroupTable::unified() const {
  auto const v2 = std::find_if(hierarchies.begin(), hierarchies.end(),
                               [](auto const& hierarchy) { return hierarchy.v2; });
  return v2 == hierarchies.end() ? nullptr : &*v2;
}

bool CgroupTable::pure_v2() const { return hierarchies.size() == 1 && hierarchies.front().v2; }

bool in_user_namespace() {
  auto const ours =
      linux::readlink_at(linux::at_cwd, "/proc/self/ns/user").or_fail("read /proc/self/ns/user");
  return ours != initial_user_namespace;
}

Host probe_host() {
  auto const status = read("/proc/self/status");
  Host host;
  host.uid = effective_id<uid_t>(status, "Uid");
  host.gid = effective_id<gid_t>(status, "Gid");
  host.user_namespace = in_user_namespace();
  host.rootless = host.uid != 0 || host.user_namespace;
  host.capabilities = capability_set(status, "CapPrm");
  host.bounding = capability_set(status, "CapBnd");
  auto const last = text::number<unsigned>(text::trim(read("/proc/sys/kernel/cap_last_cap")));
  host.last_capability = last.value_or(0);
  host.cgroups = probe_cgroups(read("/proc/self/cgroup"), "/sys/fs/cgroup");
  return host;
}

}  // namespace proa
