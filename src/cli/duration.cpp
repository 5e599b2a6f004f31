// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/duration.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace proa::cli {

namespace {

constexpr std::pair<std::string_view, std::int64_t> units[] = {
    {"ns", 1},
    {"us", 1'000},
    {"\u00b5s", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
};

std::string_view take(std::string_view& text, std::size_t size) {
  auto const taken = text.substr(0, size);
  text.remove_prefix(taken.size());
  return taken;
}

/// "1.5" of a unit.
std::optional<std::int64_t> part(std::string_view number, std::int64_t unit) {
  auto const dot = std::min(number.find('.'), number.size());
  auto const whole = text::number<std::int64_t>(number.substr(0, dot));
  if (!whole || *whole > std::numeric_limits<std::int64_t>::max() / unit) return std::nullopt;
  auto length = *whole * unit;
  if (dot == number.size()) return length;
  std::int64_t scale = unit;
  for (char const digit : number.substr(dot + 1)) {
    if (digit == '.') return std::nullopt;
    scale /= 10;
    auto const more = (digit - '0') * scale;
    if (more > std::numeric_limits<std::int64_t>::max() - length) return std::nullopt;
    length += more;
  }
  return length;
}

}  // namespace

std::optional<std::chrono::nanoseconds> duration(std::string_view text) {
  constexpr std::string_view number_letters = "0123456789.";
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    auto const number = take(text, text.find_first_not_of(number_letters));
    auto const unit = take(text, text.find_first_of(number_letters));
    auto const row = std::find_if(std::begin(units), std::end(units),
                                  [&](auto const& entry) { return entry.first == unit; });
    if (row == std::end(units)) return std::nullopt;
    auto const length = part(number, row->second);
    if (!length || *length > std::numeric_limits<std::int64_t>::max() - total) return std::nullopt;
    total += *length;
  }
  return std::chrono::nanoseconds(total);
}

}  // namespace proa::cli
