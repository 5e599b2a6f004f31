// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// From one process to two: clones init into its namespaces and its cgroup, through a helper where
// the plan asks for one.
#pragma once

#include <vector>

#include "cgroup/manager.hpp"
#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "namespaces/apply.hpp"
#include "plan/plan.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

/// What init inherits; everything else it closes.
struct Inheritance {
  sync::Channel channel;  ///< init's end
  namespaces::Handles namespaces;
  std::vector<linux::Fd> mount_sources;  ///< as rootfs::open_sources() gave them
  linux::Fd start_socket;                ///< listening; none: Start comes over the channel
  linux::Fd lock;                        ///< held until execve(2)
};

struct Launch {
  Plan const& plan;
  cgroup::Manager const& cgroup;
  sync::Channel const& channel;  ///< the runtime's end
  Inheritance& inheritance;
};

struct Launched {
  linux::Pid init;
  cgroup::Born born{};  ///< what is left to do for Manager::enter()
};

/// A clone of a process with other threads could inherit a lock that nobody will ever release.
/// Throws Error{usage}.
void refuse_threads();

struct Birth {
  linux::Cloned cloned;
  cgroup::Born born = cgroup::Born::outside;
};

/// clone3(2) with these flags, in that v2 group where there is one and the kernel allows it.
/// Returns in both processes.  Throws Error.
Birth clone_into(linux::FdRef group, std::uint64_t flags);

/// Returns in the runtime only, with init waiting for Admitted.  Throws Error; an init that was
/// made all the same ends by itself as soon as the runtime's end of the channel is closed.
Launched launch(Launch const& launch);

}  // namespace proa::phase
