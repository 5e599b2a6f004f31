// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Between our own standard streams and the master of the container's pty: bytes both ways, the
// window's size, and raw mode for as long as it lives.  Nothing is lost, nothing spins.  A slave
// that nobody has open may be opened again: only the container's end is the end.  The end of an
// input that is no terminal becomes the container's end of file; when nobody reads the output any
// more, the container's terminal hangs up.
#pragma once

#include <poll.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "linux/fd.hpp"
#include "linux/pid.hpp"

namespace proa::phase {

class Relay {
 public:
  /// Takes the master.  If standard input is a terminal, it becomes raw until the Relay is gone,
  /// and the pty gets its window size.
  explicit Relay(linux::Fd master);
  Relay(Relay const&) = delete;
  Relay& operator=(Relay const&) = delete;
  ~Relay();

  /// Appends what to wait for; always the same number of entries.
  void add_to(std::vector<pollfd>& fds);
  /// When to call add_to() again though nothing came; nullopt: not at all.
  linux::Deadline deadline() const { return again_; }
  /// Moves what can be moved; `fds` as add_to() left them, polled.
  void pump(std::vector<pollfd> const& fds);
  /// After the container's end: takes the rest of its output, and nothing more of the input.
  void finish();
  bool holds_output() const { return !output_.empty(); }
  /// SIGWINCH
  void resize();
  /// SIGCONT: a shell has put this process into the foreground again.
  void resume();

 private:
  void read_input();
  void write_input();
  void read_output();
  void write_output();
  void end_input();
  void look_again();
  void await_slave();
  linux::FdRef output() const;
  void hang_up();

  linux::Fd master_;                        ///< none after hang_up()
  linux::Fd terminal_;                      ///< standard output, non-blocking; none: it is no tty
  std::optional<struct ::termios> cooked_;  ///< how standard input was
  std::string input_;                       ///< typed, not yet taken by the pty
  std::string output_;                      ///< printed, not yet taken by standard output
  char last_typed_ = '\n';
  bool input_open_ = true;
  bool input_paused_ = false;  ///< in the background of a terminal: a read is EIO
  bool output_open_ = true;
  bool slave_closed_ = false;  ///< by all who had it: read and write are EIO
  linux::Deadline again_;      ///< when to try what is paused or closed
  std::size_t first_ = 0;      ///< index of our entries in the polled list
};

}  // namespace proa::phase
