// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets share: a target is a function of bytes, and whatever leaves it but an
// Error that it expects ends the program, which libFuzzer reports with the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "proa/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace fuzz {

inline std::string_view text_of(std::uint8_t const* data, std::size_t size) {
  return {reinterpret_cast<char const*>(data), size};
}

/// Ends the program when a promise of the code is broken.
inline void require(bool holds, char const* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

/// Whether the action threw an Error, which is an answer; any other exception passes through.
template <class Action>
bool refused(Action action) {
  try {
    action();
  } catch (proa::Error const& error) {
    require(!error.text().empty(), "an Error says something");
    return true;
  }
  return false;
}

/// As refused(), of the JSON rooms: they blame the text, on one line.
template <class Action>
bool refused_text(Action action) {
  return refused([&] {
    try {
      action();
    } catch (proa::Error const& error) {
      require(error.kind() == proa::ErrorKind::config, "a text is refused as config");
      require(error.text().find('\n') == std::string::npos, "a refusal is one line");
      throw;
    }
  });
}

}  // namespace fuzz
