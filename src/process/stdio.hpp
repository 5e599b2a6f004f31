// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The standard streams that the container's process gets from the caller: descriptors 0, 1 and 2.
// Nothing here opens or closes any other.
#pragma once

#include "linux/fd.hpp"
#include "process/plan.hpp"

namespace proa::process {

/// In the container, `dev` being its /dev.  A stream that is the host's /dev/null becomes the
/// container's: through the host's, the host's file system would stay reachable, and its mode is
/// root's to change.  Throws Error where the container has none.
void reopen_null_stdio(linux::FdRef dev);

/// In the container, before set_user().  Gives the streams to the container's user, so that it can
/// open /dev/stdout and its terminal again.  Devices are left alone, a terminal of the caller too;
/// with Plan::terminal they are the container's own.  Throws only where chown(2) gives a reason
/// that the stream's file system does not explain.
void fix_stdio_owner(Plan const& plan);

}  // namespace proa::process
