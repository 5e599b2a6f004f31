// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Rules on system call numbers to the program that decides by them.  For each architecture the
// numbers fall into ranges that are answered alike, found by binary search; where arguments count,
// the range is one number, and what looks at the arguments stands at its end.  So the kernel, which
// runs a filter for every number when it is loaded to learn what is always allowed, is done fast.
// Decides as libseccomp does:
// * A rule without conditions decides its number whatever other rules say of it, the first such one
//   if there are several.
// * Of rules with conditions, one that holds decides.  Where several hold and disagree, see
//   precedes() in emit.cpp; libseccomp refuses some of these and mixes others up.
// * A 32-bit architecture has the lower halves of arguments and values only.
// Pure: knows numbers, not names.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

#include "proa/spec.hpp"
#include "security/enosys.hpp"

namespace proa::seccomp {

enum class Width : std::uint8_t { bits32, bits64 };

struct Rule {
  std::uint32_t number = 0;                  ///< as seccomp_data.nr has it, for x32 with bit 30
  std::uint32_t action = 0;                  ///< SECCOMP_RET_* with its data
  std::vector<spec::SeccompArg> conditions;  ///< all must hold
};

/// One way to call the kernel, and the rules for it in the order of the profile.
struct Abi {
  std::uint32_t audit_arch = 0;  ///< AUDIT_ARCH_*
  Convention convention = Convention::plain;
  Width width = Width::bits64;
  std::vector<Rule> rules;
};

/// A program of any length.  Kills the thread for an architecture that has no Abi, and for x32 or
/// x86_64 where only the other one is there.
std::vector<::sock_filter> emit(std::span<Abi const> abis, std::uint32_t default_action);

}  // namespace proa::seccomp
