// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/relay.hpp"

#include <array>
#include <chrono>

#include "base/error.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/tty.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr linux::FdRef standard_input{0};
constexpr linux::FdRef standard_output{1};

// A direction reads no more while so much is waiting to be written: a slow reader slows the
// writer down instead of filling our memory.
constexpr std::size_t buffered = 65536;
// What a pipe takes without blocking once poll(2) says it is writable: pipe(7), PIPE_BUF.  A
// terminal promises only some room then.
constexpr std::size_t chunk = 4096;
// Between two looks at what no poll(2) tells of.
constexpr auto rest = 100ms;

short when(bool wanted, short events) { return wanted ? events : short{0}; }

/// Standard output once more, if it is a terminal: O_NONBLOCK for us, and not for the shell that
/// shares descriptor 1.  Else nothing.
linux::Fd own_terminal() {
  // Opening a pty's master makes another pty.
  bool const slave = linux::terminal_mode(standard_output) && !linux::pty_number(standard_output);
  if (!slave) return {};
  auto opened = linux::open_at(linux::at_cwd, linux::proc_path(standard_output),
                               O_WRONLY | O_NONBLOCK | O_NOCTTY);
  // EACCES: another user's, as after su(1); EBUSY: TIOCEXCL.  Descriptor 1 may block, but works.
  return opened ? std::move(*opened) : linux::Fd();
}

}  // namespace

Relay::Relay(linux::Fd master) : master_(std::move(master)), terminal_(own_terminal()) {
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

/// No event says that a slave is open again, or that the shell has made this the foreground: bash's
/// `fg` sends no SIGCONT to a job that was running.
void Relay::look_again() {
  again_ = std::nullopt;
  slave_closed_ = false;
  if (!input_paused_) return;
  auto const foreground = linux::in_foreground(standard_input);
  if (!foreground) {
    input_open_ = false;  // the terminal has gone
    input_paused_ = false;
  } else if (*foreground) {
    resume();
  } else {
    again_ = linux::in(rest);
  }
}

void Relay::await_slave() {
  slave_closed_ = true;
  again_ = linux::in(rest);
}

void Relay::add_to(std::vector<pollfd>& fds) {
  if (again_ && std::chrono::steady_clock::now() >= *again_) look_again();
  first_ = fds.size();
  bool const reads_input = input_open_ && !input_paused_ && input_.size() < buffered;
  bool const uses_master = output_open_ && !slave_closed_;
  auto const master = static_cast<short>(when(uses_master && output_.size() < buffered, POLLIN) |
                                         when(uses_master && !input_.empty(), POLLOUT));
  // A negative descriptor is not polled; one that has hung up would wake us again and again.
  fds.push_back({reads_input ? standard_input.number() : -1, POLLIN, 0});
  fds.push_back({master != 0 ? master_.number() : -1, master, 0});
  fds.push_back({output_.empty() ? -1 : output().number(), POLLOUT, 0});
}

void Relay::pump(std::vector<pollfd> const& fds) {
  auto const master = fds[first_ + 1].revents;
  if (fds[first_].revents != 0) read_input();
  if ((master & (POLLOUT | POLLHUP)) == POLLOUT) write_input();
  bool const has_room = output_.size() < buffered;
  if ((master & ~POLLOUT) != 0 && has_room) read_output();
  // Comes unasked, and would come again and again.
  if ((master & POLLHUP) != 0 && !has_room) await_slave();
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
    again_ = linux::in(rest);
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
  again_ = std::nullopt;
  master_ = linux::Fd();
}

void Relay::write_input() {
  auto const put = linux::write_some(master_, input_);
  if (put) {
    input_.erase(0, *put);
  } else if (put.is(EIO)) {
    await_slave();  // nobody could read it; it is kept
  } else if (!put.is(EAGAIN)) {
    input_.clear();
    input_open_ = false;
  }
}

void Relay::read_output() {
  std::array<char, chunk> buffer;
  auto const got = linux::read_some(master_, buffer);
  if (got && *got > 0) {
    output_.append(buffer.data(), *got);
  } else if (got.is(EIO)) {
    await_slave();  // the last one is closed, pty(7); a program may open /dev/console again
  } else if (!got.is(EAGAIN)) {
    output_open_ = false;
  }
}

linux::FdRef Relay::output() const { return terminal_ ? linux::FdRef(terminal_) : standard_output; }

void Relay::write_output() {
  auto const put = linux::write_some(output(), std::string_view(output_).substr(0, chunk));
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
    more = output_.size() > before;
  }
  input_.clear();
  input_open_ = false;
  output_open_ = false;
  again_ = std::nullopt;
}

}  // namespace proa::phase
