// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/variant.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace proa::cgroup {

namespace {

using dbus::Value;
using dbus::Values;

constexpr int most_nesting = 16;

struct Keyword {
  std::string_view word;
  char type;
};
constexpr Keyword keywords[] = {
    {"boolean", 'b'}, {"byte", 'y'},   {"double", 'd'}, {"handle", 'h'},     {"int16", 'n'},
    {"int32", 'i'},   {"int64", 'x'},  {"string", 's'}, {"objectpath", 'o'}, {"signature", 'g'},
    {"uint16", 'q'},  {"uint32", 'u'}, {"uint64", 't'},
};

struct Integer {
  char type;
  std::int64_t least;
  std::uint64_t most;
};
template <class T>
constexpr Integer integer(char type) {
  return {type, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
          static_cast<std::uint64_t>(std::numeric_limits<T>::max())};
}
constexpr Integer integers[] = {
    integer<std::uint8_t>('y'),  integer<std::int16_t>('n'),
    integer<std::uint16_t>('q'), integer<std::int32_t>('i'),
    integer<std::uint32_t>('u'), integer<std::int32_t>('h'),
    integer<std::int64_t>('x'),  {'t', 0, std::numeric_limits<std::uint64_t>::max()},
};

/// "1.5" or "2".  Nobody writes a property with an exponent.
std::optional<double> decimal(std::string_view text) {
  auto const parts = text::split(text, '.');
  auto const whole = text::number<std::uint64_t>(parts[0]);
  if (!whole || parts.size() > 2) return std::nullopt;
  auto value = static_cast<double>(*whole);
  if (parts.size() == 1) return value;
  double unit = 1;
  for (char const digit : parts[1]) {
    if (digit < '0' || digit > '9') return std::nullopt;
    unit /= 10;
    value += unit * (digit - '0');
  }
  return value;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), left_(text) {}

  Value whole() {
    auto value = any("", 0);
    skip_blanks();
    if (!left_.empty()) refuse();
    return value;
  }

 private:
  /// A value of this type; of its own where the type is empty.
  Value any(std::string_view type, int depth) {
    if (depth > most_nesting) refuse();
    skip_blanks();
    if (left_.empty()) refuse();
    switch (left_.front()) {
      case '@':
        return annotated(type, depth);
      case '\'':
      case '"':
        return text(type);
      case '[':
        return array(type, depth);
      case '(':
        return structure(type, depth);
      case '<':
        return variant(type, depth);
      default:
        return word_or_number(type, depth);
    }
  }

  Value annotated(std::string_view type, int depth) {
    left_.remove_prefix(1);
    auto const size = dbus::complete_type(left_);
    if (!size) refuse();
    auto const given = left_.substr(0, *size);
    left_.remove_prefix(*size);
    if (!type.empty() && type != given) refuse();
    return any(given, depth + 1);
  }

  Value word_or_number(std::string_view type, int depth) {
    auto const end = left_.find_first_of(" \t\n,])>");
    auto const word = left_.substr(0, end);
    left_.remove_prefix(word.size());
    for (auto const& keyword : keywords) {
      if (word != keyword.word) continue;
      std::string const given(1, keyword.type);
      if (!type.empty() && type != given) refuse();
      return any(given, depth + 1);
    }
    if (word == "true" || word == "false") {
      if (!type.empty() && type != "b") refuse();
      return dbus::boolean(word == "true");
    }
    return number(type, word);
  }

  Value number(std::string_view type, std::string_view word) {
    auto const digits = word.substr(word.starts_with('-') || word.starts_with('+') ? 1 : 0);
    bool const hexadecimal = digits.starts_with("0x");
    if (type == "d" || (type.empty() && digits.find('.') != word.npos)) {
      auto const value = decimal(digits);
      if (!value) refuse();
      return {"d", word.starts_with('-') ? -*value : *value};
    }
    auto const kind = type.empty() ? 'i' : type.front();
    auto const value = hexadecimal ? text::number<std::uint64_t>(digits.substr(2), 16)
                                   : text::number<std::uint64_t>(digits);
    for (auto const& integer : integers) {
      if (integer.type != kind || type.size() > 1 || !value) continue;
      if (!word.starts_with('-')) {
        if (*value <= integer.most) return {std::string(1, kind), *value};
      } else if (*value <= -static_cast<std::uint64_t>(integer.least)) {
        return {std::string(1, kind), -*value};
      }
    }
    refuse();
  }

  Value text(std::string_view type) {
    auto const quote = left_.front();
    left_.remove_prefix(1);
    std::string result;
    for (; !left_.empty() && left_.front() != quote; left_.remove_prefix(1)) {
      if (left_.front() == '\\') {
        left_.remove_prefix(1);
        if (left_.empty()) refuse();
        result += escaped(left_.front());
      } else {
        result += left_.front();
      }
    }
    if (left_.empty()) refuse();
    left_.remove_prefix(1);
    if (type.empty()) type = "s";
    if (type != "s" && type != "o" && type != "g") refuse();
    return {std::string(type), std::move(result)};
  }

  static char escaped(char letter) {
    constexpr std::string_view letters = "abfnrtv", meanings = "\a\b\f\n\r\t\v";
    auto const at = letters.find(letter);
    return at == letters.npos ? letter : meanings[at];
  }

  Value array(std::string_view type, int depth) {
    left_.remove_prefix(1);
    if (!type.empty() && type.front() != 'a') refuse();
    std::string element(type.empty() ? type : type.substr(1));
    Values values;
    while (!taken(']')) {
      if (!values.empty() && !taken(',')) refuse();
      values.push_back(any(element, depth + 1));
      element = values.back().type;
    }
    if (element.empty()) refuse();  // "[]" of what?
    return dbus::array(element, std::move(values));
  }

  Value structure(std::string_view type, int depth) {
    left_.remove_prefix(1);
    if (!type.empty() && type.front() != '(') refuse();
    // What is left of "(st)" after its opening.
    auto rest = type.empty() ? type : type.substr(1);
    Values values;
    while (!taken(')')) {
      if (!values.empty() && !taken(',')) refuse();
      if (!values.empty() && taken(')')) break;  // "(1,)"
      auto const size = dbus::complete_type(rest).value_or(0);
      if (!type.empty() && size == 0) refuse();
      values.push_back(any(rest.substr(0, size), depth + 1));
      rest.remove_prefix(size);
    }
    if (values.empty() || (!type.empty() && rest != ")")) refuse();
    return dbus::structure(std::move(values));
  }

  Value variant(std::string_view type, int depth) {
    left_.remove_prefix(1);
    if (!type.empty() && type != "v") refuse();
    auto value = any("", depth + 1);
    if (!taken('>')) refuse();
    return dbus::variant(std::move(value));
  }

  void skip_blanks() {
    left_.remove_prefix(std::min(left_.find_first_not_of(" \t\n"), left_.size()));
  }
  bool taken(char sign) {
    skip_blanks();
    if (left_.empty() || left_.front() != sign) return false;
    left_.remove_prefix(1);
    return true;
  }

  [[noreturn]] void refuse() const {
    fail(ErrorKind::config, "\"{}\" is no value in GVariant's text format", whole_);
  }

  std::string_view whole_;
  std::string_view left_;
};

}  // namespace

Value variant_from_text(std::string_view text) { return Parser(text).whole(); }

}  // namespace proa::cgroup
