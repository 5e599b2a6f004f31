// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/listener.hpp"

#include <sys/syscall.h>

#include "bpf.hpp"
#include "catch.hpp"

using namespace proa;

namespace {

/// The gate before a filter that kills whatever comes.
std::uint32_t behind_gate(linux::CallKey const& key, bpf::Call const& call) {
  auto program = seccomp::gate(key);
  REQUIRE(program.size() == seccomp::gate_size);
  program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS});
  std::string_view const bytes(reinterpret_cast<char const*>(program.data()),
                               program.size() * sizeof(::sock_filter));
  return bpf::Machine(bytes).run(call);
}

constexpr linux::CallKey key{0x0123456789abcdef, 0xfedcba9876543210, 0x0f1e2d3c4b5a6978};

bpf::Call with_key(int number) {
  bpf::Call call;
  call.number = number;
  for (std::size_t i = 0; i < key.size(); ++i) call.args[3 + i] = key[i];
  return call;
}

}  // namespace

TEST_CASE("calls with the key pass a filter", "[seccomp]") {
  CHECK(behind_gate(key, with_key(SYS_sendmsg)) == SECCOMP_RET_ALLOW);
  CHECK(behind_gate(key, with_key(SYS_recvmsg)) == SECCOMP_RET_ALLOW);
}

TEST_CASE("no other call passes with the key", "[seccomp]") {
  for (int number = 0; number < 1024; ++number) {
    if (number == SYS_sendmsg || number == SYS_recvmsg) continue;
    CHECK(behind_gate(key, with_key(number)) == SECCOMP_RET_KILL_PROCESS);
  }
}

TEST_CASE("a key that is wrong in one bit opens nothing", "[seccomp]") {
  for (int number : {SYS_sendmsg, SYS_recvmsg}) {
    for (unsigned bit = 0; bit < 192; ++bit) {
      auto call = with_key(number);
      call.args[3 + bit / 64] ^= std::uint64_t{1} << (bit % 64);
      CAPTURE(number, bit);
      CHECK(behind_gate(key, call) == SECCOMP_RET_KILL_PROCESS);
    }
  }
}
