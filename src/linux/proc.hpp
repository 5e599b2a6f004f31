// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// proc(5) by a descriptor.  A write below /proc/self that ends in another file than the one meant
// has been a way out of containers more than once, so every path here is walked from a directory
// that was opened before anything of a container was near, without leaving the file system and
// without following the links of /proc/PID.
#pragma once

#include <string>
#include <string_view>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// A procfs of this process's pid namespace that is mounted nowhere, with nothing but processes in
/// it (subset=pid): nothing can be mounted over its files, and who gets hold of it gains nothing.
/// For a process in its final pid namespace.  EPERM, EACCES where the kernel or AppArmor denies it.
Outcome<Fd> open_private_proc();

/// /proc, verified to be the root of a procfs: else ENOTSUP.  To be called before the process
/// enters a mount namespace that it does not trust.
Outcome<Fd> open_proc();

/// Opens a file below `proc`, for example "self/attr/exec".  EXDEV when something is mounted over
/// it, ELOOP when a link leads out, ENOTSUP when it is no file of procfs.
Outcome<Fd> open_in_proc(FdRef proc, std::string const& path, int flags);

/// open_in_proc() and one read or one write of the whole.
Outcome<std::string> read_proc(FdRef proc, std::string const& path);
Outcome<void> write_proc(FdRef proc, std::string const& path, std::string_view text);

}  // namespace proa::linux
