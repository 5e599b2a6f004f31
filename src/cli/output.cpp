// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/output.hpp"

#include <fmt/core.h>

#include "linux/file.hpp"
#include "linux/signal.hpp"

namespace proa::cli {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string escaped(char control) {
  switch (control) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\u{:04x}", static_cast<unsigned>(control));
  }
}

/// The lengths and the least code points of the sequences of UTF-8, RFC 3629.
struct Sequence {
  unsigned char mask, lead;
  std::size_t length;
  char32_t least;
};
constexpr Sequence sequences[] = {
    {0x80, 0x00, 1, 0x0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

/// How many bytes the character at the front of `text` has; 0 where there is none.
std::size_t character_length(std::string_view text) {
  auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  for (auto const& sequence : sequences) {
    if ((byte(0) & sequence.mask) != sequence.lead) continue;
    if (text.size() < sequence.length) return 0;
    char32_t point = byte(0) & static_cast<unsigned char>(~sequence.mask);
    for (std::size_t at = 1; at < sequence.length; ++at) {
      if ((byte(at) & 0xc0) != 0x80) return 0;
      point = (point << 6) | (byte(at) & 0x3fU);
    }
    bool const surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < sequence.least || point > 0x10ffff || surrogate ? 0 : sequence.length;
  }
  return 0;
}

}  // namespace

linux::Outcome<void> put(linux::FdRef file, std::string_view text) {
  // Not for the whole life of the program: what it executes would inherit the ignored signal.
  struct ::sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  auto const before = linux::set_disposition(SIGPIPE, ignore);
  auto written = linux::write_all(file, text);
  if (before) linux::set_disposition(SIGPIPE, *before).or_fail("restore the action of SIGPIPE");
  return written;
}

void print(std::string_view text) { put(standard_output, text).or_fail("write standard output"); }

std::string json_escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto const length = character_length(text);
    if (length == 0) {
      result += "\xef\xbf\xbd";
    } else if (is_control(text[0])) {
      result += escaped(text[0]);
    } else {
      if (text[0] == '"' || text[0] == '\\') result += '\\';
      result += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

std::string one_line(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (is_control(c)) {
      result += escaped(c);
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace proa::cli
