// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// --log journald:NAME and --log syslog:NAME, as conmon-rs gives them to a runtime that is named
// crun: lines go to the daemon that keeps logs, under that name.  Knows nothing of files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "linux/fd.hpp"

namespace proa::cli {

/// A datagram of systemd's journal: "Native Journal Protocol".  `text` becomes one line.
std::string journal_entry(log::Level level, std::string_view name, std::string_view text);
/// A datagram of syslog(3): RFC 3164 without the time, which the daemon knows.
std::string syslog_entry(log::Level level, std::string_view name, std::string_view text);

class LogDaemon {
 public:
  /// Nothing when `destination` names no daemon.  Throws Error{usage} when the NAME is missing.
  static std::optional<LogDaemon> open(std::string_view destination);

  /// A daemon that is not there, or does not read, stops nobody.
  void send(log::Level level, std::string_view text) const;

 private:
  using Entry = std::string (*)(log::Level, std::string_view name, std::string_view text);
  LogDaemon(linux::Fd socket, Entry entry, std::string name)
      : socket_(std::move(socket)), entry_(entry), name_(std::move(name)) {}

  linux::Fd socket_;  ///< none: nobody listens
  Entry entry_;
  std::string name_;
};

}  // namespace proa::cli
