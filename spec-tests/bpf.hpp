// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A seccomp filter run by hand: what the kernel would answer for a system call, without making it.
// Knows the classic BPF that filters consist of and refuses everything else, also a program that
// the kernel would not load.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace bpf {

#if defined(__x86_64__)
inline constexpr std::uint32_t native_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t native_arch = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
inline constexpr std::uint32_t native_arch = AUDIT_ARCH_RISCV64;
#endif

/// A system call as a filter sees it.
struct Call {
  std::uint32_t arch = native_arch;
  int number = 0;
  std::uint64_t args[6] = {};
};

class Machine {
 public:
  explicit Machine(std::string_view program) : program_(program.size() / sizeof(::sock_filter)) {
    if (program.size() % sizeof(::sock_filter) != 0) throw std::logic_error("half an instruction");
    if (program_.empty() || program_.size() > BPF_MAXINSNS) throw std::logic_error("bad length");
    std::memcpy(program_.data(), program.data(), program.size());
  }

  std::size_t size() const { return program_.size(); }

  /// SECCOMP_RET_* with its data.
  std::uint32_t run(Call const& call) {
    ::seccomp_data data{};
    data.arch = call.arch;
    data.nr = call.number;
    for (int i = 0; i < 6; ++i) data.args[i] = call.args[i];
    a_ = x_ = 0;
    std::memset(memory_, 0, sizeof memory_);
    // Jumps only go forward, so a program ends after as many steps as it has instructions.
    for (std::size_t at = 0; at < program_.size();) {
      auto const& op = program_[at];
      if (BPF_CLASS(op.code) == BPF_RET) return BPF_RVAL(op.code) == BPF_A ? a_ : op.k;
      at += 1 + step(op, data);
    }
    throw std::logic_error("runs off its end");
  }

 private:
  /// Executes one instruction; how many it skips.
  std::size_t step(::sock_filter const& op, ::seccomp_data const& data) {
    switch (BPF_CLASS(op.code)) {
      case BPF_LD:
        load(op, data);
        return 0;
      case BPF_LDX:
        x_ = BPF_MODE(op.code) == BPF_MEM ? memory_[op.k & 15] : op.k;
        return 0;
      case BPF_ST:
        memory_[op.k & 15] = a_;
        return 0;
      case BPF_STX:
        memory_[op.k & 15] = x_;
        return 0;
      case BPF_ALU:
        calculate(op);
        return 0;
      case BPF_JMP:
        return jump(op);
      case BPF_MISC:
        (BPF_MISCOP(op.code) == BPF_TAX ? x_ : a_) = BPF_MISCOP(op.code) == BPF_TAX ? a_ : x_;
        return 0;
    }
    throw std::logic_error("unknown instruction");
  }

  void load(::sock_filter const& op, ::seccomp_data const& data) {
    switch (op.code) {
      case BPF_LD | BPF_IMM:
        a_ = op.k;
        return;
      case BPF_LD | BPF_MEM:
        a_ = memory_[op.k & 15];
        return;
      case BPF_LD | BPF_W | BPF_ABS:
        break;
      default:
        throw std::logic_error("unknown load");
    }
    // The kernel takes aligned words only: seccomp_check_filter().
    if (op.k % 4 != 0 || op.k >= sizeof data) throw std::logic_error("loads from nowhere");
    std::memcpy(&a_, reinterpret_cast<char const*>(&data) + op.k, sizeof a_);
  }

  void calculate(::sock_filter const& op) {
    std::uint32_t const operand = BPF_SRC(op.code) == BPF_X ? x_ : op.k;
    switch (BPF_OP(op.code)) {
      case BPF_AND:
        a_ &= operand;
        return;
      case BPF_OR:
        a_ |= operand;
        return;
      case BPF_ADD:
        a_ += operand;
        return;
      case BPF_SUB:
        a_ -= operand;
        return;
      case BPF_LSH:
        a_ <<= operand;
        return;
      case BPF_RSH:
        a_ >>= operand;
        return;
    }
    throw std::logic_error("unknown arithmetic");
  }

  std::size_t jump(::sock_filter const& op) const {
    if (BPF_OP(op.code) == BPF_JA) return op.k;
    std::uint32_t const operand = BPF_SRC(op.code) == BPF_X ? x_ : op.k;
    return holds(BPF_OP(op.code), operand) ? op.jt : op.jf;
  }

  bool holds(int comparison, std::uint32_t operand) const {
    switch (comparison) {
      case BPF_JEQ:
        return a_ == operand;
      case BPF_JGT:
        return a_ > operand;
      case BPF_JGE:
        return a_ >= operand;
      case BPF_JSET:
        return (a_ & operand) != 0;
    }
    throw std::logic_error("unknown comparison");
  }

  std::vector<::sock_filter> program_;
  std::uint32_t a_ = 0;
  std::uint32_t x_ = 0;
  std::uint32_t memory_[BPF_MEMWORDS] = {};
};

}  // namespace bpf
