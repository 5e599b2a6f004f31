// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Our filters against libseccomp's: for every number of every architecture of this byte order, and
// for arguments near those that a profile names, both programs are run and must answer the same.

#include "security/emit.hpp"

#include <fmt/core.h>
#include <stdlib.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>

#include "catch.hpp"
#include "linux/file.hpp"
#include "skip.hpp"
#include "spec/words.hpp"
#include "unit/security/profile.hpp"
#include "unit/security/reference.hpp"

using namespace proa;
using namespace profile;
using spec::SeccompArch;

namespace {

using Random = std::mt19937_64;

constexpr std::uint32_t x32_bit = 0x40000000;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

template <class Container>
auto const& any_of(Random& random, Container const& container) {
  return *std::next(std::begin(container),
                    static_cast<std::ptrdiff_t>(below(random, std::size(container))));
}

// --- what a profile says, rule by rule ----------------------------------------------------------

bool holds(SeccompArg arg, std::uint64_t value, std::uint64_t bits) {
  if (arg.op == SeccompOperator::masked_eq) {
    return (value & arg.value & bits) == (arg.value_two & arg.value & bits);
  }
  value &= bits;
  arg.value &= bits;
  switch (arg.op) {
    case SeccompOperator::ne:
      return value != arg.value;
    case SeccompOperator::lt:
      return value < arg.value;
    case SeccompOperator::le:
      return value <= arg.value;
    case SeccompOperator::eq:
      return value == arg.value;
    case SeccompOperator::ge:
      return value >= arg.value;
    default:
      return value > arg.value;
  }
}

struct Rule {
  std::vector<SeccompArg> conditions;
  std::uint32_t action = 0;
};

/// The profile on one architecture, as rules to be asked one by one.
struct Arch {
  std::uint32_t audit = 0;
  std::uint32_t token = 0;
  std::uint64_t bits = 0;
  std::uint32_t newest = 0;
  std::map<std::uint32_t, std::vector<Rule>> rules;

  bool is_meant(bpf::Call const& call) const {
    auto const number = static_cast<std::uint32_t>(call.number);
    bool const x32 = (number & x32_bit) != 0;
    if (call.arch != audit) return false;
    return audit != AUDIT_ARCH_X86_64 || x32 == (token == SCMP_ARCH_X32);
  }

  /// The actions of all rules that hold; of those without conditions the first alone.
  std::set<std::uint32_t> actions(bpf::Call const& call) const {
    std::set<std::uint32_t> found;
    auto const at = rules.find(static_cast<std::uint32_t>(call.number));
    if (at == rules.end()) return found;
    for (auto const& rule : at->second) {
      bool nothing_asked = true;
      bool hold = true;
      for (auto const& condition : rule.conditions) {
        bool const mask_of_nothing =
            condition.op == SeccompOperator::masked_eq && (condition.value & bits) == 0;
        nothing_asked &= mask_of_nothing;
        hold &= holds(condition, call.args[condition.index], bits);
      }
      if (nothing_asked) return {rule.action};
      if (hold) found.insert(rule.action);
    }
    return found;
  }
};

/// The number that `name` has beside being behind socketcall(2) or ipc(2).
std::optional<std::uint32_t> direct(std::uint32_t token, std::string const& name) {
  static std::map<std::uint32_t, std::map<std::string, std::uint32_t>> const known = [] {
    std::map<std::uint32_t, std::map<std::string, std::uint32_t>> all;
    for (auto const arch :
         std::initializer_list<std::uint32_t>{SCMP_ARCH_X86, SCMP_ARCH_MIPSEL, SCMP_ARCH_PPC64LE}) {
      for (int number = 0; number < 5000; ++number) {
        char* const text = ::seccomp_syscall_resolve_num_arch(arch, number);
        if (text != nullptr) all[arch][text] = static_cast<std::uint32_t>(number);
        ::free(text);
      }
    }
    return all;
  }();
  auto const arch = known.find(token);
  if (arch == known.end()) return std::nullopt;
  auto const number = arch->second.find(name);
  if (number == arch->second.end()) return std::nullopt;
  return number->second;
}

void add(Arch& arch, std::string const& name, std::vector<SeccompArg> const& args,
         std::uint32_t action) {
  int const number = ::seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
  if (number >= 0) {
    arch.rules[static_cast<std::uint32_t>(number)].push_back({args, action});
    return;
  }
  bool const socket = number <= -101 && number >= -120;
  bool const ipc = number <= -201 && number >= -224;
  int const multiplexer =
      ::seccomp_syscall_resolve_name_arch(arch.token, socket ? "socketcall" : "ipc");
  if ((!socket && !ipc) || multiplexer < 0) return;
  auto behind = args;
  std::erase_if(behind, [](auto const& arg) { return arg.index == 0; });
  behind.push_back({0, static_cast<std::uint64_t>(-number % 100), 0, SeccompOperator::eq});
  arch.rules[static_cast<std::uint32_t>(multiplexer)].push_back({behind, action});
  if (auto const own = direct(arch.token, name)) arch.rules[*own].push_back({args, action});
}

Arch understood(Seccomp const& seccomp, SeccompArch word) {
  Arch arch;
  arch.token = reference::token(word);
  arch.audit = word == SeccompArch::x32 ? AUDIT_ARCH_X86_64 : arch.token;
  bool const narrow = word == SeccompArch::x86 || word == SeccompArch::x32 ||
                      word == SeccompArch::arm || word == SeccompArch::mipsel ||
                      word == SeccompArch::mipsel64n32;
  arch.bits = narrow ? 0xffffffff : ~0ULL;
  auto const by_default =
      reference::action(seccomp.default_action, seccomp.default_errno_ret.value_or(EPERM));
  for (auto const& rule : seccomp.syscalls) {
    auto const action = reference::action(rule.action, rule.errno_ret.value_or(EPERM));
    for (auto const& name : rule.names) {
      int const number = ::seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
      if (number > 0) arch.newest = std::max(arch.newest, static_cast<std::uint32_t>(number));
      if (action == by_default) continue;
      for (auto const& args : reference::alternatives(rule.args)) add(arch, name, args, action);
    }
  }
  return arch;
}

// --- the calls to try ---------------------------------------------------------------------------

/// Where the numbers of some architecture begin, or end.
constexpr std::uint32_t begins[] = {0,       4000,        5000,       6000,       0xf0000,
                                    x32_bit, 0x7fffff00U, 0x80000000, 0xbfffff00, 0xfffffd00};

std::vector<std::uint32_t> numbers(Random& random) {
  std::vector<std::uint32_t> all;
  for (auto const begin : begins) {
    for (std::uint32_t i = 0; i < 0x300; ++i) all.push_back(begin + i);
  }
  for (int i = 0; i < 100; ++i) all.push_back(static_cast<std::uint32_t>(random()));
  return all;
}

std::uint64_t near(Random& random, std::uint64_t value) {
  switch (below(random, 8)) {
    case 0:
      return value + 1;
    case 1:
      return value - 1;
    case 2:
      return value + (1ULL << 32);
    case 3:
      return value - (1ULL << 32);
    case 4:
      return value ^ (1ULL << below(random, 64));
    case 5:
      return random();
    default:
      return value;
  }
}

void set_arguments(Random& random, std::vector<Rule> const& rules, bpf::Call& call) {
  for (auto& arg : call.args) arg = below(random, 4);
  for (auto const& rule : rules) {
    for (auto const& condition : rule.conditions) {
      if (below(random, 2) != 0) continue;
      bool const masked = condition.op == SeccompOperator::masked_eq;
      call.args[condition.index] = near(random, masked ? condition.value_two : condition.value);
    }
  }
}

// --- comparing ----------------------------------------------------------------------------------

/// How often the programs were asked, and how their answers relate to each other and to the rules.
struct Tally {
  std::size_t calls = 0;
  std::size_t profiles = 0;
  std::size_t incomplete = 0;  ///< profiles of which libseccomp refuses a rule
  // Of the others:
  std::size_t disagreements = 0;  ///< calls for which rules hold that say different things
  std::size_t ordered = 0;        ///< of these, answered by another rule than libseccomp does
  std::size_t unfounded = 0;      ///< libseccomp answers what no rule says that holds
};

std::string text(bpf::Call const& call) {
  return fmt::format("arch {:#x}, number {:#x}, arguments {:#x} {:#x} {:#x} {:#x} {:#x} {:#x}",
                     call.arch, static_cast<std::uint32_t>(call.number), call.args[0], call.args[1],
                     call.args[2], call.args[3], call.args[4], call.args[5]);
}

class Comparison {
 public:
  Comparison(Seccomp const& seccomp, Tally& tally)
      : ours_(seccomp::compile(seccomp).program),
        reference_(reference::compile(seccomp)),
        theirs_(reference_.program),
        tally_(tally) {
    ++tally.profiles;
    if (reference_.refused != 0) ++tally.incomplete;
    default_action_ =
        reference::action(seccomp.default_action, seccomp.default_errno_ret.value_or(EPERM));
    refuses_ = default_action_ != SCMP_ACT_ALLOW && default_action_ != SCMP_ACT_LOG &&
               seccomp.default_action != SeccompAction::trace &&
               default_action_ != errno_verdict(ENOSYS);
    auto words = seccomp.architectures;
    if (std::ranges::find(words, SeccompArch::x86_64) == words.end()) {
      words.push_back(SeccompArch::x86_64);
    }
    for (auto const word : words) archs_.push_back(understood(seccomp, word));
  }

  void run(Random& random) {
    std::set<std::uint32_t> audits{AUDIT_ARCH_S390X};
    for (auto const& arch : archs_) audits.insert(arch.audit);
    auto const all = numbers(random);
    for (auto const audit : audits) {
      for (auto const number : all) compare_number(random, audit, number);
    }
  }

  std::size_t size() const { return ours_.size(); }

 private:
  void compare_number(Random& random, std::uint32_t audit, std::uint32_t number) {
    bpf::Call call{.arch = audit, .number = static_cast<int>(number)};
    auto const arch =
        std::ranges::find_if(archs_, [&](Arch const& each) { return each.is_meant(call); });
    std::vector<Rule> const* rules = nullptr;
    if (arch != archs_.end()) {
      auto const at = arch->rules.find(number);
      if (at != arch->rules.end()) rules = &at->second;
    }
    int const rounds = rules == nullptr ? 1 : 60;
    for (int i = 0; i < rounds; ++i) {
      if (rules != nullptr) set_arguments(random, *rules, call);
      compare(call, arch == archs_.end() ? nullptr : &*arch);
    }
  }

  bool newer(bpf::Call const& call, Arch const* arch) const {
    auto const number = static_cast<std::uint32_t>(call.number);
    return refuses_ && arch != nullptr && arch->newest != 0 && number > arch->newest;
  }

  void compare(bpf::Call const& call, Arch const* arch) {
    ++tally_.calls;
    auto const ours = ours_.run(call);
    if (newer(call, arch)) {
      if (ours != errno_verdict(ENOSYS)) FAIL(text(call) << ": newer, and answered " << ours);
      return;
    }
    auto const theirs = theirs_.run(call);
    // Numbers that an x86_64 alone does not have: libseccomp's word is the law.
    bool const foreign = arch == nullptr || (arch->token == SCMP_ARCH_X86_64 &&
                                             static_cast<std::uint32_t>(call.number) > x32_bit);
    auto actions = foreign ? std::set<std::uint32_t>{theirs} : arch->actions(call);
    if (actions.empty()) actions.insert(default_action_);
    if (!actions.contains(ours)) {
      FAIL(text(call) << ": no rule says " << ours << ", libseccomp " << theirs);
    }
    if (reference_.refused != 0) return;
    if (actions.size() > 1) ++tally_.disagreements;
    if (ours == theirs) return;
    ++(actions.contains(theirs) ? tally_.ordered : tally_.unfounded);
  }

  bpf::Machine ours_;
  reference::Filter reference_;
  bpf::Machine theirs_;
  Tally& tally_;
  std::uint32_t default_action_ = 0;
  bool refuses_ = false;
  std::vector<Arch> archs_;
};

// --- profiles -----------------------------------------------------------------------------------

constexpr SeccompArch every_arch[] = {
    SeccompArch::x86_64,  SeccompArch::x86,     SeccompArch::x32,      SeccompArch::arm,
    SeccompArch::aarch64, SeccompArch::mipsel,  SeccompArch::mipsel64, SeccompArch::mipsel64n32,
    SeccompArch::ppc64le, SeccompArch::riscv64,
};

/// libseccomp goes from a name to the native number and back on the way to another architecture,
/// which leads elsewhere for two names that share a number where they are no system call.
bool is_one(char const* name) {
  char* const back =
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, ::seccomp_syscall_resolve_name(name));
  bool const same = back != nullptr && std::string_view(back) == name;
  ::free(back);
  return same;
}

/// All names that libseccomp knows on some architecture.
std::vector<std::string> const& every_name() {
  static std::vector<std::string> const names = [] {
    std::set<std::string> all;
    for (auto const word : every_arch) {
      for (auto const begin : begins) {
        if (begin > x32_bit) continue;
        for (int i = 0; i < 0x300; ++i) {
          char* const name = ::seccomp_syscall_resolve_num_arch(reference::token(word),
                                                                static_cast<int>(begin) + i);
          if (name != nullptr && is_one(name)) all.insert(name);
          ::free(name);
        }
      }
    }
    return std::vector(all.begin(), all.end());
  }();
  return names;
}

struct Shape {
  std::vector<SeccompOperator> operators;
  std::size_t most_conditions = 1;
  bool disagreeing = false;  ///< rules with conditions for one call may have different actions
};

constexpr SeccompAction some_actions[] = {
    SeccompAction::allow, SeccompAction::error, SeccompAction::log, SeccompAction::kill_process,
    SeccompAction::trap,  SeccompAction::trace, SeccompAction::kill};

SeccompArg condition(Random& random, Shape const& shape) {
  constexpr std::uint64_t values[] = {0, 1, 2, 3, 0xffffffff, 0x100000000, 0x100000002, 1ULL << 63};
  SeccompArg arg;
  arg.index = static_cast<std::uint32_t>(below(random, 6));
  arg.op = any_of(random, shape.operators);
  arg.value = any_of(random, values);
  if (arg.op == SeccompOperator::masked_eq) {
    arg.value = below(random, 3) == 0 ? 0xffULL << below(random, 56) : random() & random();
    arg.value_two = below(random, 2) == 0 ? 0 : random() & arg.value;
  }
  return arg;
}

Seccomp generated(Random& random, Shape const& shape) {
  Seccomp seccomp;
  seccomp.default_action = any_of(random, some_actions);
  seccomp.default_errno_ret = static_cast<std::uint32_t>(1 + below(random, 40));
  for (auto const arch : every_arch) {
    if (below(random, 3) == 0) seccomp.architectures.push_back(arch);
  }
  std::vector<std::string> popular;
  for (int i = 0; i < 8; ++i) popular.push_back(any_of(random, every_name()));
  popular.insert(popular.end(), {"socket", "socketcall", "semop", "clone", "personality"});
  std::map<std::string, SeccompAction> only;
  auto const count = 1 + below(random, 40);
  for (std::size_t i = 0; i < count; ++i) {
    bool const crowded = below(random, 2) == 0;
    auto const& name = crowded ? any_of(random, popular) : any_of(random, every_name());
    auto one = rule({name}, any_of(random, some_actions));
    if (!shape.disagreeing) one.action = only.emplace(name, one.action).first->second;
    one.errno_ret = 7;
    std::set<std::uint32_t> used;
    for (auto n = below(random, shape.most_conditions + 1); n > 0; --n) {
      auto const arg = condition(random, shape);
      if (used.insert(arg.index).second) one.args.push_back(arg);
    }
    if (one.args.empty()) {
      for (auto n = below(random, 6); n > 0; --n) one.names.push_back(any_of(random, every_name()));
    }
    seccomp.syscalls.push_back(std::move(one));
  }
  return seccomp;
}

constexpr SeccompOperator every_operator[] = {
    SeccompOperator::ne, SeccompOperator::lt, SeccompOperator::le,       SeccompOperator::eq,
    SeccompOperator::ge, SeccompOperator::gt, SeccompOperator::masked_eq};

Tally compared(std::vector<Seccomp> const& profiles, std::uint64_t seed) {
  Tally tally;
  Random random(seed);
  std::size_t at = 0;
  for (auto const& seccomp : profiles) {
    INFO("profile " << at++);
    Comparison(seccomp, tally).run(random);
  }
  return tally;
}

std::vector<Seccomp> many(int count, Shape const& shape, std::uint64_t seed) {
  Random random(seed);
  std::vector<Seccomp> profiles;
  for (int i = 0; i < count; ++i) profiles.push_back(generated(random, shape));
  return profiles;
}

}  // namespace

TEST_CASE("filters without conditions are libseccomp's, for every number of every architecture",
          "[seccomp][spec:config-linux#seccomp][MUST]") {
  auto const tally = compared(many(150, {{}, 0, true}, 1), 1);
  CHECK(tally.incomplete < tally.profiles / 2);
  CHECK(tally.ordered == 0);
  CHECK(tally.unfounded == 0);
}

TEST_CASE("filters with conditions are libseccomp's, for arguments near what they name",
          "[seccomp][spec:config-linux#seccomp][MUST]") {
  auto const op = GENERATE(SeccompOperator::ne, SeccompOperator::eq, SeccompOperator::ge,
                           SeccompOperator::gt, SeccompOperator::masked_eq);
  auto const tally = compared(many(60, {{op}, 1, false}, 2), 2);
  CHECK(tally.incomplete < tally.profiles / 4);
  CHECK(tally.ordered == 0);
  CHECK(tally.unfounded == 0);
}

TEST_CASE("where rules with equalities disagree, libseccomp's order decides", "[seccomp]") {
  auto const tally = compared(many(150, {{SeccompOperator::eq}, 3, true}, 5), 5);
  CHECK(tally.incomplete < tally.profiles / 2);
  CHECK(tally.disagreements > 100);
  CHECK(tally.ordered == 0);
}

// libseccomp 2.5 loses its way between conditions that share a half of a value.
TEST_CASE("whatever libseccomp makes of it, a rule decides that holds", "[seccomp]") {
  std::vector<SeccompOperator> const all(std::begin(every_operator), std::end(every_operator));
  bool const disagreeing = GENERATE(false, true);
  auto const tally = compared(many(150, {all, 3, disagreeing}, 4), 4);
  if (!disagreeing) CHECK(tally.ordered == 0);
  // That there are any is why libseccomp is not asked here.
  CHECK(tally.unfounded > 0);
}

TEST_CASE("bounds whose upper halves differ all count, which libseccomp 2.5 gets wrong",
          "[seccomp]") {
  auto const seccomp = refusing_but({allow({"lseek"}, {{0, 1ULL << 32, 0, SeccompOperator::lt}}),
                                     allow({"lseek"}, {{0, 1, 0, SeccompOperator::lt}})});
  CHECK(verdict(seccomp, {.number = __NR_lseek, .args = {2}}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(seccomp, {.number = __NR_lseek, .args = {1ULL << 32}}) == errno_verdict(EPERM));
}

// --- profiles of engines ------------------------------------------------------------------------

namespace {

/// The shape of moby's: nearly every call, some only with certain arguments.
Seccomp nearly_all() {
  std::set<std::string> const left_out{
      "acct",        "bpf",         "clone",   "clone3",     "delete_module", "finit_module",
      "init_module", "kexec_load",  "mount",   "move_mount", "personality",   "pivot_root",
      "ptrace",      "reboot",      "setns",   "socket",     "swapon",        "umount2",
      "unshare",     "userfaultfd", "vmsplice"};
  auto seccomp = usual();
  seccomp.architectures = {SeccompArch::x86_64, SeccompArch::x86, SeccompArch::x32};
  seccomp.syscalls.front().names.clear();
  for (auto const& name : every_name()) {
    if (!left_out.contains(name)) seccomp.syscalls.front().names.push_back(name);
  }
  return seccomp;
}

template <class Enum>
Enum word(nlohmann::json const& text) {
  auto const& table = spec::Words<Enum>::table;
  auto const found = std::ranges::find(table, text.get<std::string>(),
                                       [](auto const& each) { return std::string(each.word); });
  REQUIRE(found != table.end());
  return found->value;
}

/// What podman applies for a container with the usual capabilities: rules that ask for others, or
/// for another architecture, are left out.
Seccomp installed(nlohmann::json const& file) {
  std::set<std::string> const capabilities{"CAP_CHOWN", "CAP_FOWNER", "CAP_KILL", "CAP_SETUID"};
  auto const some = [](nlohmann::json const& rule, char const* list, char const* key,
                       auto const& in) {
    if (!rule.contains(list) || !rule[list].contains(key)) return std::optional<bool>();
    return std::optional(
        std::ranges::any_of(rule[list][key], [&](auto const& each) { return in(each); }));
  };
  auto const has = [&](auto const& each) { return capabilities.contains(each); };
  auto const here = [&](auto const& each) { return each == "amd64"; };
  auto seccomp = refusing_but({});
  seccomp.architectures = {SeccompArch::x86_64, SeccompArch::x86, SeccompArch::x32};
  seccomp.default_action = word<SeccompAction>(file["defaultAction"]);
  if (file.contains("defaultErrnoRet")) seccomp.default_errno_ret = file["defaultErrnoRet"];
  for (auto const& each : file["syscalls"]) {
    if (!some(each, "includes", "caps", has).value_or(true)) continue;
    if (!some(each, "includes", "arches", here).value_or(true)) continue;
    if (some(each, "excludes", "caps", has).value_or(false)) continue;
    if (some(each, "excludes", "arches", here).value_or(false)) continue;
    auto one = rule(each["names"], word<SeccompAction>(each["action"]));
    if (each.contains("errnoRet")) one.errno_ret = each["errnoRet"];
    for (auto const& arg : each.value("args", nlohmann::json::array())) {
      one.args.push_back(
          {arg["index"], arg["value"], arg["valueTwo"], word<SeccompOperator>(arg["op"])});
    }
    seccomp.syscalls.push_back(std::move(one));
  }
  return seccomp;
}

}  // namespace

TEST_CASE("a profile of moby's shape is decided as by libseccomp", "[seccomp]") {
  Tally tally;
  Random random(9);
  Comparison both(nearly_all(), tally);
  both.run(random);
  CHECK(tally.incomplete == 0);
  CHECK(tally.ordered == 0);
  CHECK(tally.unfounded == 0);
}

TEST_CASE("podman's profile is decided as by libseccomp", "[seccomp]") {
  constexpr char path[] = "/usr/share/containers/seccomp.json";
  auto const file = linux::read_file(linux::at_cwd, path);
  if (!file) SKIP_BECAUSE(std::string("no ") + path);
  Tally tally;
  Random random(10);
  Comparison both(installed(nlohmann::json::parse(*file)), tally);
  for (int i = 0; i < 10; ++i) both.run(random);
  INFO(tally.calls << " calls, " << both.size() << " instructions");
  CHECK(tally.incomplete == 0);
  CHECK(tally.ordered == 0);
  CHECK(tally.unfounded == 0);
}
