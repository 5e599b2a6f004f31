// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// When, where and as what a process runs: sched(7), ioprio_set(2), sched_setaffinity(2),
// set_mempolicy(2), personality(2).  All of it is about the calling process unless a pid is given.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "linux/outcome.hpp"

namespace proa::linux {

/// struct sched_attr of sched_setattr(2), under a name that no version of glibc has taken.
struct SchedulerAttributes {
  std::uint32_t size = 0;  ///< filled in by set_scheduler()
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;   ///< nanoseconds
  std::uint64_t deadline = 0;  ///< nanoseconds
  std::uint64_t period = 0;    ///< nanoseconds
  std::uint32_t util_min = 0;  ///< only with SCHED_FLAG_UTIL_CLAMP_MIN
  std::uint32_t util_max = 0;
  bool operator==(SchedulerAttributes const&) const = default;
};
/// sched_setattr(2), sched_getattr(2)
Outcome<void> set_scheduler(pid_t pid, SchedulerAttributes attributes);
Outcome<SchedulerAttributes> scheduler(pid_t pid);

/// ioprio_set(2) and ioprio_get(2) of this process's process group.
Outcome<void> set_group_io_priority(int priority);
Outcome<int> group_io_priority();

/// Bit n of the mask, counted through its words, is processor or memory node n.
using BitMask = std::vector<unsigned long>;
/// sched_setaffinity(2), sched_getaffinity(2) with masks of any size.
Outcome<void> set_affinity(pid_t pid, BitMask const& processors);
Outcome<BitMask> affinity(pid_t pid);

/// set_mempolicy(2); `mode` with its flags.
Outcome<void> set_memory_policy(int mode, BitMask const& nodes);

/// personality(2)
Outcome<void> set_personality(unsigned long persona);

}  // namespace proa::linux
