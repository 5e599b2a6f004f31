// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The filter that libseccomp makes of a profile: what ours is compared with.
#pragma once

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "proa/spec.hpp"

// There when the program is linked with the leak sanitizer.
extern "C" __attribute__((weak)) void __lsan_disable();
extern "C" __attribute__((weak)) void __lsan_enable();

namespace reference {

using proa::spec::Seccomp;
using proa::spec::SeccompAction;
using proa::spec::SeccompArch;
using proa::spec::SeccompArg;
using proa::spec::SeccompOperator;

inline std::uint32_t token(SeccompArch arch) {
  switch (arch) {
    case SeccompArch::x86:
      return SCMP_ARCH_X86;
    case SeccompArch::x86_64:
      return SCMP_ARCH_X86_64;
    case SeccompArch::x32:
      return SCMP_ARCH_X32;
    case SeccompArch::arm:
      return SCMP_ARCH_ARM;
    case SeccompArch::aarch64:
      return SCMP_ARCH_AARCH64;
    case SeccompArch::mipsel:
      return SCMP_ARCH_MIPSEL;
    case SeccompArch::mipsel64:
      return SCMP_ARCH_MIPSEL64;
    case SeccompArch::mipsel64n32:
      return SCMP_ARCH_MIPSEL64N32;
    case SeccompArch::ppc64le:
      return SCMP_ARCH_PPC64LE;
    case SeccompArch::riscv64:
      return SCMP_ARCH_RISCV64;
    default:
      throw std::logic_error("not in these tests");
  }
}

inline std::uint32_t action(SeccompAction word, std::uint32_t number) {
  switch (word) {
    case SeccompAction::allow:
      return SCMP_ACT_ALLOW;
    case SeccompAction::log:
      return SCMP_ACT_LOG;
    case SeccompAction::error:
      return SCMP_ACT_ERRNO(number);
    case SeccompAction::trace:
      return SCMP_ACT_TRACE(number);
    case SeccompAction::trap:
      return SCMP_ACT_TRAP;
    case SeccompAction::kill_process:
      return SCMP_ACT_KILL_PROCESS;
    default:
      return SCMP_ACT_KILL_THREAD;
  }
}

inline ::scmp_compare comparison(SeccompOperator op) {
  switch (op) {
    case SeccompOperator::ne:
      return SCMP_CMP_NE;
    case SeccompOperator::lt:
      return SCMP_CMP_LT;
    case SeccompOperator::le:
      return SCMP_CMP_LE;
    case SeccompOperator::eq:
      return SCMP_CMP_EQ;
    case SeccompOperator::ge:
      return SCMP_CMP_GE;
    case SeccompOperator::gt:
      return SCMP_CMP_GT;
    default:
      return SCMP_CMP_MASKED_EQ;
  }
}

struct Filter {
  std::string program;
  int refused = 0;  ///< rules that libseccomp says are in the way of another one
};

/// libseccomp takes a condition of each argument once; runc makes rules of them, and so do we.
inline std::vector<std::vector<SeccompArg>> alternatives(std::vector<SeccompArg> const& args) {
  std::vector<std::vector<SeccompArg>> each;
  bool twice = false;
  for (auto const& arg : args) {
    twice |= std::ranges::count(args, arg.index, &SeccompArg::index) > 1;
    each.push_back({arg});
  }
  if (!twice) each = {args};
  return each;
}

inline std::string exported(::scmp_filter_ctx context) {
  int const file = ::memfd_create("reference", MFD_CLOEXEC);
  std::string program;
  if (::seccomp_export_bpf(context, file) == 0) {
    program.resize(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)));
    if (::pread(file, program.data(), program.size(), 0) < 0) program.clear();
  }
  ::close(file);
  if (program.empty()) throw std::runtime_error("libseccomp exports nothing");
  return program;
}

/// libseccomp 2.5 loses memory over rules that it refuses, which is not for us to answer for.
class Unwatched {
 public:
  Unwatched() {
    if (__lsan_disable != nullptr) __lsan_disable();
  }
  ~Unwatched() {
    if (__lsan_enable != nullptr) __lsan_enable();
  }
  Unwatched(Unwatched const&) = delete;
  Unwatched& operator=(Unwatched const&) = delete;
};

inline Filter compile(Seccomp const& seccomp) {
  Unwatched const unwatched;
  Filter filter;
  auto const default_action =
      action(seccomp.default_action, seccomp.default_errno_ret.value_or(EPERM));
  ::seccomp_api_set(6);
  std::unique_ptr<void, decltype(&::seccomp_release)> const context(::seccomp_init(default_action),
                                                                    &::seccomp_release);
  for (auto const arch : seccomp.architectures) ::seccomp_arch_add(context.get(), token(arch));
  for (auto const& rule : seccomp.syscalls) {
    auto const then = action(rule.action, rule.errno_ret.value_or(EPERM));
    if (then == default_action) continue;
    for (auto const& name : rule.names) {
      int const number = ::seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) continue;
      for (auto const& args : alternatives(rule.args)) {
        std::vector<::scmp_arg_cmp> conditions;
        for (auto const& arg : args) {
          conditions.push_back({arg.index, comparison(arg.op), arg.value, arg.value_two});
        }
        int const result =
            ::seccomp_rule_add_array(context.get(), then, number,
                                     static_cast<unsigned>(conditions.size()), conditions.data());
        if (result < 0 && result != -EEXIST) throw std::runtime_error("libseccomp: " + name);
        filter.refused += result < 0;
      }
    }
  }
  filter.program = exported(context.get());
  return filter;
}

}  // namespace reference
