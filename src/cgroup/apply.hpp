// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a plan says of a group, done to one whose directory is open: whoever has made it, proa
// itself (cgroupfs.cpp) or systemd (systemd.cpp).  Makes and removes no group.
#pragma once

#include <sys/types.h>

#include <vector>

#include "cgroup/plan.hpp"
#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::cgroup {

/// Some values bound each other, like a quota and its burst, so that one order does not fit all
/// that may stand there already: what is EINVAL is tried again when the others are written.
void put_limits(linux::FdRef dir, Group const& group, std::vector<Write> const& writes);

/// v1: the device lists, in the listed order, through one descriptor as long as the file is the
/// same.
void put_devices(linux::FdRef dir, Group const& group);

/// Whether a group was made just now.
enum class Fresh : std::uint8_t { no, yes };

/// v2: the plan's device program, on the plan's v2 group, in place of those that stand there.
void put_device_program(linux::FdRef dir, Plan const& plan, Fresh fresh);

/// config-linux.md#cgroup-ownership: gives the plan's v2 group to that id of the host.
void give(linux::FdRef dir, Plan const& plan, uid_t owner);

}  // namespace proa::cgroup
