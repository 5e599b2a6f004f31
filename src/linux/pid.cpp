// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/pid.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "linux/file.hpp"

namespace proa::linux {

namespace {

constexpr long pidfs_magic = 0x50494446;  // <linux/magic.h> since 6.9

Exit exit_of(siginfo_t const& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {128 + info.si_status, info.si_status};
}

/// clone(2) as fork(2) with flags: on a copy of this stack.  Takes the descriptor, CLONE_PIDFD
/// (5.2), where a thread library wants the thread identifier.
long old_clone(std::uint64_t flags, int& pidfd) {
#ifdef __s390__
  return ::syscall(SYS_clone, nullptr, flags, &pidfd, nullptr, nullptr);
#else
  return ::syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, nullptr);
#endif
}

}  // namespace

Outcome<Cloned> clone(CloneOptions const& options) {
  int pidfd = -1;
  ::clone_args args{};
  args.flags = options.flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  // With CLONE_PARENT the child has the exit signal of its sibling, this process: clone(2).
  args.exit_signal = (options.flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  if (options.cgroup) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(options.cgroup.number());
  }
  long pid = ::syscall(SYS_clone3, &args, sizeof args);
  // Filters cannot look into a structure, so many answer ENOSYS, and some EPERM.  clone(2) has room
  // for neither a cgroup nor the flags that share bits with the exit signal.
  bool const expressible = !options.cgroup && (args.flags & CSIGNAL) == 0;
  if (pid < 0 && (errno == ENOSYS || errno == EPERM) && expressible) {
    pid = old_clone(args.flags | args.exit_signal, pidfd);
  }
  if (pid < 0) return Errno::last();
  if (pid == 0) return Cloned();
  return Cloned(Pid{static_cast<pid_t>(pid), Fd(pidfd)});
}

Outcome<Fd> pidfd_open(pid_t pid) {
  long const fd = ::syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return Errno::last();
  return Fd(static_cast<int>(fd));
}

Outcome<void> send_signal(FdRef pidfd, int signal) {
  return checked(::syscall(SYS_pidfd_send_signal, pidfd.number(), signal, nullptr, 0));
}

Outcome<Exit> wait(FdRef pidfd) {
  siginfo_t info{};
  int result;
  do {
    result =
        ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.number()), &info, WEXITED);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return Errno::last();
  return exit_of(info);
}

Outcome<Reaped> reap_any() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0) return Errno::last();
  if (info.si_pid == 0) return Reaped{};
  return Reaped{info.si_pid, exit_of(info)};
}

Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

Outcome<bool> poll(std::span<pollfd> fds, Deadline deadline) {
  for (;;) {
    timespec left{};
    if (deadline) {
      auto const rest = std::max(std::chrono::nanoseconds(0),
                                 std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     *deadline - std::chrono::steady_clock::now()));
      left.tv_sec = rest.count() / 1'000'000'000;
      left.tv_nsec = rest.count() % 1'000'000'000;
    }
    int const ready = ::ppoll(fds.data(), fds.size(), deadline ? &left : nullptr, nullptr);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return Errno::last();
  }
}

Outcome<bool> wait_ended(FdRef pidfd, Deadline deadline) {
  pollfd ended{pidfd.number(), POLLIN, 0};
  return poll({&ended, 1}, deadline);
}

Outcome<ProcessStat> process_stat(pid_t pid) {
  auto const text = read_file(at_cwd, fmt::format("/proc/{}/stat", pid));
  if (!text) return Errno{text.error() == ENOENT ? ESRCH : text.error()};
  // The name in field 2 may hold blanks and parentheses: count from the last ')'.
  auto const name_end = (*text).rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= (*text).size()) return Errno{EPROTO};
  auto const fields = text::split(std::string_view(*text).substr(name_end + 2), ' ');
  // proc(5) counts from 1, these from 3.
  constexpr std::size_t state = 3 - 3, flags = 9 - 3, start_time = 22 - 3;
  constexpr unsigned forked_only = 0x40;  // PF_FORKNOEXEC of the kernel's linux/sched.h
  if (fields.size() <= start_time || fields[state].empty()) return Errno{EPROTO};
  auto const ticks = text::number<std::uint64_t>(fields[start_time]);
  auto const bits = text::number<unsigned>(fields[flags]);
  if (!ticks || !bits) return Errno{EPROTO};
  return ProcessStat{fields[state].front(), (*bits & forked_only) == 0, *ticks};
}

std::uint64_t pidfd_inode(FdRef pidfd) {
  auto const fs = statfs(pidfd);
  if (!fs || (*fs).f_type != pidfs_magic) return 0;
  auto const info = stat(pidfd);
  return info ? (*info).st_ino : 0;
}

Outcome<unsigned> thread_count() {
  // The link count of /proc/self/task is the number of threads and 2: proc(5).
  auto const info = stat_at(at_cwd, "/proc/self/task");
  if (!info) return Errno{info.error()};
  return static_cast<unsigned>((*info).st_nlink - 2);
}

}  // namespace proa::linux
