// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Mount option words and what they mean: config.md#linux-mount-options, from one table that also
// says what `features` lists.  Pure; a word that is not in the table is left for the file system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "linux/mount.hpp"

namespace proa::rootfs {

/// An option word that is neither a flag nor the file system's: what proa itself does about it.
enum class Behaviour : std::uint32_t {
  copy_symlink = 1 << 0,   ///< a source that is a symbolic link is made anew at the destination
  source_itself = 1 << 1,  ///< a source that is a symbolic link is not followed
  target_itself = 1 << 2,  ///< a destination that is a symbolic link is not followed
  copy_up = 1 << 3,        ///< a tmpfs starts with what the destination held
  id_map = 1 << 4,         ///< mount_setattr(2) MOUNT_ATTR_IDMAP
  id_map_whole = 1 << 5,   ///< the same for the whole tree
};

/// What all words of one mount say together.  A later word overrides an earlier one.
struct Options {
  unsigned long flags = 0;           ///< MS_* that are asked for, with MS_BIND, MS_REC, MS_REMOUNT
  unsigned long cleared = 0;         ///< MS_* that are asked to be off
  linux::MountAttributes recursive;  ///< of the words for a whole tree: "rro"
  std::vector<unsigned long> propagation;  ///< MS_SHARED ..., with MS_REC, in the order given
  std::uint32_t behaviours = 0;
  std::vector<std::size_t> unknown;  ///< positions of the words that are not in the table

  bool has(Behaviour behaviour) const {
    return (behaviours & static_cast<std::uint32_t>(behaviour)) != 0;
  }
};

Options parse_options(std::vector<std::string> const& words);

/// The words that proa implements, sorted: features.md#mount-options.
std::vector<std::string> option_words();

/// MS_* that mount_setattr(2) has an attribute for, access times aside.
inline constexpr unsigned long simple_flags =
    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW;
inline constexpr unsigned long atime_flags =
    MS_NOATIME | MS_RELATIME | MS_STRICTATIME | MS_NODIRATIME;
/// MS_* that belong to the superblock and not to the mount.
inline constexpr unsigned long superblock_flags =
    MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_SILENT | MS_I_VERSION;

/// MOUNT_ATTR_* of the simple and atime flags among `flags`, with the precedence of mount(2):
/// strictatime over noatime over relatime.
std::uint64_t attributes_of(unsigned long flags);

/// What a bind mount's flags become: exactly what is asked for, but as they were where no word says
/// anything about them; access times count as a group of their own, and only words that set one of
/// them, as with mount(8).
linux::MountAttributes bind_attributes(unsigned long flags, unsigned long cleared);

}  // namespace proa::rootfs
