// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Making controllers of cgroup v2 available to a group: cgroup.subtree_control of those above it,
// cgroup-v2.rst "Enabling and Disabling".  Never takes one away.
#pragma once

#include <string>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::cgroup {

using Names = std::vector<std::string>;

/// Makes the controllers available to the children of `dir`.  What could not be had matters only
/// when it is among the `needed`: ENOENT where `dir` has not got it itself.
linux::Outcome<void> enable_controllers(linux::FdRef dir, Names const& wanted, Names const& needed);

/// The same for a group that exists: from the root of its hierarchy down to it.  Throws Error.
void have_controllers(std::string const& group, Names const& needed);

}  // namespace proa::cgroup
