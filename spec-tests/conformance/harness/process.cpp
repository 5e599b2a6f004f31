// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace conformance {
namespace {

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

/// Standard input with `text` in it, rewound.
Fd input_file(std::string const& text) {
  if (text.empty()) return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd file(static_cast<int>(syscall(SYS_memfd_create, "input", 1U /* MFD_CLOEXEC */)));
  if (write(file.get(), text.data(), text.size()) < 0) throw std::runtime_error("write input");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

void set_environment(std::vector<std::string> const& entries) {
  for (auto const& entry : entries) {
    auto const equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
}

void set_signals(bool off) {
  sigset_t none;
  sigemptyset(&none);
  if (off) sigaddset(&none, SIGUSR1);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, off ? SIG_IGN : SIG_DFL);
}

/// Descriptors 3, 4 … of the child.  First moved out of the way of each other.
void pass_descriptors(std::vector<int> const& pass) {
  std::vector<int> high;
  for (int const fd : pass) high.push_back(fcntl(fd, F_DUPFD_CLOEXEC, 100));
  int target = 3;
  for (int const fd : high) dup2(fd, target++);
}

[[noreturn]] void child(Command const& command, int const (&stdio)[3]) {
  for (int fd = 0; fd < 3; ++fd) dup2(stdio[fd], fd);
  pass_descriptors(command.pass);  // their numbers may be those of `stdio`
  setpgid(0, 0);
  set_signals(command.signals_off);
  if (command.umask) umask(*command.umask);
  if (command.oom_score_adj != 0) {
    int const fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    std::string const text = std::to_string(command.oom_score_adj);
    if (write(fd, text.data(), text.size()) < 0) _exit(127);
  }
  set_environment(command.env);
  if (!command.cwd.empty() && chdir(command.cwd.c_str()) != 0) _exit(127);
  if (command.user &&
      (setgroups(0, nullptr) != 0 || setgid(*command.user) != 0 || setuid(*command.user) != 0)) {
    _exit(127);
  }
  std::vector<char*> argv;
  for (auto const& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

int status_of(siginfo_t const& info) {
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

int deadline_seconds() {
  char const* text = std::getenv("PROA_DEADLINE");
  return text == nullptr ? 30 : std::atoi(text);
}

bool wait_readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  int ready = 0;
  do ready = poll(&wanted, 1, deadline_seconds() * 1000);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

Fd pidfd_of(pid_t pid) { return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

bool ended(int pidfd) { return wait_readable(pidfd); }

int wait_for(pid_t pid) {
  Fd const handle = pidfd_of(pid);
  if (handle && !ended(handle.get())) return -1;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0) return -1;
  return status_of(info);
}

std::string Result::error() const {
  std::string_view text = err;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  auto const start = text.rfind('\n');
  std::string line(start == std::string_view::npos ? text : text.substr(start + 1));
  for (auto at = line.find("\\\""); at != std::string::npos; at = line.find("\\\"", at)) {
    line.erase(at, 1);
  }
  return line;
}

std::size_t Result::error_lines() const {
  return static_cast<std::size_t>(std::count(err.begin(), err.end(), '\n'));
}

Process::Process(Command const& command) {
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  Fd const input = input_file(command.input);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) child(command, {input.get(), out_write.get(), err_write.get()});
  pidfd_ = pidfd_of(pid_);
  out_ = std::move(out_read);
  err_ = std::move(err_read);
  fcntl(out_.get(), F_SETFL, O_NONBLOCK);
  fcntl(err_.get(), F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  if (!pidfd_) return;
  syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
}

/// Takes what is there.  False at the end of the pipe.
bool Process::take(Fd& from, std::string& into) {
  if (!from) return false;
  char buffer[65536];
  for (;;) {
    ssize_t const size = read(from.get(), buffer, sizeof buffer);
    if (size > 0) {
      into.append(buffer, static_cast<std::size_t>(size));
    } else if (size == 0) {
      from = Fd();
      return false;
    } else if (errno != EINTR) {
      return true;
    }
  }
}

void Process::drain() {
  take(out_, unread_);
  take(err_, errors_);
}

Result Process::wait() {
  Result result;
  for (;;) {
    // An absent descriptor is -1, which poll(2) passes over.
    pollfd wanted[] = {{pidfd_.get(), POLLIN, 0}, {out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}};
    int const ready = poll(wanted, 3, deadline_seconds() * 1000);
    if (ready < 0 && errno == EINTR) continue;
    drain();
    if (ready <= 0) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    if (ready <= 0 || wanted[0].revents != 0) {
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
      result.status = ready <= 0 ? -1 : status_of(info);
      break;
    }
  }
  pidfd_ = Fd();
  drain();
  result.out = unread_;
  result.err = errors_;
  return result;
}

std::optional<std::string> Process::line() {
  for (;;) {
    auto const end = unread_.find('\n');
    if (end != std::string::npos) {
      std::string text = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return text;
    }
    if (!out_ || !wait_readable(out_.get())) return std::nullopt;
    take(out_, unread_);
  }
}

std::string Process::rest() {
  while (out_ && wait_readable(out_.get())) take(out_, unread_);
  return std::exchange(unread_, {});
}

Result run(Command const& command) { return Process(command).wait(); }

}  // namespace conformance
