// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// linux.resources, but for the device list, in the words of the hierarchies that have the
// controllers: cgroup-v1/*.rst and cgroup-v2.rst of the kernel.  The spec speaks v1; for v2 it is
// converted, and what can't be is an error (config-linux.md#unified).  Pure.
//
// Three rules hold for all of them:
//  * zero and empty are "not given", as engines write them where nothing was asked for; only
//    pids.limit, cpu.idle, cpu.burst and memory.swappiness have a meaning for zero, and what is
//    listed by device or page size, but for a weight;
//  * -1 is "no limit";
//  * `unified` comes last, so that it has the last word.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cgroup/plan.hpp"

namespace proa::cgroup {

/// Adds the writes to the groups.  Throws as plan() does.
void add_limits(std::vector<Group>& groups, spec::Resources const& resources);

/// The JSON pointer of a limit that is asked for, whatever has a controller for it; empty: none is.
/// Throws Error{config} as plan() does.
std::string first_limit(spec::Resources resources);

/// cpu.shares of v1 (2 ... 262144, usually 1024) as cpu.weight of v2 (1 ... 10000, usually 100).
std::uint64_t cpu_weight(std::uint64_t shares);
/// blkio.weight of v1 (10 ... 1000) as io.weight of v2 (1 ... 10000).
std::uint64_t io_weight(std::uint64_t weight);

}  // namespace proa::cgroup
