// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/log_daemon.hpp"

#include "base/error.hpp"
#include "cli/output.hpp"
#include "linux/socket.hpp"

namespace proa::cli {

namespace {

struct Kind {
  std::string_view prefix;
  char const* socket;
  std::string (*entry)(log::Level, std::string_view name, std::string_view text);
};

constexpr Kind kinds[] = {
    {"journald:", "/run/systemd/journal/socket", journal_entry},
    {"syslog:", "/dev/log", syslog_entry},
};

/// syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG.
int priority(log::Level level) {
  constexpr int priorities[] = {3, 4, 6, 7};
  return priorities[static_cast<std::size_t>(level)];
}

}  // namespace

std::string journal_entry(log::Level level, std::string_view name, std::string_view text) {
  return fmt::format("MESSAGE={}\nPRIORITY={}\nSYSLOG_IDENTIFIER={}\n", one_line(text),
                     priority(level), name);
}

std::string syslog_entry(log::Level level, std::string_view name, std::string_view text) {
  constexpr int user_facility = 1 << 3;
  return fmt::format("<{}>{}: {}", user_facility | priority(level), name, one_line(text));
}

std::optional<LogDaemon> LogDaemon::open(std::string_view destination) {
  for (auto const& [prefix, socket, entry] : kinds) {
    if (!destination.starts_with(prefix)) continue;
    auto const name = one_line(destination.substr(prefix.size()));
    if (name.empty()) fail(ErrorKind::usage, "--log {}: a name is missing", destination);
    auto connection = linux::connect_datagrams(socket);
    return LogDaemon(connection ? std::move(*connection) : linux::Fd(), entry, name);
  }
  return std::nullopt;
}

void LogDaemon::send(log::Level level, std::string_view text) const {
  // EAGAIN: it does not keep up.  ECONNREFUSED: it has gone.
  if (socket_) linux::send_packet(socket_, entry_(level, name_, text)).ignore();
}

}  // namespace proa::cli
