// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What --help prints, made from the tables of command.hpp.  The sections are those of runc, which
// scripts and people know.
#pragma once

#include <span>
#include <string>

#include "cli/command.hpp"

namespace proa::cli {

/// The help of the program: its commands and its global options.
std::string help(std::string_view program, std::span<Command const* const> commands,
                 std::span<Option const> global_options);

/// The help of one command.
std::string help(std::string_view program, Command const& command);

}  // namespace proa::cli
