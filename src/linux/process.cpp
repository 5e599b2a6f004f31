// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/process.hpp"

#include <grp.h>
#include <limits.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/weaken.hpp"

namespace proa::linux {

Outcome<std::vector<gid_t>> supplementary_groups() {
  int const count = ::getgroups(0, nullptr);
  if (count < 0) return Errno::last();
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgroups(count, groups.data()) < 0) return Errno::last();
  return groups;
}

Outcome<void> set_supplementary_groups(std::vector<gid_t> const& groups) {
  return checked(::setgroups(groups.size(), groups.data()));
}

uid_t effective_uid() { return ::geteuid(); }
gid_t effective_gid() { return ::getegid(); }

Outcome<void> set_gid(gid_t gid) { return checked(::setresgid(gid, gid, gid)); }
Outcome<void> set_uid(uid_t uid) { return checked(::setresuid(uid, uid, uid)); }

// An invalid id changes nothing and gives the present one: setfsgid(2).
gid_t file_gid() { return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1))); }
uid_t file_uid() { return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))); }

Outcome<void> set_file_gid(gid_t gid) {
  ::setfsgid(gid);
  if (file_gid() != gid) return Errno{EPERM};
  return {};
}

Outcome<void> set_file_uid(uid_t uid) {
  ::setfsuid(uid);
  if (file_uid() != uid) return Errno{EPERM};
  return {};
}

mode_t set_umask(mode_t mask) { return ::umask(mask); }

// By number: the C libraries disagree on the type of a resource, the kernel has struct rlimit64,
// which Limit has the layout of.
Outcome<Limit> limit(pid_t pid, int resource) {
  Limit now;
  if (::syscall(SYS_prlimit64, pid, resource, nullptr, &now) < 0) return Errno::last();
  return now;
}

Outcome<void> set_limit(pid_t pid, int resource, Limit limit) {
  return checked(::syscall(SYS_prlimit64, pid, resource, &limit, nullptr));
}

pid_t process_id() { return ::getpid(); }

Outcome<void> set_session() {
  if (weakened("own-session")) return {};
  return checked(::setsid());
}

Outcome<std::string> working_directory() {
  std::array<char, PATH_MAX> buffer;
  long const size = ::syscall(SYS_getcwd, buffer.data(), buffer.size());
  if (size < 0) return Errno::last();
  return std::string(buffer.data(), static_cast<std::size_t>(size - 1));  // it counts the NUL
}

}  // namespace proa::linux
