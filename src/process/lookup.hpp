// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Which file process.args[0] is, and why the kernel would not execute it: config.md#process has it
// mean what execvp(3) makes of it, with the container's PATH.  Runs in the container's root; looks
// and never changes anything.
#pragma once

#include <string>

#include "process/plan.hpp"

namespace proa::process {

/// The path to execute: args[0] where it has a slash, else the first file of that name in PATH
/// that the container's user may execute.  A relative one is relative to Plan::cwd, which need not
/// be the working directory yet.  Checked with the user's rights, whoever calls.
///
/// Throws Error with the texts that engines know (dockerd and docker/cli map them to exit statuses
/// 126 and 127):
///   exec: "foo": executable file not found in $PATH
///   exec: "/bin/foo": stat /bin/foo: no such file or directory
///   exec: "/etc": is a directory: permission denied
///   exec: "/etc/passwd": permission denied
std::string find_executable(Plan const& plan);

}  // namespace proa::process
