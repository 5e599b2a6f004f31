// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The stub in front of a seccomp filter that answers ENOSYS for system calls newer than the
// profile.  A profile that refuses what it does not list with EPERM breaks programs that try a new
// system call first and fall back on ENOSYS only, as every libc does.  Whoever wrote the profile
// knew the calls up to the highest number in it, so a higher number is one that they did not know.
// (A call between two known numbers that is missing was left out on purpose.)
// Pure: knows numbers, not names.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace proa::seccomp {

/// The calling conventions that one AUDIT_ARCH_* value has.
enum class Convention : std::uint8_t {
  plain,
  x86_64,  ///< shares its AUDIT_ARCH_X86_64 with x32, whose numbers have bit 30 set
  x32,
  multiplexed,  ///< s390, s390x: a number the kernel does not know comes in as 0
};

/// The highest system call of a profile on one architecture.
struct Newest {
  std::uint32_t audit_arch = 0;  ///< AUDIT_ARCH_*
  Convention convention = Convention::plain;
  std::uint32_t number = 0;
};

/// The instructions to put in front of a filter: what they don't answer runs into it.
std::vector<::sock_filter> enosys_stub(std::vector<Newest> const& newest);

}  // namespace proa::seccomp
