// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What is done last, in the container's root: what is to be read-only becomes so, and what the
// container shall not see is covered.
#pragma once

#include "rootfs/plan.hpp"
#include "rootfs/tree.hpp"

namespace proa::rootfs {

/// After enter() and after everything that is still to be made in the tree, the console among it.
/// Mounts whose read-only flag had to wait, read-only paths, masked paths, the root itself:
/// config-linux.md#readonly-paths, #masked-paths, config.md#root.  Paths that do not exist are
/// passed over.  Throws Error.
void seal(Plan const& plan, Tree& tree);

}  // namespace proa::rootfs
