// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the program's warnings, debug lines and its one error go: the file of --log, as text or as
// JSON, and standard error.  Engines read both.  conmon forwards standard error; podman takes the
// whole JSON file for one object, so a call that fails leaves one line in it: warnings in JSON are
// held back until the call has succeeded.  Who asks for debug lines gets every line at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "cli/log_daemon.hpp"
#include "linux/fd.hpp"

namespace proa::cli {

enum class LogFormat : std::uint8_t { text, json };

class Log final : public log::Sink {
 public:
  /// To standard error, as text.  `subject` is on whose behalf it speaks: "proa".
  explicit Log(std::string subject) : subject_(std::move(subject)) {}

  /// From here on to a file, which is appended to: its path, or "file:" and its path; an empty one
  /// is standard error; or to a daemon, which has forms of its own.  Throws Error.
  void open(std::string_view path, LogFormat format, log::Level wanted);
  /// "proa create web"
  void set_subject(std::string subject) { subject_ = std::move(subject); }

  void line(log::Level level, std::string_view text) override;

  /// The call has done its work: writes what was held back.
  void succeed();
  /// The call's error, on standard error and in the file.  Drops what was held back.
  void fail(std::string_view text);

 private:
  std::string formatted(log::Level level, std::string_view text) const;
  void write(std::string_view lines) const;

  std::string subject_;
  linux::Fd file_;
  std::optional<LogDaemon> daemon_;
  LogFormat format_ = LogFormat::text;
  std::string held_back_;
};

}  // namespace proa::cli
