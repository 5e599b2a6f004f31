// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// getrandom(2): bytes that nobody can guess.
#pragma once

#include <cstddef>
#include <span>

#include "linux/outcome.hpp"

namespace proa::linux {

/// Fills `bytes`, of which there are at most 256: so many always come at once.
Outcome<void> fill_with_random(std::span<std::byte> bytes);

}  // namespace proa::linux
