// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/enosys.hpp"

#include <errno.h>

#include <string>

#include "bpf.hpp"
#include "catch.hpp"

using namespace proa::seccomp;

namespace {

constexpr std::uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;

/// The stub in front of a filter that allows everything.
std::uint32_t verdict(std::vector<Newest> const& newest, bpf::Call const& call) {
  auto program = enosys_stub(newest);
  program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  return bpf::Machine({reinterpret_cast<char const*>(program.data()),
                       program.size() * sizeof program.front()})
      .run(call);
}

}  // namespace

TEST_CASE("no architectures, no stub", "[seccomp]") { CHECK(enosys_stub({}).empty()); }

TEST_CASE("an architecture that the stub does not know is the filter's matter", "[seccomp]") {
  CHECK(verdict({{AUDIT_ARCH_X86_64, Convention::x86_64, 5}},
                {.arch = AUDIT_ARCH_AARCH64, .number = 900}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("numbers above the newest do not exist, up to it they are the filter's matter",
          "[seccomp]") {
  std::vector<Newest> const newest{{AUDIT_ARCH_AARCH64, Convention::plain, 291},
                                   {AUDIT_ARCH_ARM, Convention::plain, 397}};
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_AARCH64, .number = 291}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_AARCH64, .number = 292}) == enosys);
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_ARM, .number = 397}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_ARM, .number = 398}) == enosys);
}

TEST_CASE("x86_64 and x32 share an architecture and not a number", "[seccomp]") {
  constexpr int x32 = 0x40000000;
  Newest const x86_64_newest{AUDIT_ARCH_X86_64, Convention::x86_64, 300};
  Newest const x32_newest{AUDIT_ARCH_X86_64, Convention::x32, x32 | 200};
  auto const both =
      GENERATE_COPY(std::vector{x86_64_newest, x32_newest}, std::vector{x32_newest, x86_64_newest});
  auto const run = [](std::vector<Newest> const& newest, int number) {
    return verdict(newest, {.arch = AUDIT_ARCH_X86_64, .number = number});
  };
  CHECK(run(both, 300) == SECCOMP_RET_ALLOW);
  CHECK(run(both, 301) == enosys);
  CHECK(run(both, x32 | 200) == SECCOMP_RET_ALLOW);
  CHECK(run(both, x32 | 201) == enosys);
  CHECK(run({x86_64_newest}, x32 | 900) == SECCOMP_RET_ALLOW);
  CHECK(run({x32_newest}, 900) == SECCOMP_RET_ALLOW);
}

TEST_CASE("s390 turns a number it does not know into 0", "[seccomp]") {
  std::vector<Newest> const newest{{AUDIT_ARCH_S390X, Convention::multiplexed, 379}};
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_S390X, .number = 0}) == enosys);
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_S390X, .number = 1}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(newest, {.arch = AUDIT_ARCH_S390X, .number = 380}) == enosys);
}
