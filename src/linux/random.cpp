// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/random.hpp"

#include <sys/random.h>

namespace proa::linux {

Outcome<void> fill_with_random(std::span<std::byte> bytes) {
  ssize_t filled;
  do {
    filled = ::getrandom(bytes.data(), bytes.size(), 0);
  } while (filled < 0 && errno == EINTR);
  if (filled < 0) return Errno::last();
  if (static_cast<std::size_t>(filled) != bytes.size()) return Errno{EIO};
  return {};
}

}  // namespace proa::linux
