// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/table.hpp"

#include <algorithm>
#include <string_view>

namespace proa::cli {

namespace {

constexpr std::size_t least_width = 12;
constexpr std::size_t gap = 3;

/// The characters of a UTF-8 text: bytes that continue one do not count.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string table(std::vector<std::vector<std::string>> const& rows) {
  std::vector<std::size_t> widths(rows.front().size(), least_width);
  for (auto const& row : rows) {
    for (std::size_t column = 0; column < widths.size(); ++column) {
      widths[column] = std::max(widths[column], width(row[column]) + gap);
    }
  }
  std::string text;
  for (auto const& row : rows) {
    for (std::size_t column = 0; column + 1 < widths.size(); ++column) {
      text += row[column] + std::string(widths[column] - width(row[column]), ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace proa::cli
