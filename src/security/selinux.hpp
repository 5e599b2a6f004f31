// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// process.selinuxLabel: selinux(8).  The label of the process from the next execve(2) on, and of
// the keys that it makes.  Mount labels are the matter of rootfs/.
#pragma once

#include <string>

#include "linux/fd.hpp"

namespace proa::selinux {

/// Whether the running kernel has SELinux and a policy.  Looks at the host's /sys and this
/// process's label: runtime only.
bool enabled();

/// In the process.  Both write below `proc`/self/attr, see linux/proc.hpp; an empty label does
/// nothing.
void set_exec_label(std::string const& label, linux::FdRef proc);
/// keyrings(7): before the session keyring is made, so that it has the container's label.
void set_key_label(std::string const& label, linux::FdRef proc);
/// Keys get the process's own label again.
void clear_key_label(std::string const& label, linux::FdRef proc);

}  // namespace proa::selinux
