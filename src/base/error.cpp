// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "base/error.hpp"

#include <string.h>

#include <cctype>

namespace proa {

namespace {

thread_local detail::ContextLink const* innermost = nullptr;

}  // namespace

std::string errno_text(int number) {
  char const* const known = ::strerrordesc_np(number);  // never looks at the locale
  if (known == nullptr) return fmt::format("errno {}", number);
  std::string text = known;
  // Engines match "no such file or directory" case-sensitively.  "RPC ..." stays as it is.
  bool const acronym = text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1])) != 0;
  if (!text.empty() && !acronym) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

namespace detail {

ContextLink::ContextLink(Text text) noexcept : outer_(innermost), text_(text) { innermost = this; }
ContextLink::~ContextLink() { innermost = outer_; }

std::string contexts() {
  std::string text;
  for (auto const* link = innermost; link != nullptr; link = link->outer_) {
    text.insert(0, link->text_(*link) + ": ");
  }
  return text;
}

void raise(ErrorKind kind, int number, fmt::string_view format, fmt::format_args args) {
  std::string text = contexts() + fmt::vformat(format, args);
  if (number != 0) text += ": " + errno_text(number);
  throw Error(kind, number, std::move(text));
}

}  // namespace detail
}  // namespace proa
