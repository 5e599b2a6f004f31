// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// prctl(2) and capset(2): what a process says about itself and what it gives up.  One call, one
// function; nothing here decides what to give up.
#pragma once

#include <cstdint>
#include <string>

#include "linux/outcome.hpp"

namespace proa::linux {

enum class Dumpable : std::uint8_t { no, yes };
/// PR_SET_DUMPABLE: whether others may ptrace(2) this process and open its /proc files.
Outcome<void> set_dumpable(Dumpable dumpable);

/// PR_SET_PDEATHSIG; 0 clears it.  The kernel also clears it when credentials change.
Outcome<void> set_parent_death_signal(int signal);
Outcome<int> parent_death_signal();

/// PR_SET_NO_NEW_PRIVS; can't be taken back.
Outcome<void> set_no_new_privileges();
/// PR_SET_NAME: what ps(1) shows, cut to 15 bytes.
Outcome<void> set_name(std::string const& name);

/// PR_SET_CHILD_SUBREAPER
Outcome<void> set_child_subreaper();

enum class KeepCapabilities : std::uint8_t { no, yes };
/// PR_SET_KEEPCAPS: whether the permitted set survives leaving uid 0; execve(2) clears it.
Outcome<void> set_keep_capabilities(KeepCapabilities keep);

/// The three sets that capset(2) sets, one bit for each capability.
struct CapabilitySets {
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  bool operator==(CapabilitySets const&) const = default;
};
/// capget(2) and capset(2) of this process.
Outcome<CapabilitySets> capability_sets();
Outcome<void> set_capabilities(CapabilitySets const& sets);

/// PR_CAPBSET_READ: whether the bounding set has it; EINVAL beyond the last that the kernel knows.
Outcome<bool> in_bounding_set(unsigned capability);
/// PR_CAPBSET_DROP
Outcome<void> drop_from_bounding_set(unsigned capability);

/// PR_CAP_AMBIENT
Outcome<void> clear_ambient();
Outcome<void> raise_ambient(unsigned capability);
Outcome<bool> in_ambient_set(unsigned capability);

}  // namespace proa::linux
