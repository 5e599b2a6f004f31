// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The other side of --console-socket and --pidfd-socket, and of a terminal.
#pragma once

#include <string>

#include "process.hpp"

namespace conformance {

/// Where an engine waits for the descriptor that a runtime sends it.
class ConsoleSocket {
 public:
  explicit ConsoleSocket(std::string const& name = "console");
  std::string const& path() const { return path_; }

  /// One message with one descriptor, as containerd's go-runc takes it.
  Fd receive(std::string* name = nullptr);

 private:
  std::string path_;
  Fd listener_;
};

/// Reads the terminal until the last one on the other side has gone (EIO), or until `stop` came.
std::string read_terminal(int master, std::string const& stop = "");

}  // namespace conformance
