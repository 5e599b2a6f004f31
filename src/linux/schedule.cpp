// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/schedule.hpp"

#include <linux/ioprio.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace proa::linux {

namespace {

// sched_setattr(2): the size before utilisation clamping, which every kernel knows.
constexpr std::uint32_t first_size = offsetof(SchedulerAttributes, util_min);
constexpr std::uint64_t util_clamp_flags = 0x20 | 0x40;  // <linux/sched.h>: MIN, MAX

constexpr int own = 0;

// No kernel is built for more: NR_CPUS of the architectures is at most 8192.
constexpr std::size_t most_processors = 65536;

}  // namespace

Outcome<void> set_scheduler(pid_t pid, SchedulerAttributes attributes) {
  bool const clamps = (attributes.flags & util_clamp_flags) != 0;
  attributes.size = clamps ? std::uint32_t{sizeof attributes} : first_size;
  return checked(::syscall(SYS_sched_setattr, pid, &attributes, 0U));
}

Outcome<SchedulerAttributes> scheduler(pid_t pid) {
  SchedulerAttributes attributes;
  if (::syscall(SYS_sched_getattr, pid, &attributes, sizeof attributes, 0U) < 0) {
    return Errno::last();
  }
  return attributes;
}

Outcome<void> set_group_io_priority(int priority) {
  return checked(::syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, own, priority));
}

Outcome<int> group_io_priority() {
  long const priority = ::syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, own);
  if (priority < 0) return Errno::last();
  return static_cast<int>(priority);
}

Outcome<void> set_affinity(pid_t pid, BitMask const& processors) {
  return checked(::syscall(SYS_sched_setaffinity, pid, processors.size() * sizeof(unsigned long),
                           processors.data()));
}

Outcome<BitMask> affinity(pid_t pid) {
  BitMask mask(most_processors / (8 * sizeof(unsigned long)));
  long const bytes =
      ::syscall(SYS_sched_getaffinity, pid, mask.size() * sizeof(unsigned long), mask.data());
  if (bytes < 0) return Errno::last();
  mask.resize(static_cast<std::size_t>(bytes) / sizeof(unsigned long));
  return mask;
}

Outcome<void> set_memory_policy(int mode, BitMask const& nodes) {
  // set_mempolicy(2) looks at one bit less than it is told.
  unsigned long const bits = nodes.empty() ? 0 : nodes.size() * 8 * sizeof(unsigned long) + 1;
  return checked(::syscall(SYS_set_mempolicy, mode, nodes.empty() ? nullptr : nodes.data(), bits));
}

Outcome<void> set_personality(unsigned long persona) { return checked(::personality(persona)); }

}  // namespace proa::linux
