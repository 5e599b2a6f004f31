// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Between our own standard streams and the master of the container's pty: bytes both ways, the
// window's size, and raw mode for as long as it lives.  Nothing is lost, nothing spins.
#pragma once

#include <poll.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "linux/fd.hpp"

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
  /// Moves what can be moved; `fds` as add_to() left them, polled.
  void pump(std::vector<pollfd> const& fds);
  /// After the container's end: the rest of its output.
  void drain();
  /// SIGWINCH
  void resize();

 private:
  void read_input();
  void write_input();
  void read_output();
  void write_output();

  linux::Fd master_;
  std::optional<struct ::termios> cooked_;  ///< how standard input was
  std::string input_;                       ///< typed, not yet taken by the pty
  std::string output_;                      ///< printed, not yet taken by standard output
  bool input_open_ = true;
  bool output_open_ = true;
  std::size_t first_ = 0;  ///< index of our entries in the polled list
};

}  // namespace proa::phase
