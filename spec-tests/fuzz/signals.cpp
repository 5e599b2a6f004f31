// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Words for signals: of the command line, and of images.

#include "base/text.hpp"
#include "fuzz.hpp"
#include "linux/signal.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const word = fuzz::text_of(data, size);
  auto const number = proa::linux::signal_number(word);
  if (!number) return 0;
  fuzz::require(*number >= 0 && *number <= 64, "a signal is a number of the kernel");
  fuzz::require(proa::linux::signal_number(proa::text::lower(word)) == number,
                "small letters mean the same");
  return 0;
}
