// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Mounts by descriptor: fsopen(2), fsconfig(2), fsmount(2), open_tree(2), move_mount(2),
// mount_setattr(2), then pivot_root(2) and chroot(2), and the calls of old that take paths.
// Decides nothing; which of them to use is the business of rootfs.
#pragma once

#include <sys/mount.h>

#include <cstdint>
#include <string>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

#ifndef OPEN_TREE_NAMESPACE
#define OPEN_TREE_NAMESPACE 0x2  // <linux/mount.h> of Linux 7.0
#endif

namespace proa::linux {

// --- the mount API of Linux 5.2 -----------------------------------------------------------------

/// open_tree(2), close-on-exec.  `flags` is OPEN_TREE_CLONE, AT_RECURSIVE, AT_EMPTY_PATH,
/// AT_SYMLINK_NOFOLLOW.  A clone belongs to no mount namespace until it is attached.  With
/// OPEN_TREE_NAMESPACE (Linux 7.0) it is a new mount namespace, for setns(2), that holds a copy of
/// the tree and nothing else.
Outcome<Fd> open_tree(FdRef dir, std::string const& path, unsigned flags);
/// move_mount(2): attaches the mount that `mount` is the root of on top of what `target` refers to.
Outcome<void> move_mount(FdRef mount, FdRef target);

/// fsopen(2): a new superblock of a file system type, to be configured.
Outcome<Fd> fsopen(std::string const& type);
/// fsconfig(2): FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING (at most 255 bytes), FSCONFIG_CMD_CREATE.
Outcome<void> fsconfig_flag(FdRef context, std::string const& key);
Outcome<void> fsconfig_string(FdRef context, std::string const& key, std::string const& value);
Outcome<void> fsconfig_create(FdRef context);
/// The oldest message that the kernel left in the context, "e tmpfs: Bad value for 'mode'"; ENODATA
/// when there is none left.
Outcome<std::string> fs_message(FdRef context);
/// fsmount(2), close-on-exec; `attributes` is MOUNT_ATTR_*.
Outcome<Fd> fsmount(FdRef context, unsigned attributes);

/// mount_setattr(2), Linux 5.12.
struct MountAttributes {
  std::uint64_t set = 0;          ///< MOUNT_ATTR_*
  std::uint64_t clear = 0;        ///< MOUNT_ATTR_*, applied before `set`
  std::uint64_t propagation = 0;  ///< MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0
};
/// `flags` is AT_EMPTY_PATH, AT_RECURSIVE.
Outcome<void> mount_setattr(FdRef dir, std::string const& path, unsigned flags,
                            MountAttributes const& attributes);

/// mount_setattr(2) with MOUNT_ATTR_IDMAP: the ids of the mount's file system are ids of that user
/// namespace.  EINVAL where the file system does not allow it, or the mount is attached already.
Outcome<void> set_id_map(FdRef mount, unsigned flags, FdRef user_namespace);

/// Whether the descriptor is the root of a mount: STATX_ATTR_MOUNT_ROOT, Linux 5.8.
Outcome<bool> is_mount_root(FdRef file);

// --- the calls of old ---------------------------------------------------------------------------

/// mount(2).  Empty strings are passed as null pointers.
struct MountCall {
  std::string source;
  std::string target;
  std::string type;
  unsigned long flags = 0;  ///< MS_*
  std::string data;
};
Outcome<void> mount(MountCall const& call);
/// umount2(2)
Outcome<void> unmount(std::string const& target, int flags);

// --- the root -----------------------------------------------------------------------------------

Outcome<void> pivot_root(std::string const& new_root, std::string const& put_old);
Outcome<void> chroot(std::string const& path);

}  // namespace proa::linux
