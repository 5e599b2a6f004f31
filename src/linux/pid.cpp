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

using namespace std::chrono_literals;

// Where the end of a process can only be looked for.
constexpr auto look_time = 10ms;

Outcome<ProcessStat> read_stat(FdRef dir, std::string const& path) {
  auto const text = read_file(dir, path);
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

/// What pidfd_open() gives where the call is denied.
bool is_directory(FdRef process) {
  auto const info = stat(process);
  return info && S_ISDIR((*info).st_mode);
}

bool has_ended(FdRef directory) {
  auto const now = read_stat(directory, "stat");
  return now.is(ESRCH) || (now && ((*now).state == 'Z' || (*now).state == 'X'));
}

/// The number of the process that a descriptor holds; ESRCH when it has been reaped.
Outcome<pid_t> number_of(FdRef process) {
  bool const directory = is_directory(process);
  auto const text = directory
                        ? read_file(process, "stat")
                        : read_file(at_cwd, fmt::format("/proc/self/fdinfo/{}", process.number()));
  if (!text) return Errno{text.error() == ENOENT ? ESRCH : text.error()};
  constexpr std::string_view key = "\nPid:";  // proc(5); -1 without a process
  auto const line = directory ? 0 : (*text).find(key);
  if (line == std::string::npos) return Errno{EPROTO};
  auto const word = std::string_view(*text).substr(line + (directory ? 0 : key.size()));
  auto const number = text::number<pid_t>(text::trim(word.substr(0, word.find_first_of(" \n"))));
  if (!number || *number <= 0) return Errno{ESRCH};
  return *number;
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

// ENOSYS, EPERM: filters that are older than the call.  It has no EPERM of its own.
Outcome<Fd> pidfd_open(pid_t pid) {
  long const fd = ::syscall(SYS_pidfd_open, pid, 0);
  if (fd >= 0) return Fd(static_cast<int>(fd));
  if (errno != ENOSYS && errno != EPERM) return Errno::last();
  auto directory = open_at(at_cwd, fmt::format("/proc/{}", pid), O_RDONLY | O_DIRECTORY);
  if (directory.is(ENOENT)) return Errno{ESRCH};
  return directory;
}

Outcome<void> send_signal(FdRef pidfd, int signal) {
  auto const sent = checked(::syscall(SYS_pidfd_send_signal, pidfd.number(), signal, nullptr, 0));
  // Should EPERM be the kernel's own answer, it answers the same once more.
  if (!sent.is(ENOSYS, EPERM)) return sent;
  auto const number = number_of(pidfd);
  return number ? checked(::kill(*number, signal)) : Errno{number.error()};
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

// A directory is always ready for poll(2), so its process has to be looked at now and then.
Outcome<bool> poll_process(std::span<pollfd> fds, Deadline deadline) {
  FdRef const process(fds[0].fd);
  if (!is_directory(process)) return poll(fds, deadline);
  for (;;) {
    bool const over = has_ended(process);
    auto const look = in(over ? 0ms : look_time);
    auto const ready = poll(fds.subspan(1), deadline ? std::min(*deadline, *look) : *look);
    fds[0].revents = over ? POLLIN : 0;
    if (!ready) return ready;
    if (*ready || over) return true;
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return false;
  }
}

Outcome<bool> wait_ended(FdRef pidfd, Deadline deadline) {
  pollfd ended{pidfd.number(), POLLIN, 0};
  return poll_process({&ended, 1}, deadline);
}

Outcome<ProcessStat> process_stat(pid_t pid) {
  return read_stat(at_cwd, fmt::format("/proc/{}/stat", pid));
}

Outcome<pid_t> innermost_number(pid_t pid) {
  auto const text = read_file(at_cwd, fmt::format("/proc/{}/status", pid));
  if (!text) return Errno{text.error() == ENOENT ? ESRCH : text.error()};
  auto const line = (*text).find("\nNSpid:");
  if (line == std::string::npos) return Errno{EPROTO};
  auto const numbers = std::string_view(*text).substr(line, (*text).find('\n', line + 1) - line);
  auto const number = text::number<pid_t>(numbers.substr(numbers.rfind('\t') + 1));
  if (!number) return Errno{EPROTO};
  return *number;
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
