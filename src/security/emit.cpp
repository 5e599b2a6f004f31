// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/emit.hpp"

#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "base/backwards.hpp"

namespace proa::seccomp {

namespace {

using spec::SeccompArg;
using spec::SeccompOperator;

constexpr std::uint32_t x32_bit = 0x40000000;    // __X32_SYSCALL_BIT of <asm/unistd.h>
constexpr std::uint32_t no_number = 0xffffffff;  // what a tracer sets to have a call skipped

// --- deciding -----------------------------------------------------------------------------------

/// `value` is masked already.  `mask` is all bits that there are but for masked_eq.
struct Test {
  std::uint32_t argument = 0;
  SeccompOperator op{};
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
  bool operator==(Test const&) const = default;
  bool wide() const { return mask >> 32 != 0; }
};

struct Alternative {
  std::vector<Test> tests;
  std::uint32_t action = 0;
  bool operator==(Alternative const&) const = default;
};

/// What is done about a number: the action of the first alternative that holds, else `otherwise`.
struct Decision {
  std::vector<Alternative> alternatives;
  std::uint32_t otherwise = 0;
  bool operator==(Decision const&) const = default;
};

/// A decision and the first number it is for; it goes on to the next range.
struct Range {
  std::uint32_t first = 0;
  Decision decision;
};

/// The tests that are left of conditions.  As libseccomp has it, a mask of nothing always holds,
/// and bits of a value outside of its mask don't count.
std::vector<Test> tests(std::vector<SeccompArg> const& conditions, Width width) {
  std::uint64_t const bits = width == Width::bits64 ? ~0ULL : 0xffffffffULL;
  std::vector<Test> left;
  for (auto const& [index, value, value_two, op] : conditions) {
    bool const masked = op == SeccompOperator::masked_eq;
    auto const mask = masked ? value & bits : bits;
    if (mask != 0) left.push_back({index, op, mask, (masked ? value_two : value) & mask});
  }
  std::ranges::stable_sort(left, {}, &Test::argument);
  return left;
}

/// Whether `longer` asks for all that `shorter` does, in the same order.
bool starts_with(Alternative const& longer, Alternative const& shorter) {
  return std::ranges::mismatch(longer.tests, shorter.tests).in2 == shorter.tests.end();
}

/// Where alternatives disagree, which is asked first.  libseccomp keeps them in a tree ordered by
/// this: higher arguments first, equality before upper before lower bounds, and of those the
/// narrower first.  One that asks for more comes before one that asks for less.
bool precedes(Alternative const& a, Alternative const& b) {
  auto const key = [](Test const& test) {
    bool const upper = test.op == SeccompOperator::lt || test.op == SeccompOperator::le;
    bool const lower = test.op == SeccompOperator::gt || test.op == SeccompOperator::ge;
    int const kind = upper ? 1 : lower ? 0 : 2;
    return std::tuple(test.argument, kind, upper ? ~test.value : test.value);
  };
  auto const [at_a, at_b] = std::ranges::mismatch(
      a.tests, b.tests, [&](Test const& x, Test const& y) { return key(x) == key(y); });
  if (at_a == a.tests.end() || at_b == b.tests.end()) return a.tests.size() > b.tests.size();
  return key(*at_a) > key(*at_b);
}

/// `rules` are those for one number, in the order of the profile.
Decision decide(std::span<Rule const* const> rules, Width width, std::uint32_t default_action) {
  Decision decision{{}, default_action};
  for (auto const* const rule : rules) {
    Alternative next{tests(rule->conditions, width), rule->action};
    if (next.tests.empty()) return {{}, rule->action};
    // libseccomp keeps nothing that asks for more than what is there asks for.
    bool const moot = std::ranges::any_of(
        decision.alternatives, [&](Alternative const& kept) { return starts_with(next, kept); });
    if (!moot) decision.alternatives.push_back(std::move(next));
  }
  std::ranges::stable_sort(decision.alternatives, precedes);
  return decision;
}

/// From `first` on `decision` holds.
void append(std::vector<Range>& ranges, std::uint32_t first, Decision decision) {
  if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
  if (!ranges.empty() && ranges.back().decision == decision) return;
  ranges.push_back({first, std::move(decision)});
}

/// Puts the rules of `abi` on top of a range that has all its numbers.
void append_rules(std::vector<Range>& ranges, Abi const& abi, std::uint32_t default_action) {
  std::vector<Rule const*> rules;
  for (auto const& rule : abi.rules) rules.push_back(&rule);
  std::ranges::stable_sort(rules, {}, &Rule::number);
  for (auto at = rules.begin(); at != rules.end();) {
    auto const number = (*at)->number;
    auto const end =
        std::find_if(at, rules.end(), [&](auto* rule) { return rule->number != number; });
    append(ranges, number, decide({at, end}, abi.width, default_action));
    if (number != no_number) append(ranges, number + 1, {{}, default_action});
    at = end;
  }
}

/// All numbers of one AUDIT_ARCH_*, which x86_64 and x32 share.
std::vector<Range> ranges_of(std::span<Abi const> abis, std::uint32_t arch,
                             std::uint32_t default_action) {
  auto const with = [&](Convention convention) {
    return std::ranges::find_if(abis, [&](Abi const& abi) {
      return abi.audit_arch == arch && abi.convention == convention;
    });
  };
  Decision const by_default{{}, default_action};
  Decision const foreign{{}, SECCOMP_RET_KILL_THREAD};
  auto const x86_64 = with(Convention::x86_64), x32 = with(Convention::x32);
  std::vector<Range> ranges;
  if (x86_64 == abis.end() && x32 == abis.end()) {
    append(ranges, 0, by_default);
    for (auto const& abi : abis) {
      if (abi.audit_arch == arch) append_rules(ranges, abi, default_action);
    }
    return ranges;
  }
  append(ranges, 0, x86_64 == abis.end() ? foreign : by_default);
  if (x86_64 != abis.end()) append_rules(ranges, *x86_64, default_action);
  append(ranges, x32_bit, x32 == abis.end() ? foreign : by_default);
  if (x32 != abis.end()) append_rules(ranges, *x32, default_action);
  append(ranges, no_number, by_default);
  return ranges;
}

// --- writing ------------------------------------------------------------------------------------

/// Where to go on, as the number of instructions from there to the end of the program.
using Label = std::size_t;

constexpr std::uint16_t load_word = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t greater = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t greater_equal = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t any_bit = BPF_JMP | BPF_JSET | BPF_K;
constexpr std::uint16_t jump = BPF_JMP | BPF_JA;
constexpr std::uint16_t mask_with = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t answer = BPF_RET | BPF_K;

/// A program written from its end to its start, so that what is jumped to, always further down, is
/// there already.
class Writer {
 public:
  Label put(std::uint16_t code, std::uint32_t k) {
    backwards_.push_back({code, 0, 0, k});
    return backwards_.size();
  }

  /// An instruction that jumps: `targets` are for what holds and for what does not.
  Label branch(std::uint16_t code, std::uint32_t k, std::pair<Label, Label> targets) {
    auto const then = near(targets.first);
    auto const otherwise = near(targets.second);
    backwards_.push_back({code, distance(then), distance(otherwise), k});
    return backwards_.size();
  }

  /// What answers `action`.
  Label verdict(std::uint32_t action) {
    auto const known =
        std::ranges::find(verdicts_, action, &std::pair<std::uint32_t, Label>::first);
    if (known != verdicts_.end()) return known->second;
    return verdicts_.emplace_back(action, put(answer, action)).second;
  }

  std::vector<::sock_filter> program() && {
    std::ranges::reverse(backwards_);
    return std::move(backwards_);
  }

 private:
  std::uint8_t distance(Label target) const {
    return static_cast<std::uint8_t>(backwards_.size() - target);
  }

  /// `target`, or a place within reach of the next instruction that leads there.
  Label near(Label target) {
    // One less than an offset holds: the other target may need an instruction in between.
    constexpr std::size_t reach = 0xff - 1;
    if (backwards_.size() - target <= reach) return target;
    auto const there = backwards_[target - 1];
    if (there.code != answer) {
      return put(jump, static_cast<std::uint32_t>(backwards_.size() - target));
    }
    // As short as a jump, and it serves what comes before as well.
    auto const known =
        std::ranges::find(verdicts_, there.k, &std::pair<std::uint32_t, Label>::first);
    if (backwards_.size() - known->second > reach) known->second = put(answer, there.k);
    return known->second;
  }

  std::vector<::sock_filter> backwards_;
  std::vector<std::pair<std::uint32_t, Label>> verdicts_;  ///< the copy that is nearest
};

/// Offsets of the halves of an argument.
constexpr std::uint32_t half(std::uint32_t argument, bool high) {
  constexpr bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
  return static_cast<std::uint32_t>(offsetof(::seccomp_data, args) +
                                    argument * sizeof(std::uint64_t) +
                                    (high == little ? sizeof(std::uint32_t) : 0));
}

struct Exits {
  Label holds = 0;
  Label fails = 0;
};

Label write_masked(Writer& writer, Test const& test, Exits const& to) {
  Label start = to.holds;
  for (bool const high : {false, true}) {
    auto const mask = static_cast<std::uint32_t>(high ? test.mask >> 32 : test.mask);
    auto const value = static_cast<std::uint32_t>(high ? test.value >> 32 : test.value);
    if (mask == 0) continue;
    if (value == 0) {
      writer.branch(any_bit, mask, {to.fails, start});
    } else {
      writer.branch(equal, value, {start, to.fails});
      writer.put(mask_with, mask);
    }
    start = writer.put(load_word, half(test.argument, high));
  }
  return start;
}

/// What compares with 64 bits by the halves: the upper ones decide unless they are equal.
Label write_bound(Writer& writer, Test const& test, std::uint16_t comparison, Exits const& to) {
  writer.branch(comparison, static_cast<std::uint32_t>(test.value), {to.holds, to.fails});
  auto const low = writer.put(load_word, half(test.argument, false));
  if (!test.wide()) return low;
  auto const high = static_cast<std::uint32_t>(test.value >> 32);
  auto const same = writer.branch(equal, high, {low, to.fails});
  if (comparison != equal) writer.branch(greater, high, {to.holds, same});
  return writer.put(load_word, half(test.argument, true));
}

Label write(Writer& writer, Test const& test, Exits const& to) {
  Exits const opposite{to.fails, to.holds};
  switch (test.op) {
    case SeccompOperator::masked_eq:
      return write_masked(writer, test, to);
    case SeccompOperator::eq:
      return write_bound(writer, test, equal, to);
    case SeccompOperator::ne:
      return write_bound(writer, test, equal, opposite);
    case SeccompOperator::gt:
      return write_bound(writer, test, greater, to);
    case SeccompOperator::le:
      return write_bound(writer, test, greater, opposite);
    case SeccompOperator::ge:
      return write_bound(writer, test, greater_equal, to);
    case SeccompOperator::lt:
      return write_bound(writer, test, greater_equal, opposite);
  }
  return to.fails;
}

Label write(Writer& writer, Decision const& decision) {
  Label next = writer.verdict(decision.otherwise);
  for (auto const& alternative : Backwards(decision.alternatives)) {
    Exits to{writer.verdict(alternative.action), next};
    for (auto const& test : Backwards(alternative.tests)) to.holds = write(writer, test, to);
    next = to.holds;
  }
  return next;
}

/// Binary search, with the number loaded.
Label write(Writer& writer, std::span<Range const> ranges) {
  if (ranges.size() == 1) return write(writer, ranges.front().decision);
  auto const middle = ranges.size() / 2;
  auto const above = write(writer, ranges.subspan(middle));
  auto const below = write(writer, ranges.first(middle));
  return writer.branch(greater_equal, ranges[middle].first, {above, below});
}

}  // namespace

std::vector<::sock_filter> emit(std::span<Abi const> abis, std::uint32_t default_action) {
  std::vector<std::uint32_t> archs;
  for (auto const& abi : abis) {
    if (std::ranges::find(archs, abi.audit_arch) == archs.end()) archs.push_back(abi.audit_arch);
  }
  Writer writer;
  Label next = writer.verdict(SECCOMP_RET_KILL_THREAD);
  for (auto const arch : Backwards(archs)) {
    auto const ranges = ranges_of(abis, arch, default_action);
    auto search = write(writer, ranges);
    if (ranges.size() > 1) search = writer.put(load_word, offsetof(::seccomp_data, nr));
    next = writer.branch(equal, arch, {search, next});
  }
  writer.put(load_word, offsetof(::seccomp_data, arch));
  return std::move(writer).program();
}

}  // namespace proa::seccomp
