// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <unistd.h>

#include <utility>

#include "catch.hpp"
#include "runtime.hpp"
#include "sockets.hpp"

namespace conformance {

ConsoleSocket::ConsoleSocket(std::string const& name)
    : path_(scratch() + "/" + name), listener_(listen_at(path_)) {}

Fd ConsoleSocket::receive(std::string* name) {
  auto message = receive_message(accept_from(listener_));
  REQUIRE(message.descriptor);
  if (name != nullptr) *name = message.text;
  return std::move(message.descriptor);
}

std::string read_terminal(int master, std::string const& stop) {
  std::string text;
  char buffer[4096];
  while (stop.empty() || text.find(stop) == std::string::npos) {
    if (!wait_readable(master)) break;
    ssize_t const size = read(master, buffer, sizeof buffer);
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace conformance
