// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `update`: other limits for a container that exists.
#pragma once

#include <string>
#include <vector>

#include "proa/container.hpp"
#include "proa/spec.hpp"

namespace proa::phase {

struct Limits {
  spec::Resources resources;
  std::vector<std::string> schemata;  ///< lines for the container's group of resctrl
};

/// All or nothing.  Throws Error{state} "container not running" when it has ended, and Error{state}
/// for schemata of a container that has no group.
void update(Options const& options, std::string const& id, Limits limits);

}  // namespace proa::phase
