// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/copy_up.hpp"

#include <string>

#include "base/error.hpp"
#include "linux/file.hpp"

namespace proa::rootfs {

namespace {

using linux::FdRef;
using FileInfo = struct ::stat;

// One descriptor pair is open for each level; PATH_MAX allows deeper trees, nobody has them.
constexpr int deepest = 256;
constexpr std::size_t chunk = std::size_t{1} << 24;
constexpr mode_t permissions = 07777;

struct Copy {
  FdRef from;  ///< directory
  FdRef to;    ///< directory
  int depth = 0;
};

void copy_directory(Copy const& copy);

void own(linux::Outcome<void> const& changed) {
  if (!changed.is(EPERM, EINVAL)) changed.or_fail("change owner");
}

/// The owner first: chown(2) clears the set-user-ID bit.
void dress(FdRef file, FileInfo const& info) {
  own(linux::chown(file, info.st_uid, info.st_gid));
  linux::chmod(file, info.st_mode & permissions).or_fail("change mode");
}

void copy_file(Copy const& copy, std::string const& name, FileInfo const& info) {
  // O_NONBLOCK: should it have become a FIFO meanwhile.
  auto const from =
      linux::open_at(copy.from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).or_fail("open");
  auto const to = linux::open_at(copy.to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600)
                      .or_fail("create");
  while (linux::send_file(to, from, chunk).or_fail("copy") != 0) {
  }
  dress(to, info);
}

void copy_link(Copy const& copy, std::string const& name, FileInfo const& info) {
  auto const text = linux::readlink_at(copy.from, name).or_fail("read link");
  linux::symlink_at(text, copy.to, name).or_fail("make link");
  own(linux::chown_at(copy.to, name, info.st_uid, info.st_gid));
}

void copy_subdirectory(Copy const& copy, std::string const& name, FileInfo const& info) {
  if (copy.depth == deepest) fail_errno(ELOOP, "descend");
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  auto const from = linux::open_at(copy.from, name, flags).or_fail("open");
  linux::mkdir_at(copy.to, name, 0700).or_fail("make directory");
  auto const to = linux::open_at(copy.to, name, flags).or_fail("open copy");
  copy_directory({from, to, copy.depth + 1});
  dress(to, info);
}

void copy_entry(Copy const& copy, std::string const& name) {
  Context at("{}", name);
  auto const info = linux::stat_at(copy.from, name).or_fail("read type");
  switch (info.st_mode & S_IFMT) {
    case S_IFDIR:
      return copy_subdirectory(copy, name, info);
    case S_IFREG:
      return copy_file(copy, name, info);
    case S_IFLNK:
      return copy_link(copy, name, info);
    default:
      return;
  }
}

void copy_directory(Copy const& copy) {
  for (auto const& name : linux::names_in(copy.from).or_fail("list")) copy_entry(copy, name);
}

}  // namespace

void copy_up(FdRef from, FdRef to) {
  Context at("copy up");
  copy_directory({from, to, 0});
}

}  // namespace proa::rootfs
