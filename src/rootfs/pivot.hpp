// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Making the container's file system the root of the process: pivot_root(2), a moved mount, or
// chroot(2).
#pragma once

#include "rootfs/plan.hpp"
#include "rootfs/tree.hpp"

namespace proa::rootfs {

/// After this the old root is out of reach, the working directory is the container's "/" and the
/// root mount has the propagation that config-linux.md#rootfs-mount-propagation asks for.  Throws
/// Error.
void enter(Plan const& plan, Tree& tree);

}  // namespace proa::rootfs
