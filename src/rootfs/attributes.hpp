// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Flags and propagation of a mount by mount_setattr(2), on a detached mount as well as on an
// attached one, and what to do about flags that a user namespace may not take away.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "linux/fd.hpp"
#include "linux/mount.hpp"
#include "linux/outcome.hpp"
#include "rootfs/plan.hpp"

namespace proa::rootfs {

/// A detached copy of a mount, or with AT_RECURSIVE of a tree, with this propagation; 0: as it is.
linux::Outcome<linux::Fd> clone_mount(linux::FdRef dir, std::string const& path, unsigned flags,
                                      std::uint64_t propagation);

/// `top` on the mount, then the Step's recursive attributes and propagation.
linux::Outcome<void> set_attributes(linux::FdRef mount, Step const& step,
                                    linux::MountAttributes const& top);

/// The Step's IdMap on a mount that is not attached yet.  Throws Error.
void set_id_map(linux::FdRef mount, Step const& step, linux::FdRef user_namespace);

/// Whether a call may have failed only because the kernel, or a filter, does not have it.  EINVAL:
/// a kernel that has the call but not yet the flag.
template <class T>
bool may_be_missing(linux::Outcome<T> const& outcome) {
  return outcome.is(ENOSYS, EPERM, EINVAL);
}

/// MS_* that the mount has now, access times included.  Throws Error.
unsigned long present_flags(linux::FdRef mount);

/// mount_namespaces(7): in a user namespace the flags of a mount that came from outside are locked.
/// The Step's flags with those that are locked now; nothing when the Step explicitly asks for what
/// that denies.
std::optional<unsigned long> with_locked_flags(linux::FdRef mount, Step const& step);

}  // namespace proa::rootfs
