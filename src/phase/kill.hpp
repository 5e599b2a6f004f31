// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// runtime.md#kill
#pragma once

#include <string>

#include "proa/container.hpp"

namespace proa::phase {

/// Throws Error{state} "container not running", which containerd and CRI-O match.
void kill(Options const& options, std::string const& id, int signal, KillOptions how);

}  // namespace proa::phase
