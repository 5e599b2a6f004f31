// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/listener.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

#include "bpf.hpp"
#include "catch.hpp"
#include "linux/prctl.hpp"
#include "linux/seccomp.hpp"
#include "unit/process/child.hpp"

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

// Linux before 5.19 answers EINVAL.
TEST_CASE("a flag that the kernel does not have is named in runc's words",
          "[seccomp][contract:2.9/wait-kill]") {
  CHECK(in_child([] {
          ::sock_filter const older[] = {
              {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(::seccomp_data, nr)},
              {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_seccomp},
              {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EINVAL},
              {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
          linux::set_no_new_privileges().or_fail("set no_new_privs");
          linux::set_seccomp_filter(older, 0).or_fail("load the filter of an older kernel");
          std::string_view const program(reinterpret_cast<char const*>(&older[3]), sizeof older[3]);
          (void)seccomp::load_with_listener(
              program, SECCOMP_FILTER_FLAG_NEW_LISTENER | linux::wait_killable_recv);
          return std::string("loaded");
        }) ==
        "error: error adding WaitKill flag to seccomp filter: SetWaitKill requires Linux "
        "5.19: invalid argument");
}
