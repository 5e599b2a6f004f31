// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The transient scope of systemd that a container lives in, as systemd is told of it: started
// around the first process, changed, stopped.  Makes no group and writes into none: what is in the
// groups' files is for the managers, systemd.cpp and cgroupfs.cpp.
#pragma once

#include <sys/types.h>

#include <optional>

#include "cgroup/bus.hpp"
#include "cgroup/records.hpp"
#include "cgroup/unit.hpp"
#include "linux/pid.hpp"

namespace proa::cgroup {

/// A unit that is being made.  Every function throws Error.
class Scope {
 public:
  /// `unit` must outlive it.
  explicit Scope(Unit const& unit) : unit_(unit) {}

  /// Refuses a host where systemd does not run.
  void connect();
  /// Has systemd make the unit and move `pid`, a number of the caller's pid namespace, into its
  /// group; `limits` come behind the unit's own properties, so that they have the last word.
  /// Returns when that is done.
  void start(pid_t pid, Properties const& limits);
  /// There is something to stop, also after a start that failed half-way.
  bool started() const { return started_; }

 private:
  Unit const& unit_;
  std::optional<Bus> bus_;
  bool started_ = false;
};

/// Has the manager of the unit change these properties until the next boot.  Returns when they are
/// in force.  Throws Error.
void set_properties(spec::UnitRecord const& unit, Properties const& properties);

/// Ends the unit and with it the groups, which nobody may be in any more; those that systemd leaves
/// are removed.  A unit that is gone is no error.  Throws Error.
void stop(spec::UnitRecord const& unit, Records const& records, linux::Deadline deadline);

}  // namespace proa::cgroup
