// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The device list: what it means, said once more and differently, against the lines for v1 and
// against the program for v2, which a small interpreter runs here.

#include "cgroup/devices.hpp"

#include <linux/bpf.h>

#include <array>
#include <bit>
#include <random>

#include "catch.hpp"
#include "hosts.hpp"
#include "linux/bpf.hpp"
#include "skip.hpp"

using namespace proa;
using namespace proa::cgroup;
using hosts::Refusal;
using hosts::refusal;
using hosts::Words;
using spec::DeviceRuleType;

namespace {

using Rules = std::vector<spec::DeviceRule>;

spec::DeviceRule const deny_all{false, DeviceRuleType::all, {}, {}, "rwm"};
spec::DeviceRule const allow_all{true, DeviceRuleType::all, {}, {}, "rwm"};

spec::DeviceRule character(bool allow, std::optional<std::int64_t> major,
                           std::optional<std::int64_t> minor, std::string access) {
  return {allow, DeviceRuleType::character, major, minor, std::move(access)};
}

/// One open(2) or mknod(2), as the kernel asks about it.
struct Request {
  DeviceRuleType type{};
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  unsigned access = 0;
};

/// Runs a device program as the kernel would.  Throws where the kernel would not have loaded it.
class Machine {
 public:
  explicit Machine(std::vector<std::uint64_t> const& program) {
    for (auto const each : program) program_.push_back(std::bit_cast<::bpf_insn>(each));
    check_reach();
  }

  bool permits(Request const& request) {
    context_ = {request.access << 16 | (request.type == DeviceRuleType::block ? 1U : 2U),
                request.major, request.minor};
    registers_.fill(0);
    for (at_ = 0; at_ < program_.size(); ++at_) {
      auto const& instruction = program_[at_];
      if (instruction.code == (BPF_JMP | BPF_EXIT)) return registers_[0] != 0;
      step(instruction);
    }
    throw std::runtime_error("the program runs over its end");
  }

 private:
  /// The kernel's verifier refuses a program with an instruction that nothing leads to.
  void check_reach() const {
    std::vector<bool> reached(program_.size());
    std::vector<std::size_t> next{0};
    while (!next.empty()) {
      auto const at = next.back();
      next.pop_back();
      if (at >= program_.size() || reached[at]) continue;
      reached[at] = true;
      auto const& instruction = program_[at];
      auto const kind = BPF_CLASS(instruction.code);
      bool const jumps = kind == BPF_JMP || kind == BPF_JMP32;
      if (jumps && BPF_OP(instruction.code) == BPF_EXIT) continue;
      if (jumps) next.push_back(at + 1 + static_cast<std::size_t>(instruction.off));
      if (!jumps || BPF_OP(instruction.code) != BPF_JA) next.push_back(at + 1);
    }
    for (std::size_t at = 0; at < reached.size(); ++at) {
      if (!reached[at]) throw std::runtime_error("unreachable instruction " + std::to_string(at));
    }
  }

  void step(::bpf_insn const& instruction) {
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LDX:
        return load(instruction);
      case BPF_ALU64:
        return calculate(instruction);
      case BPF_JMP:
      case BPF_JMP32:
        return jump(instruction);
      default:
        throw std::runtime_error("an unknown class of instruction");
    }
  }

  void load(::bpf_insn const& instruction) {
    auto const index = static_cast<std::size_t>(instruction.off) / sizeof(std::uint32_t);
    registers_.at(instruction.dst_reg) = context_.at(index);
  }

  std::uint64_t operand(::bpf_insn const& instruction) const {
    return BPF_SRC(instruction.code) == BPF_X
               ? registers_.at(instruction.src_reg)
               : static_cast<std::uint64_t>(static_cast<std::int64_t>(instruction.imm));
  }

  void calculate(::bpf_insn const& instruction) {
    auto& target = registers_.at(instruction.dst_reg);
    auto const value = operand(instruction);
    switch (BPF_OP(instruction.code)) {
      case BPF_MOV:
        target = value;
        return;
      case BPF_AND:
        target &= value;
        return;
      case BPF_OR:
        target |= value;
        return;
      case BPF_LSH:
        target <<= value;
        return;
      case BPF_RSH:
        target >>= value;
        return;
      default:
        throw std::runtime_error("an unknown operation");
    }
  }

  void jump(::bpf_insn const& instruction) {
    bool const narrow = BPF_CLASS(instruction.code) == BPF_JMP32;
    auto const mask = narrow ? 0xffffffffULL : ~0ULL;
    auto const left = registers_.at(instruction.dst_reg) & mask;
    auto const right = operand(instruction) & mask;
    bool taken = false;
    switch (BPF_OP(instruction.code)) {
      case BPF_JA:
        taken = true;
        break;
      case BPF_JEQ:
        taken = left == right;
        break;
      case BPF_JNE:
        taken = left != right;
        break;
      case BPF_JSET:
        taken = (left & right) != 0;
        break;
      default:
        throw std::runtime_error("an unknown comparison");
    }
    if (instruction.off < 0) throw std::runtime_error("a jump backwards");
    if (taken) at_ += static_cast<std::size_t>(instruction.off);
  }

  std::vector<::bpf_insn> program_;
  std::array<std::uint64_t, 11> registers_{};
  std::array<std::uint32_t, 3> context_{};
  std::size_t at_ = 0;
};

/// The list as devices.hpp defines it: sets of accesses, changed rule by rule.
bool permitted(DeviceList const& list, Request const& request) {
  unsigned set = list.allow ? unsigned{access_all} : 0U;
  for (auto const& rule : list.rules) {
    if (rule.type != DeviceRuleType::all && rule.type != request.type) continue;
    if (rule.major && *rule.major != request.major) continue;
    if (rule.minor && *rule.minor != request.minor) continue;
    set = rule.allow ? set | rule.access : set & ~unsigned{rule.access};
  }
  return (request.access & ~set) == 0;
}

bool permits(Rules const& rules, Request const& request) {
  auto const program = device_program(device_list(rules));
  return program.empty() || Machine(program).permits(request);
}

/// Every type and access of every pair of these numbers.
template <class Visit>
void each_request(std::vector<std::uint32_t> const& numbers, Visit visit) {
  for (auto const type : {DeviceRuleType::block, DeviceRuleType::character}) {
    for (auto const major : numbers) {
      for (auto const minor : numbers) {
        for (unsigned access = 1; access <= access_all; ++access) {
          visit(Request{type, major, minor, access});
        }
      }
    }
  }
}

void compare(Rules const& rules, std::vector<std::uint32_t> const& numbers) {
  auto const list = device_list(rules);
  auto const program = device_program(list);
  each_request(numbers, [&](Request const& request) {
    bool const by_program = program.empty() || Machine(program).permits(request);
    if (by_program == permitted(list, request)) return;
    FAIL("type " << int(request.type) << " device " << request.major << ":" << request.minor
                 << " access " << request.access << ": the program says " << by_program);
  });
}

Words lines(Rules const& rules) {
  Words result;
  for (auto const& line : device_lines(device_list(rules))) {
    result.push_back((line.allow ? "+" : "-") + line.text);
  }
  return result;
}

}  // namespace

// --- the list -----------------------------------------------------------------------------------

TEST_CASE("what nobody allows is denied", "[spec:config-linux#allowed-device-list]") {
  CHECK_FALSE(device_list({}).allow);
  CHECK_FALSE(permits({}, {DeviceRuleType::character, 10, 229, access_read}));
}

TEST_CASE("every container gets the default devices", "[spec:config-linux#default-devices]") {
  for (Rules const& rules : {Rules{}, Rules{deny_all}}) {
    for (auto const minor : {3U, 5U, 7U, 8U, 9U}) {
      CHECK(permits(rules, {DeviceRuleType::character, 1, minor, access_all}));
    }
    CHECK(permits(rules, {DeviceRuleType::character, 5, 0, access_all}));
    CHECK(permits(rules, {DeviceRuleType::character, 5, 2, access_all}));
    CHECK(permits(rules, {DeviceRuleType::character, 136, 77, access_all}));
    CHECK(permits(rules, {DeviceRuleType::block, 8, 0, access_mknod}));
    CHECK_FALSE(permits(rules, {DeviceRuleType::block, 8, 0, access_read}));
    CHECK_FALSE(permits(rules, {DeviceRuleType::character, 1, 11, access_read}));
  }
}

TEST_CASE("rules are applied in the listed order",
          "[spec:config-linux#allowed-device-list][MUST]") {
  Request const fuse{DeviceRuleType::character, 10, 229, access_all};
  auto const allow = character(true, 10, 229, "rwm");
  auto const deny = character(false, 10, {}, "rwm");
  CHECK(permits({deny, allow}, fuse));
  CHECK_FALSE(permits({allow, deny}, fuse));
  CHECK_FALSE(permits({allow, deny_all}, fuse));
}

TEST_CASE("each letter of an access is allowed by itself") {
  Request const both{DeviceRuleType::character, 10, 229, access_read | access_write};
  CHECK(permits({character(true, 10, 229, "r"), character(true, 10, {}, "w")}, both));
  CHECK_FALSE(permits({character(true, 10, 229, "rw"), character(false, {}, 229, "w")}, both));
}

TEST_CASE("an access that is not given is all of them") {
  CHECK(permits({character(true, 10, 229, "")}, {DeviceRuleType::character, 10, 229, access_all}));
}

TEST_CASE("-1 is every number, as engines of old write it") {
  CHECK(permits({character(true, 10, -1, "rw")}, {DeviceRuleType::character, 10, 5, access_read}));
}

TEST_CASE("a default device that the list denies by its number stays denied",
          "[spec:config-linux#allowed-device-list][MUST]") {
  Rules const rules{character(false, 1, 3, "w")};
  CHECK_FALSE(permits(rules, {DeviceRuleType::character, 1, 3, access_write}));
  CHECK(permits(rules, {DeviceRuleType::character, 1, 3, access_read}));
}

TEST_CASE("a rule that makes no sense is refused", "[spec:config-linux#allowed-device-list]") {
  auto const refusal_of = [](spec::DeviceRule const& rule) {
    return refusal([&] { device_list({deny_all, rule}); });
  };
  CHECK(refusal_of(character(true, 10, 229, "rx")) ==
        Refusal{ErrorKind::config,
                "/linux/resources/devices/1/access: invalid device access \"rx\""});
  CHECK(refusal_of(character(true, 4096, 0, "r")) ==
        Refusal{ErrorKind::config, "/linux/resources/devices/1/major: 4096 is no device number"});
  CHECK(refusal_of(character(true, 1, -2, "r")) ==
        Refusal{ErrorKind::config, "/linux/resources/devices/1/minor: -2 is no device number"});
  CHECK(refusal_of(character(true, 1, 1 << 20, "r")).kind == ErrorKind::config);
}

// --- v1 -----------------------------------------------------------------------------------------

TEST_CASE("the user's rules keep their places, the defaults follow") {
  auto const text = lines({deny_all,
                           character(true, 10, 229, "rwm"),
                           {true, DeviceRuleType::block, 8, 20, "rw"},
                           {true, DeviceRuleType::block, 10, {}, "r"}});
  REQUIRE(text.size() == 4 + 11);
  CHECK(text[0] == "-a");
  CHECK(text[1] == "+c 10:229 rwm");
  CHECK(text[2] == "+b 8:20 rw");
  CHECK(text[3] == "+b 10:* r");
  CHECK(text[4] == "+c *:* m");
}

TEST_CASE("a default that the list has already is not written twice") {
  auto const text = lines({deny_all, character(true, 1, 3, "rwm"), character(true, 5, 0, "rw")});
  CHECK(std::count(text.begin(), text.end(), "+c 1:3 rwm") == 1);
  CHECK(std::count(text.begin(), text.end(), "+c 5:0 m") == 1);
  CHECK(text.size() == 3 + 10);
}

TEST_CASE("a list that allows all is one line") {
  CHECK(lines({allow_all}) == Words{"+a"});
  CHECK(lines({character(true, 10, 229, "r"), allow_all}) == Words{"+a"});
}

TEST_CASE("a rule for both types is two lines, as the kernel ignores what follows an a") {
  auto const text = lines({{true, DeviceRuleType::all, 10, 229, "r"}});
  CHECK(text.at(1) == "+b 10:229 r");
  CHECK(text.at(2) == "+c 10:229 r");
}

TEST_CASE("a line knows its rule") {
  auto const all = device_lines(device_list({deny_all, character(true, 10, 229, "r")}));
  CHECK(all.at(0).index == -1);
  CHECK(all.at(1).index == 1);
  CHECK(all.at(2).index == -1);
}

// --- v2 -----------------------------------------------------------------------------------------

TEST_CASE("a list that allows all needs no program") {
  CHECK(device_program(device_list({allow_all})).empty());
  CHECK_FALSE(device_program(device_list({allow_all, character(false, 1, 11, "r")})).empty());
}

TEST_CASE("the program says what the list says, for the lists that engines send") {
  Rules const docker{deny_all,
                     character(true, 1, 5, "rwm"),
                     character(true, 1, 3, "rwm"),
                     character(true, 1, 9, "rwm"),
                     character(true, 1, 8, "rwm"),
                     character(true, 5, 0, "rwm"),
                     character(true, 5, 1, "rwm"),
                     character(false, 10, 229, "rwm")};
  Rules const except{allow_all, character(false, 1, {}, "w"), character(false, {}, 9, "")};
  std::vector<std::uint32_t> const numbers{0, 1, 2, 3, 5, 8, 9, 10, 136, 200, 229, 4095};
  compare({}, numbers);
  compare(docker, numbers);
  compare(except, numbers);
}

TEST_CASE("a program has no instruction that nothing leads to") {
  // With nothing but permissions nothing is denied, and the other way round.
  std::vector<std::uint32_t> const numbers{0, 1, 3, 5, 10, 229};
  compare({allow_all, character(true, 10, 229, "rwm")}, numbers);
  compare({allow_all, character(true, 10, 229, "rwm"), character(true, 1, {}, "r")}, numbers);
  Rules nothing{deny_all};
  for (auto const& device : device_list({}).rules) {
    nothing.push_back({false, device.type, device.major, device.minor, ""});
  }
  compare(nothing, numbers);
}

TEST_CASE("a major beyond 2047 is no negative number") {
  Rules const rules{character(true, 4095, (1 << 20) - 1, "rw")};
  CHECK(permits(rules, {DeviceRuleType::character, 4095, (1U << 20) - 1, access_read}));
  CHECK_FALSE(permits(rules, {DeviceRuleType::character, 2047, (1U << 20) - 1, access_read}));
  CHECK_FALSE(permits(rules, {DeviceRuleType::block, 4095, (1U << 20) - 1, access_read}));
}

namespace {

/// Lists that no engine would send, the same ones every time.
class Lists {
 public:
  Rules next() {
    Rules rules;
    for (auto left = below(12); left > 0; --left) {
      rules.push_back({below(2) == 0, static_cast<DeviceRuleType>(below(3)), number(3), number(4),
                       access[below(access.size())]});
    }
    return rules;
  }

 private:
  static constexpr std::array access{"r", "w", "m", "rw", "rm", "wm", "rwm", ""};

  std::size_t below(std::size_t end) { return chance_() % end; }
  std::optional<std::int64_t> number(std::size_t most) {
    if (below(3) == 0) return std::nullopt;
    return static_cast<std::int64_t>(below(most));
  }

  std::mt19937 chance_{20251123};
};

}  // namespace

TEST_CASE("the program says what the list says, for lists made by chance") {
  Lists lists;
  for (int round = 0; round < 200; ++round) compare(lists.next(), {0, 1, 2, 3, 5, 136});
}

TEST_CASE("the kernel loads the program of every list", "[root]") {
  auto const may = linux::load_device_program(device_program(device_list({})));
  if (may.is(EPERM)) SKIP_BECAUSE("needs the right to load BPF programs");
  REQUIRE(may);
  Lists lists;
  for (int round = 0; round < 200; ++round) {
    auto const program = device_program(device_list(lists.next()));
    if (!program.empty()) CHECK(linux::load_device_program(program));
  }
}

TEST_CASE("a rule that decides all accesses of a device is one instruction") {
  Rules rules;
  auto const before = device_program(device_list(rules)).size();
  for (int minor = 0; minor < 10; ++minor) rules.push_back(character(true, 200, minor, "rwm"));
  CHECK(device_program(device_list(rules)).size() == before + 10);
}
