// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/place.hpp"

#include "base/error.hpp"

namespace proa::spec {

namespace {

/// Enough to recognise a value by.
constexpr std::size_t longest = 60;

/// The end of the last whole UTF-8 character that ends at or before `limit`.
std::size_t cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80U) --limit;
  return limit;
}

/// A control character as JSON escapes it: the line stays one line.
void append(std::string& line, char c) {
  auto const code = static_cast<unsigned char>(c);
  if (code < 0x20 || code == 0x7f) {
    line += fmt::format("\\u{:04x}", code);
  } else {
    line += c;
  }
}

}  // namespace

std::string shown(std::string_view text) {
  auto const end = cut(text, longest);
  std::string line = "\"";
  for (char const c : text.substr(0, end)) {
    if (c == '"' || c == '\\') line += '\\';
    append(line, c);
  }
  line += end < text.size() ? "...\"" : "\"";
  return line;
}

Place Place::operator/(std::string_view key) const {
  std::string pointer = pointer_ + '/';
  for (char const c : key) {
    // RFC 6901, 3: the two characters that a reference token cannot hold.
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      append(pointer, c);
    }
  }
  return {*source_, std::move(pointer)};
}

Place Place::operator/(std::size_t index) const {
  return {*source_, fmt::format("{}/{}", pointer_, index)};
}

void Place::refuse_text(char const* clause, std::string const& what) const {
  std::string line = *source_ + ": ";
  if (!pointer_.empty()) line += pointer_ + ": ";
  line += what;
  if (clause[0] != '\0') line += fmt::format(" ({})", clause);
  fail(ErrorKind::config, "{}", line);
}

}  // namespace proa::spec
