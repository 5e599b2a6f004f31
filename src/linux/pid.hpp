// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Processes by descriptor: clone3(2), pidfd_open(2), pidfd_send_signal(2), waitid(2), poll(2).
// A pidfd can't come to mean another process, as a number can.
#pragma once

#include <linux/sched.h>
#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// A process that this one made, or has looked up.
struct Pid {
  pid_t number = 0;
  Fd fd;
};

/// What clone3(2) gave: in the child nothing, in the parent its Pid.
using Cloned = std::optional<Pid>;

struct CloneOptions {
  std::uint64_t flags = 0;  ///< CLONE_NEW*, CLONE_PARENT
  FdRef cgroup{-1};         ///< born in this cgroup v2 directory; needs CLONE_INTO_CGROUP (5.7)
};

/// clone3(2) without CLONE_VM: the child is a copy of this process, which must have one thread
/// only. The exit signal is SIGCHLD.  Nothing is returned in the child.  Where clone3(2) is
/// refused, as by a container's seccomp filter, which its arguments are out of reach of, clone(2)
/// does what it can: all but a cgroup and CLONE_NEWTIME.
Outcome<Cloned> clone(CloneOptions const& options);

/// pidfd_open(2).  Where that is denied, the process's directory in /proc: it holds the process as
/// well, and what is below takes either.
Outcome<Fd> pidfd_open(pid_t pid);
/// pidfd_send_signal(2).  Where that is denied, kill(2) by the number that the descriptor's process
/// has: only a child of the caller's is sure to keep it in between.
Outcome<void> send_signal(FdRef pidfd, int signal);

/// How a process ended: its exit status, or 128 + n when signal n ended it, as shells say it.
struct Exit {
  int status = 0;
  int signal = 0;  ///< 0: it exited by itself
};

/// waitid(2) on a child; blocks until it has ended.
Outcome<Exit> wait(FdRef pidfd);
/// Reaps one child that has ended, whichever; nothing when none has.
struct Reaped {
  pid_t pid = 0;
  Exit exit;
};
Outcome<Reaped> reap_any();

/// A point in time to give up at; nullopt waits for ever and is only for waits on a pidfd's side.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;
Deadline in(std::chrono::milliseconds time);

/// poll(2) until one is ready or the deadline has passed (false).  EINTR is retried.
Outcome<bool> poll(std::span<pollfd> fds, Deadline deadline);
/// The same, where the first entry is a process: ready when it has ended.
Outcome<bool> poll_process(std::span<pollfd> fds, Deadline deadline);
/// Waits for the process to end; false when the deadline has passed first.
Outcome<bool> wait_ended(FdRef pidfd, Deadline deadline);

/// Of /proc/PID/stat, proc(5).
struct ProcessStat {
  char state = 0;                ///< 'R', 'S', 'Z' ...
  bool executed = false;         ///< it has called execve(2) since it was forked
  std::uint64_t start_time = 0;  ///< clock ticks since boot
};
Outcome<ProcessStat> process_stat(pid_t pid);

/// The number of a process in its own pid namespace: the last one of NSpid in /proc/PID/status.
Outcome<pid_t> innermost_number(pid_t pid);

/// The inode of a pidfd, which names one process for the whole uptime (Linux 6.9); else 0.
std::uint64_t pidfd_inode(FdRef pidfd);

/// The number of threads of this process.
Outcome<unsigned> thread_count();

}  // namespace proa::linux
