// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>

namespace proa {

/// A container read from its end to its start by a range-based for.  What std::views::reverse is
/// for; but clang 14, the parser of Debian 12's clang-tidy, can't compile the views of
/// libstdc++ 12.
template <class Container>
class Backwards {
 public:
  explicit Backwards(Container const& of) : of_(of) {}
  auto begin() const { return std::rbegin(of_); }
  auto end() const { return std::rend(of_); }

 private:
  Container const& of_;
};

}  // namespace proa
