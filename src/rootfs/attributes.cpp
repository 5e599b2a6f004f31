// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/attributes.hpp"

#include <sys/statvfs.h>

#include <array>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/file.hpp"
#include "rootfs/options.hpp"

namespace proa::rootfs {

namespace {

using linux::FdRef;
using linux::MountAttributes;
using linux::Outcome;

// MNT_LOCK_* of the kernel: MS_NOSYMFOLLOW is not among them.
constexpr unsigned long lockable_flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

struct Pair {
  unsigned long statfs_flag;
  unsigned long flag;
};
// statfs(2); ST_NOSYMFOLLOW (Linux 5.10) is not in the headers of glibc 2.36.
constexpr unsigned long st_nosymfollow = 0x2000;
constexpr auto statfs_flags = std::to_array<Pair>({
    {ST_RDONLY, MS_RDONLY},
    {ST_NOSUID, MS_NOSUID},
    {ST_NODEV, MS_NODEV},
    {ST_NOEXEC, MS_NOEXEC},
    {ST_NOATIME, MS_NOATIME},
    {ST_NODIRATIME, MS_NODIRATIME},
    {ST_RELATIME, MS_RELATIME},
    {st_nosymfollow, MS_NOSYMFOLLOW},
});

bool empty(MountAttributes const& attributes) {
  return attributes.set == 0 && attributes.clear == 0 && attributes.propagation == 0;
}

Outcome<void> set(FdRef mount, unsigned recursion, MountAttributes const& attributes) {
  if (empty(attributes)) return {};
  return linux::mount_setattr(mount, "", AT_EMPTY_PATH | recursion, attributes);
}

Outcome<void> set_top(FdRef mount, Step const& step, MountAttributes const& top) {
  auto const outcome = set(mount, 0, top);
  if (!outcome.is(EPERM) || step.action != Action::bind) return outcome;
  auto const flags = with_locked_flags(mount, step);
  if (!flags) return outcome;
  log::debug("locked mount flags are kept");
  return set(mount, 0, bind_attributes(*flags, step.cleared));
}

}  // namespace

Outcome<linux::Fd> clone_mount(FdRef dir, std::string const& path, unsigned flags,
                               std::uint64_t propagation) {
  auto mount = linux::open_tree(dir, path, flags | OPEN_TREE_CLONE);
  if (!mount || propagation == 0) return mount;
  MountAttributes attributes;
  attributes.propagation = propagation;
  auto const isolated = set(*mount, AT_RECURSIVE, attributes);
  if (!isolated) return linux::Errno{isolated.error()};
  return mount;
}

Outcome<void> set_attributes(FdRef mount, Step const& step, MountAttributes const& top) {
  if (auto const outcome = set_top(mount, step, top); !outcome) return outcome;
  if (auto const outcome = set(mount, AT_RECURSIVE, step.recursive); !outcome) return outcome;
  for (auto const flags : step.propagation) {
    unsigned const recursion = (flags & MS_REC) != 0 ? AT_RECURSIVE : 0;
    MountAttributes attributes;
    attributes.propagation = flags & ~static_cast<unsigned long>(MS_REC);
    if (auto const outcome = set(mount, recursion, attributes); !outcome) return outcome;
  }
  return {};
}

void set_id_map(FdRef mount, Step const& step, FdRef user_namespace) {
  auto const set =
      linux::set_id_map(mount, step.id_map->whole_tree ? AT_RECURSIVE : 0, user_namespace);
  // mount_setattr(2): the file system has to be one of those that allow it.
  if (set.is(EINVAL)) {
    fail_errno(EINVAL, "{}: map ids: the file system does not support id-mapped mounts",
               step.pointer);
  }
  set.or_fail("{}: map ids", step.pointer);
}

unsigned long present_flags(FdRef mount) {
  auto const info = linux::statfs(mount).or_fail("read mount flags");
  auto const present = static_cast<unsigned long>(info.f_flags);
  unsigned long flags = 0;
  for (auto const& pair : statfs_flags) {
    if ((present & pair.statfs_flag) != 0) flags |= pair.flag;
  }
  // There is no ST_STRICTATIME: it is the absence of the other two.
  if ((flags & (MS_NOATIME | MS_RELATIME)) == 0) flags |= MS_STRICTATIME;
  return flags;
}

std::optional<unsigned long> with_locked_flags(FdRef mount, Step const& step) {
  auto const present = present_flags(mount);
  if ((present & step.cleared & lockable_flags) != 0) return std::nullopt;
  unsigned long keep = present & lockable_flags;
  if ((step.flags & atime_flags) != 0 &&
      attributes_of(step.flags & atime_flags) != attributes_of(present & atime_flags)) {
    return std::nullopt;
  }
  return step.flags | keep;
}

}  // namespace proa::rootfs
