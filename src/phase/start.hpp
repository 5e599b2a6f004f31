// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The start phase, host side: runtime.md#start, steps 6 to 9 of runtime.md#lifecycle.
#pragma once

#include "proa/container.hpp"
#include "spec/record.hpp"
#include "state/store.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

/// `proa start`.  Throws Error; after a failing hook the container has been destroyed.
void start(Options const& options, std::string const& id, StartOptions const& how);

/// Says Start on the channel to init, returns once the process has been executed and the poststart
/// hooks ran.  The caller holds the container's lock.
void start_init(state::Entry const& entry, spec::Record const& record, sync::Channel channel);

}  // namespace proa::phase
