// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// eventfd(2): a counter that others raise, and that can be waited for.
#pragma once

#include <cstdint>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// Close-on-exec and non-blocking; readable when it is not 0.
Outcome<Fd> event_counter();

/// Its value, which is 0 afterwards.
Outcome<std::uint64_t> take_count(FdRef counter);

}  // namespace proa::linux
