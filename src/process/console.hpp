// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The terminal of a process with process.terminal: a pseudoterminal of the container's own devpts,
// so that its name means the same inside.  Runs in the container.  Sends the master nowhere and
// mounts nothing on /dev/console: those are the caller's.
#pragma once

#include "linux/fd.hpp"
#include "process/plan.hpp"

namespace proa::process {

struct Console {
  linux::Fd master;
  linux::Fd slave;
};

/// `dev` is the container's /dev.  What is opened is verified to be a pty of a devpts: CVE-2025-
/// 52565.  The slave has process.consoleSize and belongs to the user.  Its mode is what the kernel
/// gives a new one; whoever holds the master may want linux::plain_newline_mode().
Console open_console(linux::FdRef dev, Plan const& plan);

/// In a session leader without a terminal (setsid(2)): the slave becomes its controlling terminal
/// and its standard streams.
void adopt_console(linux::FdRef slave);

}  // namespace proa::process
