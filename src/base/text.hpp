// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Small text work that has no container word in it.  Nothing here throws or looks at the locale.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proa::text {

/// The parts of `text` between separators; an empty text has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(std::vector<std::string> const& parts, std::string_view separator);

/// `text` without blanks, tabs and line ends at either end.
std::string_view trim(std::string_view text);

std::string lower(std::string_view text);

/// The whole of `text` as a number of type T, strictly: no sign where T has none, no blanks,
/// no "+", no overflow.
template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace proa::text
