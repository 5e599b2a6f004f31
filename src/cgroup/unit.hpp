// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The systemd unit of a container: a transient scope, from "slice:prefix:name" of
// linux.cgroupsPath.  Where its group is follows from the names alone, systemd.slice(5).  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cgroup/dbus.hpp"
#include "host/host.hpp"
#include "proa/spec.hpp"

namespace proa::cgroup {

struct Property {
  std::string name;
  dbus::Value value;
  bool operator==(Property const&) const = default;
};
using Properties = std::vector<Property>;

struct Unit {
  std::string name;       ///< "libpod-web.scope"
  std::string slice;      ///< "machine.slice", or "-.slice" for the root
  bool user = false;      ///< of the user's manager, not the system's
  Properties properties;  ///< but for the limits and PIDs

  /// Those that it has not got yet.
  void add(Properties others);
};

/// `id` names the container where config.json gives it no cgroupsPath.  Throws Error{config} with
/// the pointer.
Unit unit_of(Spec const& spec, Host const& host, std::string const& id);

/// The unit's group below the mount point of cgroup v2, without a slash at either end.
std::string path_of(Unit const& unit, Host const& host);

/// "a-b.slice" as "a.slice/a-b.slice"; the root slice is empty.
std::string slice_path(std::string_view slice);

/// What could be a file of the kernel's in a group gets "_" in front, and so does what begins with
/// it.
std::string escaped_for_group(std::string_view name);

/// systemd-escape(1): what no unit's name may have becomes "\x2b".
std::string escaped_for_unit(std::string_view name);

}  // namespace proa::cgroup
