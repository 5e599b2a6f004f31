// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The container's first process from clone(2) to execve(2).  Reads the Plan and talks on the
// channel; never looks at config.json, the state directory or the host's cgroups.
#pragma once

#include "phase/launch.hpp"
#include "plan/plan.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

/// Does not return and does not throw: any failure is a Failed message and an exit.
[[noreturn]] void run_init(Plan const& plan, Inheritance inheritance) noexcept;

}  // namespace proa::phase
