// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Place: a value in a JSON document, by the name of the document and an RFC 6901 pointer.  Its one
// use is to be refused, so one is made only after something was found wrong; checks that pass pay
// nothing.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace proa::spec {

/// `text` in quotes and on one line: control characters escaped, a long text cut off.
std::string shown(std::string_view text);

class Place {
 public:
  /// The whole document.  `source` names it and must outlive the place.
  explicit Place(std::string const& source) : source_(&source) {}

  /// A member of this object, an element of this array.
  Place operator/(std::string_view key) const;
  Place operator/(std::size_t index) const;

  /// Throws Error{config}, one line: "<source>: <pointer>: <what> (<clause>)".
  template <class... Args>
  [[noreturn]] void refuse(char const* clause, fmt::format_string<Args...> format,
                           Args const&... args) const {
    refuse_text(clause, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  [[noreturn]] void refuse_text(char const* clause, std::string const& what) const;

  std::string const& pointer() const { return pointer_; }

 private:
  Place(std::string const& source, std::string pointer)
      : source_(&source), pointer_(std::move(pointer)) {}

  std::string const* source_;
  std::string pointer_;
};

}  // namespace proa::spec
