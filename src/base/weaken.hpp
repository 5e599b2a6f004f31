// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Defences that the tests take away one by one, to see that the attack on each would be noticed.
// Only the program proa-weak of spec-tests/ is built so; in proa every weakened() is a constant
// false, and none of it is left.  Never decides anything else.
#pragma once

#ifdef PROA_WEAKEN
#include <cstdlib>
#endif
#include <string_view>

namespace proa {

#ifdef PROA_WEAKEN
/// Whether the environment says that this defence is missing: PROA_WEAKEN=name.
inline bool weakened(std::string_view defence) {
  char const* const name = std::getenv("PROA_WEAKEN");
  return name != nullptr && defence == name;
}
#else
consteval bool weakened(std::string_view) { return false; }
#endif

}  // namespace proa
