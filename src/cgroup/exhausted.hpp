// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Which limit of its group a process has run into that could not do its work: for the words of an
// error.  Reads the kernel's counters, which begin at zero with a new group; changes nothing.
#pragma once

#include <string>

#include "cgroup/records.hpp"

namespace proa::cgroup {

/// "memory.max = 4096" when the kernel has killed a process of the container for want of memory;
/// empty when it has not.  Throws Error.
std::string oom_killer(Records const& records);

/// "pids.max = 1" when a fork(2) in the container was refused because of it; empty when none was.
/// Throws Error.
std::string refused_fork(Records const& records);

}  // namespace proa::cgroup
