// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `pause` and `resume`: a container that stands still.  No operation of the specification, but the
// state that runc calls "paused" is known to every engine.
#pragma once

#include <string>

#include "proa/container.hpp"
#include "spec/record.hpp"
#include "state/store.hpp"

namespace proa::phase {

/// runtime.md#state, and `paused` for a created or running container that is frozen.
Status present_status(state::Entry const& entry, spec::Record const& record);

/// Throws Error{state} "container not running" unless it is `created` or `running`.
void pause(Options const& options, std::string const& id);

/// Throws Error{state} "container not paused" unless it is `paused`.
void resume(Options const& options, std::string const& id);

}  // namespace proa::phase
