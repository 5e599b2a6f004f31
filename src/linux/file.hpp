// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Files and directories relative to a descriptor: open(2), openat2(2), read(2), write(2), stat(2),
// mkdir(2), unlink(2), rename(2) ...  Every descriptor is opened close-on-exec.  Thread-safe.
#pragma once

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// openat(2) with O_CLOEXEC; EINTR is retried.
Outcome<Fd> open_at(FdRef dir, std::string const& path, int flags, mode_t mode = 0);

/// openat2(2) with O_CLOEXEC.  `resolve` is RESOLVE_* of <linux/openat2.h>.  EAGAIN (a rename raced
/// the walk) is retried a bounded number of times.
Outcome<Fd> open_in(FdRef dir, std::string const& path, int flags, std::uint64_t resolve);

/// All of a small file, read to its end.
Outcome<std::string> read_all(FdRef file);
/// open_at() for reading, then read_all().
Outcome<std::string> read_file(FdRef dir, std::string const& path);

/// One write(2) of the whole text, as kernel files want it; a short write is EIO.
Outcome<void> write_once(FdRef file, std::string_view text);
/// open_at() for writing, then write_once().
Outcome<void> write_file(FdRef dir, std::string const& path, std::string_view text);
/// write(2) until all is written.
Outcome<void> write_all(FdRef file, std::string_view text);

Outcome<struct ::stat> stat(FdRef file);
/// fstatat(2) with AT_SYMLINK_NOFOLLOW.
Outcome<struct ::stat> stat_at(FdRef dir, std::string const& path);
/// fstatat(2): the inode number of what a link leads to.
Outcome<std::uint64_t> inode_at(FdRef dir, std::string const& path);
Outcome<struct ::statfs> statfs(FdRef file);
Outcome<struct ::statfs> statfs(std::string const& path);
/// faccessat(2) with AT_EACCESS, which goes by the ids of setfsuid(2) and setfsgid(2).
Outcome<void> access_at(FdRef dir, std::string const& path, int mode);

Outcome<void> mkdir_at(FdRef dir, std::string const& path, mode_t mode);
Outcome<void> mknod_at(FdRef dir, std::string const& path, mode_t mode, dev_t device);
Outcome<void> symlink_at(std::string const& target, FdRef dir, std::string const& path);
Outcome<std::string> readlink_at(FdRef dir, std::string const& path);
/// `flags` is 0 or AT_REMOVEDIR.
Outcome<void> unlink_at(FdRef dir, std::string const& path, int flags = 0);
/// renameat2(2); `flags` as RENAME_NOREPLACE.
Outcome<void> rename_at(FdRef dir, std::string const& from, std::string const& to,
                        unsigned flags = 0);
Outcome<void> chown(FdRef file, uid_t uid, gid_t gid);
/// fchownat(2) with AT_SYMLINK_NOFOLLOW.
Outcome<void> chown_at(FdRef dir, std::string const& path, uid_t uid, gid_t gid);
Outcome<void> chmod(FdRef file, mode_t mode);
/// flock(2).
Outcome<void> lock(FdRef file, int operation);
/// The names in a directory, without "." and "..".
Outcome<std::vector<std::string>> names_in(FdRef dir);
Outcome<void> fchdir(FdRef dir);
Outcome<void> chdir(std::string const& path);
Outcome<std::string> getcwd();
/// sendfile(2): at most `size` bytes from where `from` stands; 0 at its end.
Outcome<std::size_t> send_file(FdRef to, FdRef from, std::size_t size);
/// fsetxattr(2)
Outcome<void> set_xattr(FdRef file, std::string const& name, std::string const& value);
/// lseek(2): back to the beginning.
Outcome<void> rewind(FdRef file);
/// A duplicate of the descriptor, close-on-exec.
Outcome<Fd> duplicate(FdRef file);
/// memfd_create(2), close-on-exec; it may be sealed.
Outcome<Fd> memfd(char const* name);
/// One with this text, at its start, that nobody can change.
Outcome<Fd> text_memfd(char const* name, std::string_view text);
/// One that may be executed as well.
Outcome<Fd> program_memfd(char const* name);
/// fcntl(2) F_ADD_SEALS: nobody will ever change the contents, nor the seals.
Outcome<void> seal_contents(FdRef memfd);
/// Whether that has been done.
bool contents_sealed(FdRef file);

/// "/proc/self/fd/N": the last resort for calls that take only paths.
std::string proc_path(FdRef file);

}  // namespace proa::linux
