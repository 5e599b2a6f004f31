// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/tty.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace proa::linux {

Outcome<WindowSize> window_size(FdRef terminal) {
  ::winsize size{};
  if (::ioctl(terminal.number(), TIOCGWINSZ, &size) < 0) return Errno::last();
  return WindowSize{size.ws_row, size.ws_col};
}

Outcome<void> set_window_size(FdRef terminal, WindowSize size) {
  ::winsize native{};
  native.ws_row = size.rows;
  native.ws_col = size.columns;
  return checked(::ioctl(terminal.number(), TIOCSWINSZ, &native));
}

Outcome<void> unlock_pty(FdRef master) {
  int locked = 0;
  return checked(::ioctl(master.number(), TIOCSPTLCK, &locked));
}

Outcome<Fd> pty_peer(FdRef master) {
  int const slave = ::ioctl(master.number(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return Errno::last();
  return Fd(slave);
}

Outcome<unsigned> pty_number(FdRef master) {
  unsigned number = 0;
  if (::ioctl(master.number(), TIOCGPTN, &number) < 0) return Errno::last();
  return number;
}

Outcome<bool> in_foreground(FdRef terminal) {
  auto const group = ::tcgetpgrp(terminal.number());
  if (group < 0) return Errno::last();
  return group == ::getpgrp();
}

Outcome<void> set_controlling_terminal(FdRef terminal) {
  return checked(::ioctl(terminal.number(), TIOCSCTTY, 0));
}

Outcome<struct ::termios> terminal_mode(FdRef terminal) {
  struct ::termios mode {};
  if (::tcgetattr(terminal.number(), &mode) < 0) return Errno::last();
  return mode;
}

Outcome<void> set_terminal_mode(FdRef terminal, struct ::termios const& mode) {
  return checked(::tcsetattr(terminal.number(), TCSANOW, &mode));
}

struct ::termios raw_mode(struct ::termios mode) {
  ::cfmakeraw(&mode);
  return mode;
}

struct ::termios plain_newline_mode(struct ::termios mode) {
  mode.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  return mode;
}

}  // namespace proa::linux
