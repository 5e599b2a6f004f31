// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Stopping a container's processes where they are, and letting them go on: freezer-subsystem.rst of
// v1, cgroup.freeze of cgroup-v2.rst.  A hybrid host uses v1's.  Freezing is for `pause` alone:
// neither an update nor a kill needs it.
#pragma once

#include "cgroup/records.hpp"

namespace proa::cgroup {

/// The container is frozen, or on its way there.
bool frozen(Records const& records);

/// Returns when all processes stand still.  When they don't within ten seconds, as one in
/// uninterruptible sleep may not, they are thawed again.  Throws Error.
void freeze(Records const& records);

/// Groups below that the container has frozen itself stay frozen.  Throws Error.
void thaw(Records const& records);

/// Before the processes' end: v1's freezer, with the groups below.  What v1 has frozen can't die.
void thaw_all(Records const& records);

}  // namespace proa::cgroup
