// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `proa run`: create and start in one, and in the foreground the wait that follows: signals are
// handed on, the terminal is relayed, what the container leaves behind is reaped.
#pragma once

#include <string>

#include "proa/container.hpp"

namespace proa::phase {

/// The exit status to end with.  Throws Error; then there is no container.
int run(Options const& options, std::string const& id, RunOptions const& how);

}  // namespace proa::phase
