// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// One Write of a plan, put into its file.
#pragma once

#include "cgroup/plan.hpp"
#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::cgroup {

/// The Error of a write that did not work and is not harmless.
void check(linux::Outcome<void> const& written, Group const& group, Write const& write);

}  // namespace proa::cgroup
