// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `proa exec`, host side: one more process for a running container.  Takes no lock and writes
// nothing into the state directory, so that any number of them run at the same time.
#pragma once

#include <string>

#include "proa/container.hpp"

namespace proa::phase {

/// The exit status to end with.  Throws Error; then the process has not been executed, or has been
/// killed because its pid file could not be written.
int exec(Options const& options, std::string const& id, ExecOptions const& how);

}  // namespace proa::phase
