// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#posix-platform-hooks: runs one list of hooks, in order, each with the container's state
// on its standard input.  Which list runs when, in which process and what a failure means is for
// the phases to know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proa/spec.hpp"

namespace proa::hooks {

enum class Point : std::uint8_t {
  prestart,
  create_runtime,
  create_container,
  start_container,
  poststart,
  poststop,
};

/// The key of config.json: "createRuntime".
char const* word(Point point);

/// Runs the hooks until the first that fails: it could not be executed, its exit status is not 0,
/// or its `timeout` (seconds) is over, which kills it.  Throws Error "error running createRuntime
/// hook #0: ..." with what the hook wrote.  A hook's environment is exactly what it asks for.
void run(Point point, std::vector<spec::Hook> const& hooks, std::string const& state);

/// As run(), but a failure is a warning and the next hook runs: runtime.md#lifecycle, poststop.
void run_all(Point point, std::vector<spec::Hook> const& hooks, std::string const& state);

}  // namespace proa::hooks
