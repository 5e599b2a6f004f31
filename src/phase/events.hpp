// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `events`: what a container uses, and when its memory runs out.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "proa/container.hpp"

namespace proa::phase {

/// Throws Error{state} "container not running" when it has ended.
Stats stats(Options const& options, std::string const& id);

/// Returns when the container's init has ended.
void watch(Options const& options, std::string const& id, std::chrono::milliseconds interval,
           std::function<void(Event const&)> const& report);

}  // namespace proa::phase
