// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/eventfd.hpp"

#include <sys/eventfd.h>

namespace proa::linux {

Outcome<Fd> event_counter() {
  Fd counter(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!counter) return Errno::last();
  return counter;
}

Outcome<std::uint64_t> take_count(FdRef counter) {
  std::uint64_t count = 0;
  if (::read(counter.number(), &count, sizeof count) >= 0) return count;
  if (errno == EAGAIN) return std::uint64_t{0};
  return Errno::last();
}

}  // namespace proa::linux
