// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The verbs: one file each, a table and the few lines that call include/proa.  No verb knows
// anything that the library does not.
#pragma once

#include <span>
#include <string>

#include "cli/command.hpp"
#include "proa/container.hpp"

namespace proa::cli {

namespace verb {
extern Command const create, start, state, kill, remove, run, exec, list, ps, pause, resume, update,
    events, spec, features, completion, version, help;
}  // namespace verb

/// In the order in which --help shows them.
std::span<Command const* const> commands();
std::span<Option const> global_options();

/// The command of that name, or nullptr.
Command const* find_command(std::string_view name);

/// What the global options of this call say to the library.  Throws Error.
Options library_options(Call const& call);
/// The library, told so.  Throws Error.
Runtime runtime(Call const& call);

/// What --version prints: lines that engines take apart.
std::string version_text(std::string_view program);

}  // namespace proa::cli
