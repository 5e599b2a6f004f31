// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Carries out one Step of the plan: a detached mount is made, given its flags, and attached to a
// descriptor of its destination.  Only init does this, before it enters the container's root.
#pragma once

#include "linux/fd.hpp"
#include "rootfs/plan.hpp"
#include "rootfs/tree.hpp"

namespace proa::rootfs {

/// `source` is what open_sources() opened for this Step, or nothing.  Throws Error.
void perform(Step const& step, linux::Fd source, Tree& tree);

/// Reads what the kernel left in the context of fsopen(2) and throws an Error of `number` that says
/// so: "create: tmpfs: Bad value for 'mode': invalid argument".
[[noreturn]] void fail_in_context(linux::FdRef context, int number, std::string const& what);

}  // namespace proa::rootfs
