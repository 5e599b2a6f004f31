// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/listener.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "linux/random.hpp"
#include "linux/seccomp.hpp"

namespace proa::seccomp {

namespace {

constexpr std::uint16_t load_word = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t jump_if_equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t answer = BPF_RET | BPF_K;

/// The key as the kernel shows it to a filter, in halves: a filter computes with 32 bits.
std::array<std::uint32_t, 6> halves(linux::CallKey const& key) {
  std::array<std::uint64_t, 3> const arguments{key[0], key[1], key[2]};
  std::array<std::uint32_t, 6> halves;
  static_assert(sizeof halves == sizeof arguments);
  std::memcpy(halves.data(), arguments.data(), sizeof halves);
  return halves;
}

}  // namespace

// No look at the architecture: no call of any has the key by chance.
std::vector<::sock_filter> gate(linux::CallKey const& key) {
  std::vector<::sock_filter> program;
  auto const otherwise = [&] { return static_cast<std::uint8_t>(gate_size - program.size() - 1); };
  program.push_back({load_word, 0, 0, offsetof(::seccomp_data, nr)});
  program.push_back({jump_if_equal, 1, 0, SYS_sendmsg});
  program.push_back({jump_if_equal, 0, otherwise(), SYS_recvmsg});
  std::uint32_t offset = offsetof(::seccomp_data, args) + 3 * sizeof(std::uint64_t);
  for (auto const half : halves(key)) {
    program.push_back({load_word, 0, 0, offset});
    program.push_back({jump_if_equal, 0, otherwise(), half});
    offset += sizeof half;
  }
  program.push_back({answer, 0, 0, SECCOMP_RET_ALLOW});
  return program;
}

Listening load_with_listener(std::string_view program, unsigned flags) {
  Listening listening;
  linux::fill_with_random(std::as_writable_bytes(std::span(listening.key)))
      .or_fail("make a key for the seccomp filter");
  auto instructions = gate(listening.key);
  instructions.resize(gate_size + program.size() / sizeof(::sock_filter));
  std::memcpy(&instructions[gate_size], program.data(),
              program.size() / sizeof(::sock_filter) * sizeof(::sock_filter));
  auto listener = linux::set_seccomp_filter_with_listener(instructions, flags);
  if (listener.is(EINVAL) && (flags & linux::wait_killable_recv) != 0) {
    // seccomp(2) does not say which of the flags it is.  The words are runc's.
    fail_errno(EINVAL,
               "error adding WaitKill flag to seccomp filter: SetWaitKill requires Linux 5.19");
  }
  listening.listener = std::move(listener).or_fail("load the seccomp filter");
  return listening;
}

}  // namespace proa::seccomp
