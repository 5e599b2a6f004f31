// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The effects of a cgroup plan.  A Manager makes a container's groups and brings its first process
// into them; what is done to them later, by another call of proa, starts from the Record alone.
// Nobody here looks at the Spec, freezes anything (freezer.hpp), or sleeps: what has to be waited
// for is waited for on a descriptor.
//
// The order, and why (cgroups(7), the kernel's cgroup_attach_lock()):
//   create()        groups, limits and device program stand before any process is inside: moving
//                   into a group, or enabling a controller over processes, waits for an RCU grace
//                   period; being born in a finished group does not
//   birthplace()    for clone3(2) with CLONE_INTO_CGROUP
//   enter()         the v1 hierarchies, which know no such clone
//   delegate()      once the id maps of a user namespace are written
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "cgroup/plan.hpp"
#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "spec/record.hpp"

namespace proa::cgroup {

/// Whether clone3(2) has put a process into the birthplace already.
enum class Born : std::uint8_t { outside, inside };

class Manager {
 public:
  Manager() = default;
  Manager(Manager const&) = delete;
  Manager& operator=(Manager const&) = delete;
  virtual ~Manager() = default;

  /// Before anything is recorded: refuses a scope that exists and has processes, which a call that
  /// cleans up by the record would take for the container's.  Throws Error.
  virtual void check() {}

  /// Makes the groups and sets everything that can be set without a process.  Throws Error; what
  /// was made by then stays until remove().  Refuses a group that exists and has processes or is
  /// frozen (config-linux.md#control-groups).  With a unit, which needs a process, all of this is
  /// done by check() and enter().
  virtual void create() = 0;

  /// The directory of the v2 group, open as long as this object lives; invalid where there is none.
  virtual linux::FdRef birthplace() const = 0;

  /// Moves `pid`, a number of the caller's pid namespace, into all groups that it is not born in,
  /// and sets what can only be set then.
  virtual void enter(pid_t pid, Born born) = 0;

  /// config-linux.md#cgroup-ownership: gives the v2 group to that id of the host.
  virtual void delegate(uid_t owner) = 0;

  /// What to keep of the groups.  Before create(): those that it will make, so that a call that is
  /// killed half-way can be cleaned up after.
  virtual std::vector<spec::CgroupRecord> record() const = 0;

  /// Takes back what create() made, and kills what is in it.  Nothing to do when create() did
  /// nothing.  Throws Error.
  virtual void remove() = 0;
};

/// `plan` must outlive the manager.
std::unique_ptr<Manager> make_manager(Plan const& plan);

// --- later, by record ---------------------------------------------------------------------------
// Groups that are gone are empty groups.  All throw Error.

/// The container's processes, also those in groups below its own, in no order.  Processes that the
/// caller's pid namespace has no number for are left out.
std::vector<pid_t> processes(std::vector<spec::CgroupRecord> const& records);

/// Sends `signal` to each of processes(), through pidfds.  SIGKILL leaves none alive: with
/// cgroup.kill of v2 (5.14) it returns at once, without it when all have ended, for which it waits
/// ten seconds at most.  A process frozen by v1 can't die, so its group is thawed once the signal
/// is in its queue.
void signal_all(std::vector<spec::CgroupRecord> const& records, int signal);

/// Waits until no process is left.  When the deadline passes, the Error names those that are.
void wait_empty(std::vector<spec::CgroupRecord> const& records, linux::Deadline deadline);

/// Removes the groups that proa made, and those made below them since.  A group that still has
/// processes is waited for until the deadline.
void remove(std::vector<spec::CgroupRecord> const& records,
            linux::Deadline deadline = linux::in(std::chrono::seconds(10)));

}  // namespace proa::cgroup
