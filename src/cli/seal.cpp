// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/mount.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"

namespace proa::cli {

namespace {

using linux::Errno;
using linux::Fd;
using linux::FdRef;
using linux::Outcome;

constexpr char const* own_file = "/proc/self/exe";
constexpr std::string_view by_descriptor = "/dev/fd/";

/// The descriptor that this program was executed by, if it is still open: seal() leaves it so.
FdRef executed_descriptor() {
  constexpr FdRef none(-1);
  auto const name = linux::executed_name();
  if (!name.starts_with(by_descriptor)) return none;
  auto const number = text::number<int>(name.substr(by_descriptor.size()));
  return number && linux::inherited(*number) ? FdRef(*number) : none;
}

/// A mount that belongs to no namespace, with this file for its root, is "/" to the kernel; the
/// file of any other has a name.
bool on_private_mount(FdRef file) {
  auto const path = linux::readlink_at(linux::at_cwd, own_file);
  auto const info = linux::statfs(file);
  return path && *path == "/" && info && ((*info).f_flags & ST_RDONLY) != 0;
}

/// What is left to do in the program that seal() has executed; false in any other.
bool finish() {
  auto const file = executed_descriptor();
  if (!file) return false;
  bool const mounted = on_private_mount(file);
  if (!mounted && !linux::contents_sealed(file)) return false;
  Fd const ours(file.number());
  linux::MountAttributes attributes;
  attributes.set = MOUNT_ATTR_NOEXEC;
  auto const forbidden = mounted ? linux::mount_setattr(ours, "", AT_EMPTY_PATH, attributes)
                                 : linux::chmod(ours, S_IRUSR | S_IWUSR);
  forbidden.or_fail("forbid to execute {}", own_file);
  return true;
}

/// A user who may not write to the file has no container that may.
bool is_out_of_reach() {
  auto const user = linux::effective_uid();
  if (user == 0) return false;
  auto const file = linux::open_at(linux::at_cwd, own_file, O_PATH).or_fail("open {}", own_file);
  auto const owner = linux::stat(file).or_fail("read the owner of {}", own_file).st_uid;
  return owner != user && !linux::access_at(linux::at_cwd, own_file, W_OK);
}

/// Linux 5.12, and CAP_SYS_ADMIN over the mount namespace.
Outcome<Fd> private_mount() {
  auto mount = linux::open_tree(linux::at_cwd, own_file, OPEN_TREE_CLONE);
  if (!mount) return mount;
  linux::MountAttributes attributes;
  attributes.set = MOUNT_ATTR_RDONLY;
  auto const set = linux::mount_setattr(*mount, "", AT_EMPTY_PATH, attributes);
  if (!set) return Errno{set.error()};
  return mount;
}

Fd sealed_copy() {
  constexpr std::size_t chunk = std::size_t{1} << 24;
  auto const from = linux::open_at(linux::at_cwd, own_file, O_RDONLY).or_fail("open {}", own_file);
  auto copy = linux::program_memfd("proa").or_fail("make a file in memory");
  while (linux::send_file(copy, from, chunk).or_fail("copy {}", own_file) != 0) {
  }
  linux::seal_contents(copy).or_fail("seal the copy of {}", own_file);
  return copy;
}

/// Returns only on failure.
Outcome<void> execute_again(FdRef file, Call const& call) {
  auto const kept = linux::keep_on_exec(file);
  if (!kept) return kept;
  linux::Strings const arguments(call.command_line);
  return linux::execute_file(file, arguments.data(), linux::environment());
}

}  // namespace

void seal(Call const& call) {
  if (weakened("sealed-program")) return;
  if (finish()) {
    // Linux before 6.14 names a program that was executed by descriptor after its number.
    linux::set_name(call.program).or_fail("set the name of the process");
    return;
  }
  if (is_out_of_reach()) return;
  Context at("keep proa out of the reach of containers");
  // A security module may refuse what has no path; the copy is what is left then as well.
  if (auto const mount = private_mount()) execute_again(*mount, call).ignore();
  execute_again(sealed_copy(), call).or_fail("execute {} once more", own_file);
}

}  // namespace proa::cli
