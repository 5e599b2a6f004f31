// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Device lists made of the bytes, and whether the kernel's verifier would take their programs:
// its rules for the few instructions that such a program has, kernel/bpf/verifier.c.

#include "cgroup/devices.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <linux/bpf.h>

#include <bit>

#include "fuzz.hpp"

using namespace proa::cgroup;
using proa::spec::DeviceRuleType;

namespace {

using Registers = unsigned;  // one bit each: it has been written
constexpr Registers bit(unsigned number) { return 1U << number; }

class Verifier {
 public:
  explicit Verifier(std::vector<std::uint64_t> const& program) {
    for (auto const each : program) program_.push_back(std::bit_cast<::bpf_insn>(each));
    written_.resize(program_.size());
    written_[0] = bit(BPF_REG_1) | bit(BPF_REG_10);
  }

  /// Jumps only lead forward, so that one pass sees every way.
  void verify() {
    for (at_ = 0; at_ < program_.size(); ++at_) {
      fuzz::require(written_[at_].has_value(), "every instruction can be reached");
      auto const& instruction = program_[at_];
      switch (BPF_CLASS(instruction.code)) {
        case BPF_LDX:
          load(instruction);
          break;
        case BPF_ALU64:
          calculate(instruction);
          break;
        default:
          jump(instruction);
      }
    }
  }

 private:
  void reads(unsigned number) {
    fuzz::require((*written_[at_] & bit(number)) != 0, "a register is written before it is read");
  }
  void leads_to(std::size_t target, Registers registers) {
    fuzz::require(target < program_.size(), "no way leads out of the program");
    written_[target] = written_[target].value_or(~0U) & registers;
  }
  void operand(::bpf_insn const& instruction) {
    if (BPF_SRC(instruction.code) == BPF_X) reads(instruction.src_reg);
  }

  void load(::bpf_insn const& instruction) {
    fuzz::require(instruction.code == (BPF_LDX | BPF_W | BPF_MEM), "words are loaded");
    fuzz::require(instruction.src_reg == BPF_REG_1, "the context is loaded from");
    fuzz::require(instruction.off >= 0 && instruction.off % 4 == 0 &&
                      instruction.off < static_cast<int>(sizeof(::bpf_cgroup_dev_ctx)),
                  "a member of the context is loaded");
    reads(BPF_REG_1);
    leads_to(at_ + 1, *written_[at_] | bit(instruction.dst_reg));
  }

  void calculate(::bpf_insn const& instruction) {
    fuzz::require(instruction.dst_reg < BPF_REG_10 && instruction.dst_reg != BPF_REG_1,
                  "neither the frame nor the context is changed");
    operand(instruction);
    if (BPF_OP(instruction.code) != BPF_MOV) reads(instruction.dst_reg);
    leads_to(at_ + 1, *written_[at_] | bit(instruction.dst_reg));
  }

  void jump(::bpf_insn const& instruction) {
    fuzz::require(instruction.off >= 0, "no jump leads back");
    auto const target = at_ + 1 + static_cast<std::size_t>(instruction.off);
    auto const registers = *written_[at_];
    if (instruction.code == (BPF_JMP | BPF_EXIT)) {
      reads(BPF_REG_0);
    } else if (instruction.code == (BPF_JMP | BPF_JA)) {
      leads_to(target, registers);
    } else {
      fuzz::require(BPF_CLASS(instruction.code) == BPF_JMP32, "numbers are compared as 32 bits");
      reads(instruction.dst_reg);
      operand(instruction);
      leads_to(target, registers);
      leads_to(at_ + 1, registers);
    }
  }

  std::vector<::bpf_insn> program_;
  std::vector<std::optional<Registers>> written_;  ///< before each; absent: not reached yet
  std::size_t at_ = 0;
};

std::optional<std::int64_t> number(FuzzedDataProvider& bytes) {
  constexpr std::int64_t named[] = {-1, 0, 1, 3, 5, 7, 8, 9, 10, 136, 200, 4095, 1048575};
  if (bytes.ConsumeBool()) return bytes.PickValueInArray(named);
  if (bytes.ConsumeBool()) return std::nullopt;
  return bytes.ConsumeIntegral<std::int64_t>();
}

std::vector<proa::spec::DeviceRule> rules(FuzzedDataProvider& bytes) {
  constexpr char const* accesses[] = {"", "r", "w", "m", "rw", "rm", "wm", "rwm", "rx"};
  constexpr DeviceRuleType types[] = {DeviceRuleType::all, DeviceRuleType::block,
                                      DeviceRuleType::character};
  std::vector<proa::spec::DeviceRule> rules;
  while (bytes.remaining_bytes() > 0) {
    auto& rule = rules.emplace_back();
    rule.allow = bytes.ConsumeBool();
    rule.type = bytes.PickValueInArray(types);
    rule.major = number(bytes);
    rule.minor = number(bytes);
    rule.access = bytes.PickValueInArray(accesses);
  }
  return rules;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  FuzzedDataProvider bytes(data, size);
  auto const given = rules(bytes);
  DeviceList list;
  if (fuzz::refused_text([&] { list = device_list(given); })) return 0;
  auto const program = device_program(list);
  fuzz::require(program.empty() == (list.allow && list.rules.empty()), "no program allows all");
  if (!program.empty()) Verifier(program).verify();
  for (auto const& line : device_lines(list)) {
    fuzz::require(line.index < static_cast<int>(given.size()), "a line knows its rule");
  }
  return 0;
}
