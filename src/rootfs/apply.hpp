// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Carries out a rootfs::Plan.  The order is the kernel's and the spec's:
//
//   parent   open_sources()   before clone, in the host's mount namespace
//   init     build()          in the container's namespaces, the old root still in reach: hooks run
//                             after it (config.md#createContainer-hooks).  With Plan::aside it is
//                             yet in the runtime's mount namespace, and makes the container's
//   init     enter()          the container's root becomes "/"
//   init     mount_console()  with a terminal only
//   init     seal()           nothing can be made in the tree any more
//
// Never mounts in the host's mount namespace: there it works on a detached tree alone.  Not
// thread-safe: umask(2) and the working directory are changed on the way.
#pragma once

#include <vector>

#include "linux/fd.hpp"
#include "rootfs/pivot.hpp"
#include "rootfs/plan.hpp"
#include "rootfs/seal.hpp"
#include "rootfs/tree.hpp"

namespace proa::rootfs {

/// The parent's part: what init, as somebody else in a user namespace, may be unable to reach.  One
/// slot for each Step: of a bind a detached copy of its source, with its ids mapped; of a file
/// system with an IdMap the user namespace; empty where init opens itself or where the parent has
/// no success either.  `id_namespaces` is empty, or has a slot for each Step as well: the user
/// namespace of its IdMap.  Throws Error for ids that can't be mapped, but not for a source: init
/// says what is wrong with it.
std::vector<linux::Fd> open_sources(Plan const& plan, std::vector<linux::Fd> id_namespaces = {});

/// The mount namespace with Plan::aside; the root as a mount of its own, all Steps in order,
/// devices and links, none of which shows on the host.  `sources` is from open_sources() or empty.
/// Throws Error.
Tree build(Plan const& plan, std::vector<linux::Fd> sources);

/// Binds the slave of a pseudoterminal on the container's /dev/console.  Throws Error.
void mount_console(Tree& tree, linux::FdRef slave);

}  // namespace proa::rootfs
