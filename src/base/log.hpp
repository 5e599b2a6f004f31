// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Warnings and debug lines: what must be told but must not stop anything.  Errors are not logged,
// they are thrown; the command line writes the one that ends the program.  main decides where the
// lines go by installing a Sink; before that they are dropped.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string_view>

namespace proa::log {

enum class Level : std::uint8_t { error, warning, info, debug };

/// "error", "warning", "info", "debug": the words of logrus, which engines parse.
std::string_view word(Level level);

class Sink {
 public:
  virtual void line(Level level, std::string_view text) = 0;
  virtual ~Sink() = default;

  /// Lines above this level are not even formatted.
  Level level = Level::warning;
};

/// Installs the process's sink and returns the one before it; nullptr drops all lines.
/// Not thread-safe: called by main, and by a container's init, which reports to its parent.
Sink* use(Sink* sink);
Sink* current();

namespace detail {
void line(Level level, fmt::string_view format, fmt::format_args args);
inline bool wanted(Level level) { return current() != nullptr && level <= current()->level; }
}  // namespace detail

template <class... Args>
void warn(fmt::format_string<Args...> format, Args const&... args) {
  if (detail::wanted(Level::warning)) {
    detail::line(Level::warning, fmt::string_view(format), fmt::make_format_args(args...));
  }
}

template <class... Args>
void debug(fmt::format_string<Args...> format, Args const&... args) {
  if (detail::wanted(Level::debug)) {
    detail::line(Level::debug, fmt::string_view(format), fmt::make_format_args(args...));
  }
}

}  // namespace proa::log
