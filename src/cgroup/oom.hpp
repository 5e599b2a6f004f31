// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a container's memory to run out: memory.events of v2, an eventfd(2) on
// memory.oom_control of v1.  Waits for nothing itself.
#pragma once

#include <poll.h>

#include <cstdint>

#include "cgroup/records.hpp"
#include "linux/fd.hpp"

namespace proa::cgroup {

class OomWatch {
 public:
  /// What happened before does not count.  Where no group has the memory controller nothing is
  /// watched.  Throws Error.
  explicit OomWatch(Records const& records);

  /// For poll(2): ready when take() may have something.
  pollfd entry() const;

  /// v2: how many processes the kernel has killed since the last call; v1: how often there was no
  /// memory.
  std::uint64_t take();

 private:
  std::uint64_t take_v1();
  std::uint64_t take_v2();
  /// Opens memory.events anew, as only what comes after its reading makes it ready.
  std::uint64_t count_kills();

  bool v2_ = false;
  linux::Fd group_;
  linux::Fd file_;          ///< v2: memory.events; v1: the counter
  std::uint64_t seen_ = 0;  ///< v2: kills by then
};

}  // namespace proa::cgroup
