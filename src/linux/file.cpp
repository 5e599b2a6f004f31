// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/file.hpp"

#include <dirent.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <memory>

#include "linux/process.hpp"

namespace proa::linux {

namespace {

/// Calls until it is not interrupted.
template <class Call>
auto uninterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

Outcome<Fd> owned(long number) {
  if (number < 0) return Errno::last();
  return Fd(static_cast<int>(number));
}

// A rename storm on a shared volume can make openat2(2) return EAGAIN any number of times;
// openat2(2) says to retry, and a hostile container must not make us retry for ever.
constexpr int open_attempts = 128;

}  // namespace

Outcome<Fd> open_at(FdRef dir, std::string const& path, int flags, mode_t mode) {
  return owned(
      uninterrupted([&] { return ::openat(dir.number(), path.c_str(), flags | O_CLOEXEC, mode); }));
}

Outcome<Fd> open_in(FdRef dir, std::string const& path, int flags, std::uint64_t resolve) {
  ::open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = resolve;
  long number = -1;
  for (int attempt = 0; attempt < open_attempts; ++attempt) {
    number = ::syscall(SYS_openat2, dir.number(), path.c_str(), &how, sizeof how);
    if (number >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return owned(number);
}

Outcome<std::string> read_all(FdRef file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    auto const got =
        uninterrupted([&] { return ::read(file.number(), buffer.data(), buffer.size()); });
    if (got < 0) return Errno::last();
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Outcome<std::string> read_file(FdRef dir, std::string const& path) {
  auto file = open_at(dir, path, O_RDONLY);
  if (!file) return Errno{file.error()};
  return read_all(*file);
}

Outcome<void> write_once(FdRef file, std::string_view text) {
  auto const put = uninterrupted([&] { return ::write(file.number(), text.data(), text.size()); });
  if (put < 0) return Errno::last();
  if (static_cast<std::size_t>(put) != text.size()) return Errno{EIO};
  return {};
}

Outcome<void> write_file(FdRef dir, std::string const& path, std::string_view text) {
  auto file = open_at(dir, path, O_WRONLY);
  if (!file) return Errno{file.error()};
  return write_once(*file, text);
}

Outcome<void> write_all(FdRef file, std::string_view text) {
  while (!text.empty()) {
    auto const put =
        uninterrupted([&] { return ::write(file.number(), text.data(), text.size()); });
    if (put < 0) return Errno::last();
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Outcome<struct ::stat> stat(FdRef file) {
  struct ::stat info {};
  if (::fstat(file.number(), &info) < 0) return Errno::last();
  return info;
}

Outcome<struct ::stat> stat_at(FdRef dir, std::string const& path) {
  struct ::stat info {};
  if (::fstatat(dir.number(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) return Errno::last();
  return info;
}

Outcome<std::uint64_t> inode_at(FdRef dir, std::string const& path) {
  struct ::stat info {};
  if (::fstatat(dir.number(), path.c_str(), &info, 0) < 0) return Errno::last();
  return info.st_ino;
}

Outcome<struct ::statfs> statfs(FdRef file) {
  struct ::statfs info {};
  if (::fstatfs(file.number(), &info) < 0) return Errno::last();
  return info;
}

Outcome<struct ::statfs> statfs(std::string const& path) {
  struct ::statfs info {};
  if (::statfs(path.c_str(), &info) < 0) return Errno::last();
  return info;
}

namespace {

bool in_group(gid_t group) {
  auto const groups = supplementary_groups();
  return group == file_gid() || (groups && std::ranges::find(*groups, group) != (*groups).end());
}

/// R_OK, W_OK and X_OK as the mode grants them to this process: path_resolution(7).
mode_t granted(struct ::stat const& info) {
  auto const user = file_uid();
  // capabilities(7): root overrides the mode, but executes only what somebody may execute.
  if (user == 0) return R_OK | W_OK | ((info.st_mode & 0111) != 0 ? X_OK : 0U);
  if (user == info.st_uid) return info.st_mode >> 6 & 7;
  return (in_group(info.st_gid) ? info.st_mode >> 3 : info.st_mode) & 7;
}

/// By the mode alone: without access control lists, and without the mount but for its noexec.
Outcome<void> judge_access(FdRef dir, std::string const& path, int mode) {
  auto const file = open_at(dir, path, O_PATH);
  if (!file) return Errno{file.error()};
  auto const info = stat(*file);
  if (!info) return Errno{info.error()};
  auto const mount = statfs(*file);
  if (!mount) return Errno{mount.error()};
  bool const runs = S_ISDIR((*info).st_mode) || ((*mount).f_flags & ST_NOEXEC) == 0;
  auto const wanted = static_cast<mode_t>(mode);
  if ((granted(*info) & wanted) != wanted || ((mode & X_OK) != 0 && !runs)) return Errno{EACCES};
  return {};
}

}  // namespace

// Without faccessat2(2), for want of it or from a filter that is older, there is a call that goes
// by the real ids, and who asks may have changed those of the file system alone: setfsuid(2).  By
// number, as glibc takes it for the same.
Outcome<void> access_at(FdRef dir, std::string const& path, int mode) {
  auto const allowed =
      checked(::syscall(SYS_faccessat2, dir.number(), path.c_str(), mode, AT_EACCESS));
  if (!allowed.is(ENOSYS, EPERM)) return allowed;
  bool const same = ::getuid() == file_uid() && ::getgid() == file_gid();
  if (same) return checked(::syscall(SYS_faccessat, dir.number(), path.c_str(), mode));
  return judge_access(dir, path, mode);
}

Outcome<void> mkdir_at(FdRef dir, std::string const& path, mode_t mode) {
  return checked(::mkdirat(dir.number(), path.c_str(), mode));
}

Outcome<void> mknod_at(FdRef dir, std::string const& path, mode_t mode, dev_t device) {
  return checked(::mknodat(dir.number(), path.c_str(), mode, device));
}

Outcome<void> symlink_at(std::string const& target, FdRef dir, std::string const& path) {
  return checked(::symlinkat(target.c_str(), dir.number(), path.c_str()));
}

Outcome<std::string> readlink_at(FdRef dir, std::string const& path) {
  std::array<char, 4096> buffer;
  auto const size = ::readlinkat(dir.number(), path.c_str(), buffer.data(), buffer.size());
  if (size < 0) return Errno::last();
  if (static_cast<std::size_t>(size) == buffer.size()) return Errno{ENAMETOOLONG};
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

Outcome<void> unlink_at(FdRef dir, std::string const& path, int flags) {
  return checked(::unlinkat(dir.number(), path.c_str(), flags));
}

Outcome<void> rename_at(FdRef dir, std::string const& from, std::string const& to, unsigned flags) {
  return checked(::renameat2(dir.number(), from.c_str(), dir.number(), to.c_str(), flags));
}

Outcome<void> chown(FdRef file, uid_t uid, gid_t gid) {
  return checked(::fchownat(file.number(), "", uid, gid, AT_EMPTY_PATH));
}

Outcome<void> chown_at(FdRef dir, std::string const& path, uid_t uid, gid_t gid) {
  return checked(::fchownat(dir.number(), path.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW));
}

Outcome<void> chmod(FdRef file, mode_t mode) { return checked(::fchmod(file.number(), mode)); }

Outcome<void> lock(FdRef file, int operation) {
  return checked(uninterrupted([&] { return ::flock(file.number(), operation); }));
}

Outcome<std::vector<std::string>> names_in(FdRef dir) {
  // A descriptor of its own: readdir(3) moves the offset, and closedir(3) closes.
  auto listing = open_at(dir, ".", O_RDONLY | O_DIRECTORY);
  if (!listing) return Errno{listing.error()};
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(listing->number()), ::closedir);
  if (!stream) return Errno::last();
  listing->release();
  std::vector<std::string> names;
  for (errno = 0; auto const* entry = ::readdir(stream.get()); errno = 0) {
    std::string_view const name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return Errno::last();
  return names;
}

Outcome<void> fchdir(FdRef dir) { return checked(::fchdir(dir.number())); }
Outcome<void> chdir(std::string const& path) { return checked(::chdir(path.c_str())); }

Outcome<std::string> getcwd() {
  std::array<char, 4096> buffer;
  if (::getcwd(buffer.data(), buffer.size()) == nullptr) return Errno::last();
  return std::string(buffer.data());
}

Outcome<std::size_t> send_file(FdRef to, FdRef from, std::size_t size) {
  auto const sent =
      uninterrupted([&] { return ::sendfile(to.number(), from.number(), nullptr, size); });
  if (sent < 0) return Errno::last();
  return static_cast<std::size_t>(sent);
}

Outcome<void> set_xattr(FdRef file, std::string const& name, std::string const& value) {
  return checked(::fsetxattr(file.number(), name.c_str(), value.data(), value.size(), 0));
}

Outcome<void> rewind(FdRef file) { return checked(::lseek(file.number(), 0, SEEK_SET)); }

Outcome<Fd> duplicate(FdRef file) { return owned(::fcntl(file.number(), F_DUPFD_CLOEXEC, 3)); }

Outcome<Fd> memfd(char const* name) {
  return owned(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

// Sealed, and not opened anew for reading alone: that takes a /proc, of which a container may have
// none, or one that its image has forged.
Outcome<Fd> text_memfd(char const* name, std::string_view text) {
  auto file = memfd(name);
  if (!file) return file;
  for (auto const& done : {write_all(*file, text), seal_contents(*file), rewind(*file)}) {
    if (!done) return Errno{done.error()};
  }
  return file;
}

Outcome<Fd> program_memfd(char const* name) {
  constexpr unsigned executable = 0x10;  // MFD_EXEC, Linux 6.3; before, all of them were
  constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int const fd = ::memfd_create(name, flags | executable);
  if (fd < 0 && errno == EINVAL) return owned(::memfd_create(name, flags));
  return owned(fd);
}

namespace {
constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
}

Outcome<void> seal_contents(FdRef memfd) {
  return checked(::fcntl(memfd.number(), F_ADD_SEALS, all_seals));
}

bool contents_sealed(FdRef file) {
  int const seals = ::fcntl(file.number(), F_GET_SEALS);
  return seals >= 0 && (seals & all_seals) == all_seals;
}

std::string proc_path(FdRef file) { return fmt::format("/proc/self/fd/{}", file.number()); }

}  // namespace proa::linux
