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

/// Makes this process undumpable, so that nobody in the namespaces that it is about to enter can
/// trace it: ptrace(2), CVE-2016-9962.  With a new user namespace that has to wait until it is
/// entered, as the runtime must be able to write our id maps; but there nobody is in it yet.
void hide(namespaces::Plan const& plan);

}  // namespace proa::phase
