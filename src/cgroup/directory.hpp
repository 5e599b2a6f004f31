// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// One cgroup directory and those below it, by descriptor: what its core files say, and its removal.
// The same for v1 and v2.  Holds a few descriptors at a time and does not recurse, as a container
// that owns its group can nest as deep as it likes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"
#include "linux/pid.hpp"

namespace proa::cgroup {

/// Opens the directory of a group for reading and for relative names.
linux::Outcome<linux::Fd> open_group(linux::FdRef dir, std::string const& path);

/// The number behind `key` in a flat keyed file as "cgroup.events", cgroup-v2.rst.
bool flag_in(std::string_view text, std::string_view key);

/// A group somewhere below another.
struct Below {
  linux::FdRef group;
  linux::FdRef parent;
  std::string const& name;
};
/// Calls for each group below `top`, not for itself; children come before their parents.  A group
/// that vanishes meanwhile is passed over.
void for_each_below(linux::FdRef top, std::function<void(Below const&)> const& visit);

/// cgroup.procs of a group and of all below it.
std::vector<pid_t> processes_in(linux::FdRef group);

/// Those of `pids` that are in the group or below it, held by pidfds that are sure to mean them.
std::vector<linux::Pid> hold(linux::FdRef group, std::span<pid_t const> pids);

/// So many at a time are held, that no number of processes uses up the descriptors.
inline constexpr std::size_t batch = 256;

/// False when the deadline has passed before all have ended.
bool wait_for(std::vector<linux::Pid> const& processes, linux::Deadline deadline);

/// Waits until no process is in the group or below it.  False when the deadline has passed first.
bool wait_until_empty(linux::FdRef group, linux::Deadline deadline);

/// "12, 13", or the first few "and 7 more": for error messages.
std::string list(std::vector<pid_t> const& pids);

/// rmdir(2) of a group and of those below it.  While it is busy its processes are waited for; the
/// Error names those that are alive at the deadline.
void remove_group(std::string const& path, linux::Deadline deadline);

}  // namespace proa::cgroup
