// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Paths of a container, looked up inside its root and never outside of it, however its links are
// laid and whoever moves them meanwhile: openat2(2) RESOLVE_IN_ROOT where the kernel has it, else a
// walk by descriptors, one component at a time.  What is missing is made by that walk.  Everything
// that is found is returned as a descriptor; nobody has to name it a second time.
#pragma once

#include <cstdint>
#include <string>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"
#include "rootfs/plan.hpp"

namespace proa::rootfs {

/// O_PATH of what `path` is inside `root`, which may be a mount point.  Absolute paths and absolute
/// links start at `root`, ".." stops there.  Lookup::plain: ELOOP or ENOTDIR for a link on the way;
/// Lookup::itself: a link as last component is what is opened.
linux::Outcome<linux::Fd> look_up(linux::FdRef root, std::string const& path,
                                  Lookup lookup = Lookup::follow);

/// What is made when it is missing.
enum class Kind : std::uint8_t { directory, file };

struct Found {
  linux::Fd fd;         ///< O_PATH
  bool existed = true;  ///< false: it was made
};

/// As look_up(), and makes what is missing: directories with mode 0755, a file as last component
/// with mode 0644, both subject to umask(2).  A dangling link is followed: what it names is made,
/// inside the root.  With Lookup::itself nothing is made.
linux::Outcome<Found> look_up_or_make(linux::FdRef root, std::string const& path, Kind kind,
                                      Lookup lookup = Lookup::follow);

namespace detail {
/// look_up() without openat2(2).
linux::Outcome<linux::Fd> walk(linux::FdRef root, std::string const& path, Lookup lookup);
}  // namespace detail

}  // namespace proa::rootfs
