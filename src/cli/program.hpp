// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The program between main and the verbs: reads the global options, sets up the log, finds the
// command, reads its words and calls it.
#pragma once

#include <span>
#include <string>

#include "cli/log.hpp"

namespace proa::cli {

/// The last part of argv[0]: proa also works under the names of the runtimes it stands in for.
std::string program_name(char const* const* argv);

/// One call of the program; returns its exit status and throws what makes it fail.  `arguments` is
/// argv without argv[0].  The log speaks for whatever is being done; log.fail() is the caller's.
int run(std::string program, std::span<char const* const> arguments, Log& log);

}  // namespace proa::cli
