// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `ps`: which processes a container has.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "proa/container.hpp"

namespace proa::phase {

/// Their numbers in the caller's pid namespace, in order; none of a container that has stopped.
std::vector<pid_t> processes(Options const& options, std::string const& id);

/// Of what ps(1) prints: the title, and the lines with one of `pids` below its word PID.  Throws
/// Error where there is no such word.
std::string lines_of(std::string_view table, std::vector<pid_t> const& pids);

/// What ps(1) says of them, told by these options; `-ef` where there are none.
std::string process_table(Options const& options, std::string const& id,
                          std::vector<std::string> const& ps_options);

}  // namespace proa::phase
