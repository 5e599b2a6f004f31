// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Programs that a case starts: with pipes, a deadline and an exit status, and never a sleep: every
// wait is for a descriptor.  Knows nothing of containers.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace conformance {

/// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Seconds that anything here may take; more under sanitizers ($PROA_DEADLINE).
int deadline_seconds();
/// False when nothing came within the deadline.
bool wait_readable(int fd);

/// What a finished program left.
struct Result {
  int status = -1;  ///< exit status, 128 + n after signal n, -1 when it had to be killed
  std::string out;
  std::string err;

  bool ok() const { return status == 0; }
  /// The last line of `err`, without its newline, and without the backslashes that loggers put
  /// before quotes.
  std::string error() const;
  /// The lines of `err`.
  std::size_t error_lines() const;
};

struct Command {
  std::vector<std::string> argv;
  std::string input;                  ///< standard input; /dev/null when empty
  std::string cwd;                    ///< where it runs; here when empty
  std::vector<std::string> env = {};  ///< NAME=value, added to this process's own
  std::optional<uid_t> user = {};     ///< switch to this uid and gid first
  std::vector<int> pass = {};         ///< descriptors it gets as 3, 4 …
  int oom_score_adj = 0;              ///< set when not 0
  std::optional<mode_t> umask = {};
  bool signals_off = false;  ///< SIGPIPE ignored and SIGUSR1 blocked
};

/// A running program.  Killed when it still runs at the end.
class Process {
 public:
  Process() = default;
  explicit Process(Command const& command);
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept = default;
  ~Process();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  /// Waits for its end, and takes what it has written by then.  What it left running may still
  /// hold the pipes: line() and rest() read on.
  Result wait();
  /// The next line of standard output; nothing at the end or the deadline.
  std::optional<std::string> line();
  /// Standard output from here to its end, which comes when the last holder has closed it.
  std::string rest();

 private:
  bool take(Fd& from, std::string& into);
  void drain();
  pid_t pid_ = -1;
  Fd pidfd_;
  Fd out_, err_;
  std::string unread_;
  std::string errors_;
};

/// Process(command).wait()
Result run(Command const& command);

/// The end of `pid`, a child or an orphan of this process: its exit status, or 128 + signal.
/// -1 when it did not come within the deadline, or is no descendant.
int wait_for(pid_t pid);
/// True when it has come to its end within the deadline, whoever reaps it.
bool ended(int pidfd);
/// A pidfd for a process, empty when there is none.
Fd pidfd_of(pid_t pid);

}  // namespace conformance
