// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/enosys.hpp"

#include <errno.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>

#include "base/backwards.hpp"

namespace proa::seccomp {

namespace {

using Program = std::vector<::sock_filter>;

constexpr std::uint32_t x32_bit = 0x40000000;  // __X32_SYSCALL_BIT of <asm/unistd.h>
constexpr std::uint16_t load_word = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t greater = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t any_bit = BPF_JMP | BPF_JSET | BPF_K;
constexpr std::uint16_t jump = BPF_JMP | BPF_JA;
constexpr ::sock_filter answer{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS};

constexpr ::sock_filter load(std::size_t offset) {
  return {load_word, 0, 0, static_cast<std::uint32_t>(offset)};
}

/// Answers ENOSYS above `number`, else goes on.
void refuse_above(Program& program, std::uint32_t number) {
  program.push_back({greater, 0, 1, number});
  program.push_back(answer);
}

/// What runs with the number loaded, for the conventions of one architecture.
Program body(std::vector<Newest> const& conventions) {
  Program program{load(offsetof(::seccomp_data, nr))};
  for (auto const& [arch, convention, number] : conventions) {
    switch (convention) {
      case Convention::multiplexed:
        // setup(2) has number 0 and has been gone for decades.
        program.push_back({equal, 0, 1, 0});
        program.push_back(answer);
        refuse_above(program, number);
        break;
      case Convention::x32:
        program.push_back({any_bit, 0, 2, x32_bit});
        refuse_above(program, number);
        break;
      case Convention::x86_64:
        program.push_back({any_bit, 2, 0, x32_bit});
        refuse_above(program, number);
        break;
      case Convention::plain:
        refuse_above(program, number);
        break;
    }
  }
  return program;
}

}  // namespace

Program enosys_stub(std::vector<Newest> const& newest) {
  std::vector<std::uint32_t> archs;
  for (auto const& each : newest) {
    if (std::ranges::find(archs, each.audit_arch) == archs.end()) archs.push_back(each.audit_arch);
  }
  Program stub;
  // From the end on, so that each part knows how far the filter is.
  for (auto const& arch : Backwards(archs)) {
    std::vector<Newest> conventions;
    std::ranges::copy_if(newest, std::back_inserter(conventions),
                         [&](Newest const& each) { return each.audit_arch == arch; });
    Program part = body(conventions);
    part.push_back({jump, 0, 0, static_cast<std::uint32_t>(stub.size())});
    part.insert(part.begin(), {equal, 0, static_cast<std::uint8_t>(part.size()), arch});
    stub.insert(stub.begin(), part.begin(), part.end());
  }
  if (!stub.empty()) stub.insert(stub.begin(), load(offsetof(::seccomp_data, arch)));
  return stub;
}

}  // namespace proa::seccomp
