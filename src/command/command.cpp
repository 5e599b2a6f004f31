// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "command/command.hpp"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/proc.hpp"

namespace proa::command {

namespace {

/// The child's side: never returns, and reports on `failure` why it could not execute.
[[noreturn]] void become(Command const& command, linux::FdRef input, linux::FdRef output,
                         linux::FdRef failure) {
  linux::reset_signals();
  int const streams[3] = {input.number(), output.number(), output.number()};
  int error = linux::replace_stdio(streams).error();
  // Only a container may be without one, and there nothing that was inherited is left.
  auto const proc = linux::open_proc();
  if (error == 0 && proc) error = linux::close_on_exec_from(3, *proc).error();
  if (error == 0) {
    auto const variables = command.env.value_or(std::vector<std::string>{});
    linux::Strings const args(command.args);
    linux::Strings const env(variables);
    char* const* const envp = command.env ? env.data() : environ;
    error = command.path.empty() ? linux::execute_in_path(args, envp).error()
                                 : linux::execute(command.path, args.data(), envp).error();
  }
  linux::write_once(failure, {reinterpret_cast<char const*>(&error), sizeof error}).ignore();
  linux::exit_now(127);
}

/// What a program has written.
struct Output {
  std::string text;
  std::size_t kept;  ///< of which the end
};

/// What is in the pipe by now; no more than a pipe holds, as some programs never stop writing.
void drain(linux::FdRef pipe, Output& output) {
  constexpr std::size_t most = std::size_t{1} << 20;  // pipe(7), /proc/sys/fs/pipe-max-size
  auto& [text, kept] = output;
  std::array<char, 4096> buffer;
  for (std::size_t taken = 0; taken < most;) {
    auto const got = linux::read_some(pipe, buffer);
    if (!got || *got == 0) return;
    taken += *got;
    text.append(buffer.data(), *got);
    if (text.size() > kept) text.erase(0, text.size() - kept);
  }
}

/// Collects output until the program has ended or its time is over; false when it is.
bool collect(linux::FdRef pidfd, linux::FdRef pipe, linux::Deadline deadline, Output& output) {
  bool open = true;
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{pidfd.number(), POLLIN, 0},
                              pollfd{open ? pipe.number() : -1, POLLIN, 0}};
    if (!linux::poll(fds, deadline).or_fail("wait for a program")) return false;
    drain(pipe, output);
    if ((fds[1].revents & POLLHUP) != 0) open = false;
    if (fds[0].revents != 0) return true;
    // poll(2) looks at the time only while nothing is ready.
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return false;
  }
}

int exec_error(linux::FdRef failure) {
  int error = 0;
  std::array<char, sizeof error> bytes;
  auto const got = linux::read_some(failure, bytes);
  if (got && *got == sizeof error) ::memcpy(&error, bytes.data(), sizeof error);
  return error;
}

}  // namespace

Result run(Command const& command) {
  auto const input = linux::text_memfd("stdin", command.input).or_fail("make standard input");
  auto output = linux::pipe(O_NONBLOCK).or_fail("make a pipe");
  auto failure = linux::pipe(O_NONBLOCK).or_fail("make a pipe");
  auto const child = linux::clone({}).or_fail("start a process");
  if (!child) become(command, input, output.second, failure.second);
  output.second = linux::Fd();
  failure.second = linux::Fd();

  Result result;
  Output written{{}, command.output_kept};
  linux::Deadline const deadline = command.time ? linux::in(*command.time) : linux::Deadline();
  result.timed_out = !collect(child->fd, output.first, deadline, written);
  if (result.timed_out) linux::send_signal(child->fd, SIGKILL).or_fail("kill a program");
  result.exit = linux::wait(child->fd).or_fail("wait for a program");
  drain(output.first, written);
  result.exec_error = exec_error(failure.first);
  result.output = text::trim(written.text);
  return result;
}

}  // namespace proa::command
