// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The device list as a BPF program.  The kernel runs it at every open(2) and mknod(2) of a device
// and its verifier walks it at every create, so it is made short: the device number is packed into
// one register, and a rule that decides all accesses is one conditional jump to a common end.
//
// The rules are tried from the last to the first.  `undecided` holds the accesses that no rule has
// spoken of yet: a matching denial of one of them ends it, a matching permission takes its letters
// out, and nothing left to decide means permitted.

#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <cstddef>

#include "cgroup/devices.hpp"

namespace proa::cgroup {

namespace {

using spec::DeviceRuleType;

enum Register : std::uint8_t {
  result = BPF_REG_0,
  context = BPF_REG_1,    // struct bpf_cgroup_dev_ctx *
  undecided = BPF_REG_2,  // access bits
  major = BPF_REG_3,
  minor = BPF_REG_4,
  type = BPF_REG_5,
  device = BPF_REG_6,  // major << 20 | minor, as dev_t of the kernel
};

constexpr int minor_bits = 20;
constexpr int access_shift = 16;  // of access_type, whose lower half is the type
constexpr int type_mask = 0xffff;

enum class End : std::uint8_t { deny, allow };

class Program {
 public:
  void load(Register to, std::size_t offset) {
    auto& instruction = add(BPF_LDX | BPF_W | BPF_MEM, to);
    instruction.src_reg = context & register_mask;
    instruction.off = static_cast<std::int16_t>(offset);
  }
  void calculate(int operation, Register to, int value) {
    add(BPF_ALU64 | operation | BPF_K, to, value);
  }
  void calculate(int operation, Register to, Register from) {
    add(BPF_ALU64 | operation | BPF_X, to).src_reg = from & register_mask;
  }

  /// A forward jump whose target is not known yet: land() or end() sets it.
  using Jump = std::size_t;
  /// JMP32, as a major beyond 2047 makes the packed number a negative immediate.
  Jump jump_if(int comparison, Register what, std::uint32_t value) {
    add(BPF_JMP32 | comparison | BPF_K, what, static_cast<std::int32_t>(value));
    return instructions_.size() - 1;
  }
  void land(Jump jump) {
    instructions_[jump].off = static_cast<std::int16_t>(instructions_.size() - jump - 1);
  }

  void jump(End end) {
    add(BPF_JMP | BPF_JA, result);
    at_end(end, instructions_.size() - 1);
  }
  void at_end(End end, Jump jump) { ends_[static_cast<std::size_t>(end)].push_back(jump); }

  std::vector<std::uint64_t> finish() {
    for (auto const end : {End::deny, End::allow}) {
      auto& jumps = ends_[static_cast<std::size_t>(end)];
      // The kernel refuses a program with instructions that nothing leads to.
      if (jumps.empty()) continue;
      // The very last jump may lead to where the program goes anyway.
      if (jumps.back() == instructions_.size() - 1) {
        instructions_.pop_back();
        jumps.pop_back();
      }
      for (auto const jump : jumps) land(jump);
      calculate(BPF_MOV, result, end == End::allow ? 1 : 0);
      add(BPF_JMP | BPF_EXIT, result);
    }
    std::vector<std::uint64_t> program;
    for (auto const& instruction : instructions_) {
      program.push_back(std::bit_cast<std::uint64_t>(instruction));
    }
    return program;
  }

 private:
  static constexpr unsigned register_mask = 0xf;

  ::bpf_insn& add(int code, Register to, int value = 0) {
    ::bpf_insn instruction{};
    instruction.code = static_cast<std::uint8_t>(code);
    instruction.dst_reg = to & register_mask;
    instruction.imm = value;
    return instructions_.emplace_back(instruction);
  }

  std::vector<::bpf_insn> instructions_;
  std::vector<Jump> ends_[2];
};

void read_context(Program& program) {
  program.load(undecided, offsetof(::bpf_cgroup_dev_ctx, access_type));
  program.load(major, offsetof(::bpf_cgroup_dev_ctx, major));
  program.load(minor, offsetof(::bpf_cgroup_dev_ctx, minor));
  program.calculate(BPF_MOV, type, undecided);
  program.calculate(BPF_AND, type, type_mask);
  program.calculate(BPF_RSH, undecided, access_shift);
  program.calculate(BPF_MOV, device, major);
  program.calculate(BPF_LSH, device, minor_bits);
  program.calculate(BPF_OR, device, minor);
}

/// The register and value that tell the devices of a rule; nothing when it is for all of them.
struct Match {
  Register what;
  std::uint32_t value;
};
std::optional<Match> match(DeviceRule const& rule) {
  if (rule.major && rule.minor) return Match{device, *rule.major << minor_bits | *rule.minor};
  if (rule.major) return Match{major, *rule.major};
  if (rule.minor) return Match{minor, *rule.minor};
  return std::nullopt;
}

void add_rule(Program& program, DeviceRule const& rule) {
  auto const matched = match(rule);
  auto const end = rule.allow ? End::allow : End::deny;
  if (matched && rule.access == access_all) {
    program.at_end(end, program.jump_if(BPF_JEQ, matched->what, matched->value));
    return;
  }
  std::optional<Program::Jump> other_device;
  if (matched) other_device = program.jump_if(BPF_JNE, matched->what, matched->value);
  if (rule.allow) {
    program.calculate(BPF_AND, undecided, ~int{rule.access});
    program.at_end(End::allow, program.jump_if(BPF_JEQ, undecided, 0));
  } else {
    program.at_end(End::deny, program.jump_if(BPF_JSET, undecided, rule.access));
  }
  if (other_device) program.land(*other_device);
}

/// A rule after which `later` has nothing more to decide.
bool shadows(DeviceRule const& later, DeviceRule const& rule) {
  return (later.type == rule.type || later.type == DeviceRuleType::all) &&
         (!later.major || later.major == rule.major) &&
         (!later.minor || later.minor == rule.minor) && (rule.access & ~later.access) == 0;
}

void add_rules(Program& program, DeviceList const& list, DeviceRuleType of) {
  std::vector<DeviceRule> tried;
  std::vector<DeviceRule> const last_first(list.rules.rbegin(), list.rules.rend());
  for (auto const& rule : last_first) {
    if (rule.type != of && rule.type != DeviceRuleType::all) continue;
    if (std::any_of(tried.begin(), tried.end(),
                    [&](auto const& later) { return shadows(later, rule); })) {
      continue;
    }
    tried.push_back(rule);
    add_rule(program, rule);
  }
  program.jump(list.allow ? End::allow : End::deny);
}

}  // namespace

std::vector<std::uint64_t> device_program(DeviceList const& list) {
  if (list.allow && list.rules.empty()) return {};
  Program program;
  read_context(program);
  auto const is_block = program.jump_if(BPF_JEQ, type, BPF_DEVCG_DEV_BLOCK);
  add_rules(program, list, DeviceRuleType::character);
  program.land(is_block);
  add_rules(program, list, DeviceRuleType::block);
  return program.finish();
}

}  // namespace proa::cgroup
