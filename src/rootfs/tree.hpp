// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Tree: the descriptors that stand for a container's file system while it is being set up.  All of
// rootfs works on them and on no path of the host or of the container.  Only init holds one.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "linux/fd.hpp"

namespace proa::rootfs {

/// A mount that is to become read-only when all is in place.
struct ReadonlyLater {
  linux::Fd mount;
  std::string destination;
};

struct Tree {
  linux::Fd root;  ///< root of the container's file system, a mount of its own
  linux::Fd dev;   ///< its /dev, once it has been looked up
  /// A detached, read-only mount of the host's /dev/null for masked files, or, where open_tree(2)
  /// or mount_setattr(2) is missing, nothing.  Taken while the host's /dev can still be reached.
  linux::Fd null;
  /// /proc/self/fd of a verified procfs, opened where mount(2) is needed, which takes only paths: a
  /// name in this directory leads to exactly what the descriptor refers to, and the container's
  /// own /proc is never asked.
  linux::Fd descriptors;
  std::vector<ReadonlyLater> readonly_later;
  /// Not 0 while the root belongs to no mount namespace and init is in the runtime's: MS_SLAVE or
  /// MS_PRIVATE, which every copy of a mount of the host becomes at once.  As a peer of it, it
  /// would show on the host what is mounted here.
  std::uint64_t aside = 0;
  /// MS_SLAVE or MS_PRIVATE, which every mount that the parent lent has to be; 0: as it is.
  std::uint64_t lent = 0;
  linux::Fd ns;  ///< a mount namespace with a copy of this tree and nothing else, for enter()
};

/// Something takes mount(2), which knows nothing of trees that belong to no mount namespace: the
/// tree is built once more, in a copy of the runtime's.
class NotAside : public std::exception {};

}  // namespace proa::rootfs
