// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Terminals: ioctl_tty(2), pts(4), termios(3).
#pragma once

#include <termios.h>

#include <cstdint>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

struct WindowSize {
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  bool operator==(WindowSize const&) const = default;
};
/// TIOCGWINSZ, TIOCSWINSZ
Outcome<WindowSize> window_size(FdRef terminal);
Outcome<void> set_window_size(FdRef terminal, WindowSize size);

/// TIOCSPTLCK with 0: the slave of this master can be opened.
Outcome<void> unlock_pty(FdRef master);
/// TIOCGPTPEER (4.13): opens the slave by its master, so that no path is looked up.  The slave
/// does not become the controlling terminal.
Outcome<Fd> pty_peer(FdRef master);
/// TIOCGPTN: N of /dev/pts/N.
Outcome<unsigned> pty_number(FdRef master);

/// TIOCSCTTY: makes it the controlling terminal of this session's leader, which has none.
Outcome<void> set_controlling_terminal(FdRef terminal);

/// tcgetpgrp(3): whether this process is in the foreground of its controlling terminal.  ENOTTY: it
/// has gone, or never was that.
Outcome<bool> in_foreground(FdRef terminal);

/// tcgetattr(3), tcsetattr(3) with TCSANOW.  ENOTTY: it is no terminal.
Outcome<struct ::termios> terminal_mode(FdRef terminal);
Outcome<void> set_terminal_mode(FdRef terminal, struct ::termios const& mode);

/// The mode without any processing of what is typed or printed: cfmakeraw(3).
struct ::termios raw_mode(struct ::termios mode);
/// The mode that does not make "\n" into "\r\n" on output.
struct ::termios plain_newline_mode(struct ::termios mode);

}  // namespace proa::linux
