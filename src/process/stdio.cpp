// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/stdio.hpp"

#include <sys/sysmacros.h>

#include <algorithm>

#include "base/error.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"

namespace proa::process {

namespace {

constexpr int streams[] = {0, 1, 2};

bool is_null(struct ::stat const& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == ::makedev(1, 3);  // null(4)
}

bool is_null_stream(int number) {
  auto const info = linux::stat(linux::FdRef(number));
  return info && is_null(*info);
}

}  // namespace

void reopen_null_stdio(linux::FdRef dev) {
  if (std::ranges::none_of(streams, is_null_stream)) return;
  constexpr auto beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  auto null = linux::open_in(dev, "null", O_RDWR | O_NOCTTY, beneath);
  if (null.is(ENOSYS, EPERM)) null = linux::open_at(dev, "null", O_RDWR | O_NOCTTY | O_NOFOLLOW);
  // It may have removed its own to be given the host's, whose node root could change.
  if (null.is(ENOENT)) {
    fail(ErrorKind::failed, "container has no /dev/null to take the place of the host's");
  }
  auto const file = std::move(null).or_fail("open /dev/null");
  if (!is_null(linux::stat(file).or_fail("stat /dev/null"))) {
    fail(ErrorKind::failed, "container's /dev/null is invalid");
  }
  int replaced[3];
  for (int const number : streams) {
    replaced[number] = is_null_stream(number) ? file.number() : number;
  }
  linux::replace_stdio(replaced).or_fail("replace standard streams with /dev/null");
}

void fix_stdio_owner(Plan const& plan) {
  constexpr auto same_group = static_cast<gid_t>(-1);
  for (int const number : streams) {
    linux::FdRef const stream(number);
    auto const info = linux::stat(stream);
    if (!info || (*info).st_uid == plan.uid) continue;
    bool const device = S_ISCHR((*info).st_mode) || S_ISBLK((*info).st_mode);
    if (device && (!plan.terminal || is_null(*info))) continue;
    auto const changed = linux::chown(stream, plan.uid, same_group);
    // EPERM: the owner is not of our user namespace.  EROFS: neither is the file ours to change.
    // EINVAL: the file system knows no such owner.  It may have lost its pipe's other end as well.
    if (changed.is(EPERM, EROFS, EINVAL, ENOTSUP)) continue;
    changed.or_fail("change owner of descriptor {}", number);
  }
}

}  // namespace proa::process
