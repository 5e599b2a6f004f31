// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// runtime.md#delete, steps 12 and 13 of runtime.md#lifecycle.
#pragma once

#include <string>

#include "proa/container.hpp"
#include "spec/record.hpp"
#include "state/store.hpp"

namespace proa::phase {

/// Throws Error{state} unless the container is stopped, or `created`: engines delete what they
/// have created and never started, so its init is killed as with `force`.
void remove(Options const& options, std::string const& id, DeleteOptions how);

/// Kills what is left of the container and removes all that create made; then the poststop hooks.
/// The caller holds the container's lock.
void destroy(state::Entry const& entry, spec::Record const& record);

}  // namespace proa::phase
