// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "base/log.hpp"

#include <string>
#include <utility>

#include "base/error.hpp"

namespace proa::log {

namespace {
Sink* installed = nullptr;
}  // namespace

std::string_view word(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "error";
}

Sink* use(Sink* sink) { return std::exchange(installed, sink); }
Sink* current() { return installed; }

namespace detail {

void line(Level level, fmt::string_view format, fmt::format_args args) {
  installed->line(level, proa::detail::contexts() + fmt::vformat(format, args));
}

}  // namespace detail
}  // namespace proa::log
