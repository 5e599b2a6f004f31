// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/environment.hpp"

#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "linux/process.hpp"

namespace proa::cli {

namespace {

std::string variable(char const* name) {
  char const* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Sockets listen_fds() {
  auto const count = variable("LISTEN_FDS");
  auto const pid = variable("LISTEN_PID");
  if (count.empty()) return {};
  // Inherited by accident from somebody that systemd has started.  crun's callers set no
  // LISTEN_PID.
  if (!pid.empty() && pid != std::to_string(linux::process_id())) return {};
  auto const number = text::number<std::uint16_t>(count);
  if (!number) {
    log::warn("LISTEN_FDS is \"{}\", which is no number of sockets", count);
    return {};
  }
  return {*number, variable("LISTEN_FDNAMES")};
}

std::string notify_socket() {
  auto socket = variable("NOTIFY_SOCKET");
  if (socket.empty() || socket.front() == '/' || socket.front() == '@') return socket;
  log::warn("nobody is told that the container is ready: NOTIFY_SOCKET {} is no path", socket);
  return {};
}

}  // namespace proa::cli
