// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Mounting with mount(2), where the calls of Linux 5.2 and 5.12 are missing, filtered or cannot say
// what is asked for.  The descriptors of a Tree stand for the paths that mount(2) wants.  These
// functions change the working directory.
#pragma once

#include <string>

#include "linux/fd.hpp"
#include "linux/mount.hpp"
#include "linux/outcome.hpp"
#include "rootfs/plan.hpp"
#include "rootfs/tree.hpp"

namespace proa::rootfs::mount2 {

/// Makes the functions below usable; only before the container's root is entered.  Throws
/// Error, and NotAside where they can't be.
void prepare(Tree& tree);

/// mount(2) on what `target` refers to; ENOSYS when prepare() was not called.  A call.source that
/// is a name from name_of() refers to a descriptor.
linux::Outcome<void> call(Tree const& tree, linux::FdRef target, linux::MountCall call);
/// The name of a descriptor for call().
std::string name_of(linux::FdRef fd);

/// A new file system on `target`: type, source, flags and parameters of the Step.
linux::Outcome<void> filesystem(Tree const& tree, linux::FdRef target, Step const& step);
/// A bind mount of what `source` refers to.  Throws Error.
void bind(Tree const& tree, linux::FdRef source, linux::FdRef target, unsigned long flags);

/// What is now mounted at a path where `target` was looked up before.  Throws Error when it is not
/// the root of a mount.
linux::Fd reopen(Tree const& tree, std::string const& path, Lookup lookup);
/// The same of a bind mount, whose root has to be what `source` refers to: in a volume that is
/// shared with a running container the path may lead to another mount by now.
linux::Fd reopen(Tree const& tree, std::string const& path, Lookup lookup, linux::FdRef source);

/// The attributes of a Step on an attached mount; `refusal` is why mount_setattr(2) did not do it.
/// Throws Error.
void set_attributes(Tree const& tree, linux::FdRef mount, Step const& step, int refusal);
/// Makes an attached mount read-only and keeps its other flags.  Throws Error.
void set_readonly(Tree const& tree, linux::FdRef mount);

/// Parameters as mount(2) wants them: "mode=755,size=64k"; a value with a comma is quoted.
std::string data_of(std::vector<Parameter> const& parameters);

}  // namespace proa::rootfs::mount2
