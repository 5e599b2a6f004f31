// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A process that joins a running container, from clone(2) to execve(2).  Reads the ExecPlan and
// talks on the channel; never looks at JSON, the state directory or the host's cgroups.
#pragma once

#include "linux/fd.hpp"
#include "plan/exec.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

/// What it inherits; everything else it closes before it meets the container.
struct Luggage {
  sync::Channel channel;  ///< its end
  linux::Fd init;         ///< pidfd of the container's init
  linux::Fd proc;         ///< the runtime's /proc: no container can have changed it
  linux::Fd root;         ///< init's root; only with ExecPlan::chroot
};

/// Does not return and does not throw: any failure is a Failed message and an exit.  With
/// ExecPlan::through_helper this process is the helper; the one that it makes goes on.
[[noreturn]] void run_enter(ExecPlan const& plan, Luggage luggage) noexcept;

}  // namespace proa::phase
