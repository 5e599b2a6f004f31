// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/relay.hpp"

#include <array>

#include "base/error.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/tty.hpp"

namespace proa::phase {

namespace {

constexpr linux::FdRef standard_input{0};
constexpr linux::FdRef standard_output{1};

// A direction reads no more while so much is waiting to be written: a slow reader slows the
// writer down instead of filling our memory.
constexpr std::size_t buffered = 65536;
// What a pipe takes without blocking once poll(2) says it is writable: pipe(7), PIPE_BUF.
constexpr std::size_t chunk = 4096;

short when(bool wanted, short events) { return wanted ? events : short{0}; }

}  // namespace

Relay::Relay(linux::Fd master) : master_(std::move(master)) {
  linux::set_nonblocking(master_).or_fail("make the terminal non-blocking");
  // Our own terminal turns "\n" into "\r\n", or a pipe wants what the container printed.
  auto const pty = linux::terminal_mode(master_).or_fail("read the terminal's mode");
  linux::set_terminal_mode(master_, linux::plain_newline_mode(pty))
      .or_fail("set the terminal's mode");
  resize();
  auto const mode = linux::terminal_mode(standard_input);
  if (!mode) return;  // ENOTTY: a pipe or a file needs no raw mode
  linux::set_terminal_mode(standard_input, linux::raw_mode(*mode)).or_fail("make the terminal raw");
  cooked_ = *mode;
}

Relay::~Relay() {
  if (cooked_) linux::set_terminal_mode(standard_input, *cooked_).ignore();
}

void Relay::resize() {
  auto const size = linux::window_size(standard_input);
  // No terminal, or one without a size: the pty keeps what config.json gave it.
  if (master_ && size && (*size).rows != 0) linux::set_window_size(master_, *size).ignore();
}

void Relay::resume() {
  input_paused_ = false;
  // The shell has had the terminal as it likes it.
  if (cooked_) linux::set_terminal_mode(standard_input, linux::raw_mode(*cooked_)).ignore();
  resize();
}

void Relay::add_to(std::vector<pollfd>& fds) {
  first_ = fds.size();
  bool const reads_input = input_open_ && !input_paused_ && input_.size() < buffered;
  auto const master = static_cast<short>(when(output_open_ && output_.size() < buffered, POLLIN) |
                                         when(output_open_ && !input_.empty(), POLLOUT));
  // A negative descriptor is not polled; one that has hung up would wake us again and again.
  fds.push_back({reads_input ? standard_input.number() : -1, POLLIN, 0});
  fds.push_back({master != 0 ? master_.number() : -1, master, 0});
  fds.push_back({output_.empty() ? -1 : standard_output.number(), POLLOUT, 0});
}

void Relay::pump(std::vector<pollfd> const& fds) {
  if (fds[first_].revents != 0) read_input();
  if ((fds[first_ + 1].revents & POLLOUT) != 0) write_input();
  if ((fds[first_ + 1].revents & ~POLLOUT) != 0) read_output();
  if (fds[first_ + 2].revents != 0) write_output();
}

void Relay::read_input() {
  std::array<char, chunk> buffer;
  auto const got = linux::read_some(standard_input, buffer);
  if (got && *got > 0) {
    input_.append(buffer.data(), *got);
    last_typed_ = input_.back();
  } else if (cooked_ && got.is(EIO)) {
    input_paused_ = true;  // SIGTTIN is blocked, credentials(7); or the terminal has gone
  } else if (!got.is(EAGAIN)) {
    input_open_ = false;
    if (got && !cooked_) end_input();
  }
}

/// As if somebody had typed Ctrl-D, which behind an unfinished line only ends that: termios(3).
void Relay::end_input() {
  auto const info = linux::stat(standard_input);
  // Behind /dev/null there was nobody to type, and a shell should not end because of that.
  if (info && S_ISCHR((*info).st_mode)) return;
  auto const mode = linux::terminal_mode(master_);
  if (!mode || ((*mode).c_lflag & ICANON) == 0) return;
  input_.append(last_typed_ == '\n' ? 1 : 2, static_cast<char>((*mode).c_cc[VEOF]));
}

/// Its processes get SIGHUP, and errors instead of a write that never ends.
void Relay::hang_up() {
  input_.clear();
  output_.clear();
  input_open_ = false;
  output_open_ = false;
  master_ = linux::Fd();
}

void Relay::write_input() {
  auto const put = linux::write_some(master_, input_);
  if (put) {
    input_.erase(0, *put);
  } else if (!put.is(EAGAIN)) {
    input_.clear();
    input_open_ = false;
  }
}

void Relay::read_output() {
  std::array<char, chunk> buffer;
  // EIO: the last process has closed the slave, pty(7).
  auto const got = linux::read_some(master_, buffer);
  if (got && *got > 0) {
    output_.append(buffer.data(), *got);
  } else if (!got.is(EAGAIN)) {
    output_open_ = false;
  }
}

void Relay::write_output() {
  auto const put = linux::write_some(standard_output, std::string_view(output_).substr(0, chunk));
  if (put) {
    output_.erase(0, *put);
  } else if (!put.is(EAGAIN)) {
    hang_up();  // nobody reads us any more
  }
}

void Relay::finish() {
  // The pty holds what was printed before the end; once the slave is closed, reading it is EIO.
  // Processes that outlive init could keep it open and write on: what is there now, and no more
  // than a pty can hold, is all that is waited for.
  constexpr std::size_t most = 1U << 20;
  auto const limit = output_.size() + most;
  for (bool more = output_open_; more && output_.size() < limit;) {
    auto const before = output_.size();
    read_output();
    more = output_open_ && output_.size() > before;
  }
  input_.clear();
  input_open_ = false;
  output_open_ = false;
}

}  // namespace proa::phase
