// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A JSON text, parsed: all its values in one array, in the order in which they stand in the text,
// and all its strings in one other.  Made for being read once by decode, member by member: it keeps
// what a DOM loses (a property given twice, the digits of a number that fits no integer) and costs
// two allocations.  Knows no key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace proa::spec {

/// One value; an object or array is followed by what it contains.
struct Node {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    negative,  ///< an integer below 0
    natural,   ///< an integer from 0 on
    fraction,  ///< any other number: text has its digits
    string,
    array,
    object,
  };

  Kind kind = Kind::null;
  bool boolean = false;
  std::uint32_t span = 1;   ///< nodes up to the next sibling, this one included
  std::uint32_t count = 0;  ///< members or elements
  std::int64_t negative = 0;
  std::uint64_t natural = 0;
  std::string_view key;   ///< its name in the object around it
  std::string_view text;  ///< of a string or fraction
};

/// Deeper texts are refused: nothing that a runtime reads is nested like that.
inline constexpr std::size_t deepest = 256;

class Document {
 public:
  /// Throws Error{config}: "<source>: line 3, column 7: <pointer>: <what>".  Invalid UTF-8 and
  /// nesting beyond `deepest` are errors; duplicate names are left to the reader.
  Document(std::string_view text, std::string const& source);
  Document(Document const&) = delete;
  Document& operator=(Document const&) = delete;

  Node const& root() const { return nodes_.front(); }

 private:
  class Builder;
  std::vector<Node> nodes_;
  std::string strings_;  ///< never longer than the text, hence never moved
};

}  // namespace proa::spec
