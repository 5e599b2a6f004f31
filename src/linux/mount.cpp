// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/mount.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace proa::linux {

namespace {

Outcome<Fd> owned(long number) {
  if (number < 0) return Errno::last();
  return Fd(static_cast<int>(number));
}

char const* or_null(std::string const& text) { return text.empty() ? nullptr : text.c_str(); }

// Filters may refuse one call of the mount API and not another.  A mount that cannot be finished or
// attached is of no use, so what begins one fails at once, as where the whole API is missing.  With
// no descriptors the calls fail in another way where they exist.
Outcome<void> attachable() {
  auto const moved = checked(
      ::syscall(SYS_move_mount, -1, "", -1, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
  if (moved.is(ENOSYS, EPERM)) return moved;
  return {};
}

Outcome<void> mountable() {
  auto const configured =
      checked(::syscall(SYS_fsconfig, -1, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
  if (configured.is(ENOSYS, EPERM)) return configured;
  auto const made = checked(::syscall(SYS_fsmount, -1, FSMOUNT_CLOEXEC, 0));
  if (made.is(ENOSYS, EPERM)) return made;
  return attachable();
}

}  // namespace

// syscall(2) and not glibc's functions: older C libraries than 2.36 have none, the numbers are the
// same on all architectures.

Outcome<Fd> open_tree(FdRef dir, std::string const& path, unsigned flags) {
  if ((flags & OPEN_TREE_CLONE) != 0) {
    if (auto const possible = attachable(); !possible) return Errno{possible.error()};
  }
  return owned(::syscall(SYS_open_tree, dir.number(), path.c_str(), flags | OPEN_TREE_CLOEXEC));
}

Outcome<void> move_mount(FdRef mount, FdRef target) {
  return checked(::syscall(SYS_move_mount, mount.number(), "", target.number(), "",
                           MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

Outcome<Fd> fsopen(std::string const& type) {
  if (auto const possible = mountable(); !possible) return Errno{possible.error()};
  return owned(::syscall(SYS_fsopen, type.c_str(), FSOPEN_CLOEXEC));
}

Outcome<void> fsconfig_flag(FdRef context, std::string const& key) {
  return checked(
      ::syscall(SYS_fsconfig, context.number(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0));
}

Outcome<void> fsconfig_string(FdRef context, std::string const& key, std::string const& value) {
  return checked(::syscall(SYS_fsconfig, context.number(), FSCONFIG_SET_STRING, key.c_str(),
                           value.c_str(), 0));
}

Outcome<void> fsconfig_create(FdRef context) {
  return checked(
      ::syscall(SYS_fsconfig, context.number(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
}

Outcome<std::string> fs_message(FdRef context) {
  std::array<char, 1024> buffer;
  auto const size = ::read(context.number(), buffer.data(), buffer.size());
  if (size < 0) return Errno::last();
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

Outcome<Fd> fsmount(FdRef context, unsigned attributes) {
  return owned(::syscall(SYS_fsmount, context.number(), FSMOUNT_CLOEXEC, attributes));
}

Outcome<void> mount_setattr(FdRef dir, std::string const& path, unsigned flags,
                            MountAttributes const& attributes) {
  struct ::mount_attr attr {};
  attr.attr_set = attributes.set;
  attr.attr_clr = attributes.clear;
  attr.propagation = attributes.propagation;
  return checked(
      ::syscall(SYS_mount_setattr, dir.number(), path.c_str(), flags, &attr, sizeof attr));
}

Outcome<void> set_id_map(FdRef mount, unsigned flags, FdRef user_namespace) {
  struct ::mount_attr attr {};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<std::uint64_t>(user_namespace.number());
  return checked(
      ::syscall(SYS_mount_setattr, mount.number(), "", flags | AT_EMPTY_PATH, &attr, sizeof attr));
}

Outcome<bool> is_mount_root(FdRef file) {
  struct ::statx info {};
  if (::statx(file.number(), "", AT_EMPTY_PATH, 0, &info) < 0) return Errno::last();
  if ((info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) return Errno{ENOSYS};
  return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Outcome<void> mount(MountCall const& call) {
  return checked(::mount(or_null(call.source), call.target.c_str(), or_null(call.type), call.flags,
                         or_null(call.data)));
}

Outcome<void> unmount(std::string const& target, int flags) {
  return checked(::umount2(target.c_str(), flags));
}

Outcome<void> pivot_root(std::string const& new_root, std::string const& put_old) {
  return checked(::syscall(SYS_pivot_root, new_root.c_str(), put_old.c_str()));
}

Outcome<void> chroot(std::string const& path) { return checked(::chroot(path.c_str())); }

}  // namespace proa::linux
