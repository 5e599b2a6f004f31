// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/proc.hpp"

#include <linux/magic.h>

#include <utility>

#include "linux/file.hpp"
#include "linux/mount.hpp"

namespace proa::linux {

namespace {

constexpr ino_t proc_root_inode = 1;  // PROC_ROOT_INO of the kernel

/// The file, if it is of procfs.
Outcome<Fd> verified(Outcome<Fd> file) {
  if (!file) return file;
  auto const fs = statfs(*file);
  if (!fs) return Errno{fs.error()};
  if ((*fs).f_type != PROC_SUPER_MAGIC) return Errno{ENOTSUP};
  return file;
}

Outcome<Fd> open_below(FdRef proc, std::string const& path, int flags) {
  constexpr auto bounds = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  auto file = open_in(proc, path, flags | O_NOCTTY, bounds);
  // Without openat2(2) (a filter around us, or Linux before 5.6) a file mounted over the one that
  // is meant is told from it only by its file system.
  if (file.is(ENOSYS, EPERM)) return open_at(proc, path, flags | O_NOFOLLOW | O_NOCTTY);
  return file;
}

}  // namespace

Outcome<Fd> open_private_proc() {
  auto const context = fsopen("proc");
  if (!context) return Errno{context.error()};
  for (auto const& [key, value] :
       {std::pair{"subset", "pid"}, std::pair{"hidepid", "ptraceable"}}) {
    auto const set = fsconfig_string(*context, key, value);
    if (!set) return Errno{set.error()};
  }
  auto const created = fsconfig_create(*context);
  if (!created) return Errno{created.error()};
  return fsmount(*context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

Outcome<Fd> open_proc() {
  auto proc = verified(open_at(at_cwd, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW));
  if (!proc) return proc;
  auto const root = stat(*proc);
  if (!root) return Errno{root.error()};
  if ((*root).st_ino != proc_root_inode) return Errno{ENOTSUP};
  return proc;
}

Outcome<Fd> open_in_proc(FdRef proc, std::string const& path, int flags) {
  return verified(open_below(proc, path, flags));
}

Outcome<std::string> read_proc(FdRef proc, std::string const& path) {
  auto const file = open_in_proc(proc, path, O_RDONLY);
  if (!file) return Errno{file.error()};
  return read_all(*file);
}

Outcome<void> write_proc(FdRef proc, std::string const& path, std::string_view text) {
  auto const file = open_in_proc(proc, path, O_WRONLY);
  if (!file) return Errno{file.error()};
  return write_once(*file, text);
}

}  // namespace proa::linux
