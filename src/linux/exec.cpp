// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/exec.hpp"

#include <linux/close_range.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "linux/file.hpp"
#include "linux/proc.hpp"

namespace proa::linux {

namespace {

constexpr unsigned all_descriptors = ~0U;

Outcome<void> close_range(unsigned first, unsigned last, unsigned flags) {
  return checked(::syscall(SYS_close_range, first, last, flags));
}

/// The open descriptors from `first` on, for kernels without close_range(2).
Outcome<std::vector<int>> open_from(unsigned first, FdRef proc) {
  auto const dir = open_in_proc(proc, "self/fd", O_RDONLY | O_DIRECTORY);
  if (!dir) return Errno{dir.error()};
  auto const names = names_in(*dir);
  if (!names) return Errno{names.error()};
  std::vector<int> numbers;
  for (auto const& name : *names) {
    auto const number = text::number<int>(name);
    if (number && *number >= static_cast<int>(first)) numbers.push_back(*number);
  }
  return numbers;
}

Outcome<void> close_span(unsigned first, unsigned last, FdRef proc) {
  auto const closed = close_range(first, last, 0);
  if (!closed.is(ENOSYS, EPERM)) return closed;
  auto const numbers = open_from(first, proc);
  if (!numbers) return Errno{numbers.error()};
  for (int const number : *numbers) {
    if (static_cast<unsigned>(number) <= last) ::close(number);
  }
  return {};
}

}  // namespace

Strings::Strings(std::vector<std::string> const& strings) {
  pointers_.reserve(strings.size() + 1);
  for (auto const& text : strings) pointers_.push_back(const_cast<char*>(text.c_str()));
  pointers_.push_back(nullptr);
}

Outcome<void> execute(std::string const& path, char* const* argv, char* const* envp) {
  return checked(::execve(path.c_str(), argv, envp));
}

Outcome<void> execute_file(FdRef file, char* const* argv, char* const* envp) {
  auto const executed =
      checked(::syscall(SYS_execveat, file.number(), "", argv, envp, AT_EMPTY_PATH));
  if (!executed.is(ENOSYS, EPERM)) return executed;
  // Under the name that execveat(2) gives the program.
  return execute("/dev/fd/" + std::to_string(file.number()), argv, envp);
}

std::string_view executed_name() {
  // A kernel address as a number: getauxval(3).
  auto const* name = reinterpret_cast<char const*>(::getauxval(AT_EXECFN));  // NOLINT
  return name == nullptr ? std::string_view() : name;
}

char* const* environment() { return environ; }

Outcome<void> execute_in_path(Strings const& argv, char* const* envp) {
  return checked(::execvpe(argv.data()[0], argv.data(), envp));
}

Outcome<std::pair<Fd, Fd>> pipe(int read_flags) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) < 0) return Errno::last();
  std::pair ends{Fd(fds[0]), Fd(fds[1])};
  if (read_flags != 0 && ::fcntl(fds[0], F_SETFL, read_flags) < 0) return Errno::last();
  return ends;
}

Outcome<std::size_t> read_some(FdRef file, std::span<char> buffer) {
  ssize_t got;
  do {
    got = ::read(file.number(), buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Errno::last();
  return static_cast<std::size_t>(got);
}

Outcome<std::size_t> write_some(FdRef file, std::string_view text) {
  ssize_t put;
  do {
    put = ::write(file.number(), text.data(), text.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) return Errno::last();
  return static_cast<std::size_t>(put);
}

Outcome<void> set_nonblocking(FdRef file) {
  int const flags = ::fcntl(file.number(), F_GETFL);
  if (flags < 0) return Errno::last();
  return checked(::fcntl(file.number(), F_SETFL, flags | O_NONBLOCK));
}

Outcome<void> replace_stdio(int const (&streams)[3]) {
  // Copies above 2 first: a stream may itself be one of the numbers that are replaced.
  int copies[3];
  for (int i = 0; i < 3; ++i) {
    copies[i] = ::fcntl(streams[i], F_DUPFD_CLOEXEC, 3);
    if (copies[i] < 0) return Errno::last();
  }
  for (int i = 0; i < 3; ++i) {
    Fd const copy(copies[i]);
    if (::dup2(copy.number(), i) < 0) return Errno::last();
  }
  return {};
}

Outcome<void> close_on_exec_from(unsigned first, FdRef proc) {
  auto const result = close_range(first, all_descriptors, CLOSE_RANGE_CLOEXEC);
  if (!result.is(ENOSYS, EINVAL, EPERM)) return result;
  auto const numbers = open_from(first, proc);
  if (!numbers) return Errno{numbers.error()};
  for (int const number : *numbers) {
    // EBADF is the listing's own descriptor, gone by now.
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF) return Errno::last();
  }
  return {};
}

Outcome<void> keep_on_exec(FdRef file) { return checked(::fcntl(file.number(), F_SETFD, 0)); }

bool inherited(int number) {
  int const flags = ::fcntl(number, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

Outcome<void> close_all_but(std::vector<int> kept, FdRef proc) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 3;
  for (int const number : kept) {
    auto const wanted = static_cast<unsigned>(number);
    if (number < 0 || wanted < first) continue;
    if (wanted > first) {
      auto const closed = close_span(first, wanted - 1, proc);
      if (!closed) return closed;
    }
    first = wanted + 1;
  }
  return close_span(first, all_descriptors, proc);
}

void reset_signals() {
  // conmon starts us with SIGPIPE ignored, and an ignored signal stays ignored through execve(2).
  struct ::sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void exit_now(int status) { ::_exit(status); }

}  // namespace proa::linux
