// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A filter with SCMP_ACT_NOTIFY asks an agent, and until the agent has the listener nobody answers.
// So the process that has loaded the filter must get the listener out through it, whatever it
// forbids or asks about, the very calls that send descriptors included.  In front of the profile's
// program stand a few instructions that let sendmsg(2) and recvmsg(2) pass when the registers that
// these calls do not use hold a key: 192 random bits (96 where registers are that small), made
// anew for each process, that are gone with its memory when it executes the container's program.
#pragma once

#include <linux/filter.h>

#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "linux/socket.hpp"

namespace proa::seccomp {

/// Instructions that a program with a listener may have less than BPF_MAXINSNS.
inline constexpr unsigned gate_size = 16;

/// What lets calls with the key pass, and leaves the rest to the instruction that follows it.
std::vector<::sock_filter> gate(linux::CallKey const& key);

struct Listening {
  linux::Fd listener;
  linux::CallKey key{};
};

/// As load(), for a Filter whose flags have SECCOMP_FILTER_FLAG_NEW_LISTENER.
Listening load_with_listener(std::string_view program, unsigned flags);

}  // namespace proa::seccomp
