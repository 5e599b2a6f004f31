// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The mount option tmpcopyup: a tmpfs starts with what the directory that it covers holds.
#pragma once

#include "linux/fd.hpp"

namespace proa::rootfs {

/// Copies directories, regular files and symbolic links below `from` into `to`, with their modes
/// and owners; devices, FIFOs and sockets are left out.  Owners that the user namespace does not
/// map become the container's root.  Links are copied, never followed.  Throws Error.
void copy_up(linux::FdRef from, linux::FdRef to);

}  // namespace proa::rootfs
