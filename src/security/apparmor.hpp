// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// process.apparmorProfile: apparmor(7).  The profile takes effect with the next execve(2).  Loads
// no profiles.
#pragma once

#include <string>

#include "linux/fd.hpp"

namespace proa::apparmor {

/// Whether the running kernel confines with AppArmor.  Looks at the host's /sys: runtime only.
bool enabled();

/// In the process.  Writes below `proc`/self/attr, see linux/proc.hpp.
void set_exec_profile(std::string const& profile, linux::FdRef proc);

}  // namespace proa::apparmor
