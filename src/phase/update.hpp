// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `update`: other limits for a container that exists.
#pragma once

#include <string>

#include "proa/container.hpp"
#include "proa/spec.hpp"

namespace proa::phase {

/// All or nothing.  Throws Error{state} "container not running" when it has ended.
void update(Options const& options, std::string const& id, spec::Resources resources);

}  // namespace proa::phase
