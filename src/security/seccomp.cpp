// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/seccomp.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/seccomp.hpp"
#include "security/emit.hpp"
#include "security/enosys.hpp"
#include "security/listener.hpp"
#include "spec/words.hpp"

namespace proa::seccomp {

namespace {

using spec::SeccompAction;
using spec::SeccompArch;
using spec::SeccompFlag;
using spec::SeccompOperator;

// libseccomp 2.6 is the first to know these.
#ifdef SCMP_ARCH_LOONGARCH64
constexpr std::uint32_t arch_loongarch64 = SCMP_ARCH_LOONGARCH64;
#else
constexpr std::uint32_t arch_loongarch64 = 0;
#endif
#ifdef SCMP_ARCH_M68K
constexpr std::uint32_t arch_m68k = SCMP_ARCH_M68K;
#else
constexpr std::uint32_t arch_m68k = 0;
#endif
#ifdef SCMP_ARCH_SH
constexpr std::uint32_t arch_sh = SCMP_ARCH_SH, arch_sheb = SCMP_ARCH_SHEB;
#else
constexpr std::uint32_t arch_sh = 0, arch_sheb = 0;
#endif

/// libseccomp's token; 0 where this build's libseccomp has none.
constexpr auto arch_tokens = std::to_array<std::pair<SeccompArch, std::uint32_t>>({
    {SeccompArch::x86, SCMP_ARCH_X86},
    {SeccompArch::x86_64, SCMP_ARCH_X86_64},
    {SeccompArch::x32, SCMP_ARCH_X32},
    {SeccompArch::arm, SCMP_ARCH_ARM},
    {SeccompArch::aarch64, SCMP_ARCH_AARCH64},
    {SeccompArch::mips, SCMP_ARCH_MIPS},
    {SeccompArch::mips64, SCMP_ARCH_MIPS64},
    {SeccompArch::mips64n32, SCMP_ARCH_MIPS64N32},
    {SeccompArch::mipsel, SCMP_ARCH_MIPSEL},
    {SeccompArch::mipsel64, SCMP_ARCH_MIPSEL64},
    {SeccompArch::mipsel64n32, SCMP_ARCH_MIPSEL64N32},
    {SeccompArch::ppc, SCMP_ARCH_PPC},
    {SeccompArch::ppc64, SCMP_ARCH_PPC64},
    {SeccompArch::ppc64le, SCMP_ARCH_PPC64LE},
    {SeccompArch::s390, SCMP_ARCH_S390},
    {SeccompArch::s390x, SCMP_ARCH_S390X},
    {SeccompArch::parisc, SCMP_ARCH_PARISC},
    {SeccompArch::parisc64, SCMP_ARCH_PARISC64},
    {SeccompArch::riscv64, SCMP_ARCH_RISCV64},
    {SeccompArch::loongarch64, arch_loongarch64},
    {SeccompArch::m68k, arch_m68k},
    {SeccompArch::sh, arch_sh},
    {SeccompArch::sheb, arch_sheb},
});

/// Whether an action carries a number to the process or its tracer, the lowest 16 bits.
enum class Data : std::uint8_t { none, errno_value };

struct Action {
  SeccompAction word;
  std::uint32_t value;
  Data data;
};
constexpr auto actions = std::to_array<Action>({
    {SeccompAction::kill, SCMP_ACT_KILL_THREAD, Data::none},
    {SeccompAction::kill_process, SCMP_ACT_KILL_PROCESS, Data::none},
    {SeccompAction::kill_thread, SCMP_ACT_KILL_THREAD, Data::none},
    {SeccompAction::trap, SCMP_ACT_TRAP, Data::none},
    {SeccompAction::error, SCMP_ACT_ERRNO(0), Data::errno_value},
    {SeccompAction::trace, SCMP_ACT_TRACE(0), Data::errno_value},
    {SeccompAction::allow, SCMP_ACT_ALLOW, Data::none},
    {SeccompAction::log, SCMP_ACT_LOG, Data::none},
    {SeccompAction::notify, SCMP_ACT_NOTIFY, Data::none},
});

// TSYNC reaches the other threads of a process: one that becomes a container's has none.
// WAIT_KILLABLE_RECV is about notifications: see flags_of().
constexpr auto flag_bits = std::to_array<std::pair<SeccompFlag, unsigned>>({
    {SeccompFlag::tsync, 0},
    {SeccompFlag::log, SECCOMP_FILTER_FLAG_LOG},
    {SeccompFlag::spec_allow, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
});

/// The row of `word`, or nullptr.
template <class Row, std::size_t count, class Word, class Projection>
constexpr Row const* row(std::array<Row, count> const& table, Word word, Projection projection) {
  auto const found = std::ranges::find(table, word, projection);
  return found == table.end() ? nullptr : &*found;
}

std::uint32_t arch_token(SeccompArch arch) {
  auto const* const found = row(arch_tokens, arch, &std::pair<SeccompArch, std::uint32_t>::first);
  return found == nullptr ? 0 : found->second;
}

/// config-linux.md#seccomp: the default errno is EPERM.
std::uint32_t action_value(SeccompAction word, std::optional<std::uint32_t> errno_ret) {
  auto const* const action = row(actions, word, &Action::word);
  if (action->data == Data::none) return action->value;
  return action->value | errno_ret.value_or(EPERM);
}

// <seccomp.h>, __PNR_socket and __PNR_semop: a call that an architecture has behind socketcall(2)
// or ipc(2) has a negative number there.  The rest of a division by this is what those take as
// their first argument, the quotient says which of them it is.
constexpr int pseudo_numbers = 100;

/// The numbers of system calls on one architecture.
class Numbers {
 public:
  explicit Numbers(std::uint32_t token)
      : token_(token), socketcall_(resolved("socketcall")), ipc_(resolved("ipc")) {}

  /// Negative: this architecture does not have it, or has it behind another call.
  int resolved(char const* name) const { return ::seccomp_syscall_resolve_name_arch(token_, name); }

  /// socketcall(2) or ipc(2), if that is what `pseudo` stands behind; else negative.
  int multiplexer(int pseudo) const {
    int const kind = -pseudo / pseudo_numbers;
    return kind == 1 ? socketcall_ : kind == 2 ? ipc_ : -1;
  }

  /// What was behind another call has got numbers of its own since, and libseccomp tells those by
  /// number only: looks all `names` up, which must be sorted.
  void learn_direct(std::vector<std::string_view> const& names);

  /// Negative: there is none.
  int direct(std::string_view name) const {
    auto const found = std::ranges::find(direct_, name, &std::pair<std::string_view, int>::first);
    return found == direct_.end() ? -1 : found->second;
  }

 private:
  std::uint32_t token_;
  int socketcall_;
  int ipc_;
  std::vector<std::pair<std::string_view, int>> direct_;
};

void Numbers::learn_direct(std::vector<std::string_view> const& names) {
  if (names.empty()) return;
  constexpr int socketcall_from_begin = 102;  // on all architectures that have it
  constexpr int enough = 512;                 // the last one got its number in Linux 5.1, below 450
  int const begin = socketcall_ - socketcall_from_begin;
  for (int number = begin; number < begin + enough; ++number) {
    std::unique_ptr<char, decltype(&::free)> const known(
        ::seccomp_syscall_resolve_num_arch(token_, number), &::free);
    if (!known) continue;
    auto const name = std::ranges::lower_bound(names, std::string_view(known.get()));
    if (name != names.end() && *name == known.get()) direct_.emplace_back(*name, number);
  }
}

constexpr auto conventions = std::to_array<std::pair<std::uint32_t, Convention>>({
    {SCMP_ARCH_X86_64, Convention::x86_64},
    {SCMP_ARCH_X32, Convention::x32},
    {SCMP_ARCH_S390, Convention::multiplexed},
    {SCMP_ARCH_S390X, Convention::multiplexed},
});

/// libseccomp's token is the kernel's with these exceptions: x32, which the kernel has none for,
/// and n32 of mips, which passes 32 bits and has the bit of 64.
Abi abi_of(std::uint32_t token) {
  Abi abi;
  abi.audit_arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
  auto const* const special = row(conventions, token, &decltype(conventions)::value_type::first);
  if (special != nullptr) abi.convention = special->second;
  bool const wide = (token & __AUDIT_ARCH_64BIT) != 0;
  bool const n32 = token == SCMP_ARCH_MIPS64N32 || token == SCMP_ARCH_MIPSEL64N32;
  abi.width = wide && !n32 ? Width::bits64 : Width::bits32;
  return abi;
}

using Conditions = std::vector<spec::SeccompArg>;

/// A rule's conditions as rules have them: all of one must hold, and each looks at an argument of
/// its own.
std::vector<Conditions> alternatives(Conditions const& conditions) {
  auto sorted = conditions;
  std::ranges::sort(sorted, {}, &spec::SeccompArg::index);
  if (std::ranges::adjacent_find(sorted, {}, &spec::SeccompArg::index) == sorted.end()) {
    return {conditions};
  }
  std::vector<Conditions> each;
  for (auto const& condition : conditions) each.push_back({condition});
  return each;
}

/// `conditions` for a call behind socketcall(2) or ipc(2).  That takes a pointer to the call's
/// arguments, which a filter cannot follow; as with libseccomp, what is asked of the first argument
/// makes way for which call it is.
Conditions multiplexed(Conditions conditions, int pseudo) {
  std::erase_if(conditions, [](auto const& condition) { return condition.index == 0; });
  conditions.push_back(
      {0, static_cast<std::uint64_t>(-pseudo % pseudo_numbers), 0, SeccompOperator::eq});
  return conditions;
}

/// What one rule of the profile says, whatever the architecture.
struct Statement {
  std::vector<std::string> const* names;
  std::uint32_t action;
  std::vector<Conditions> alternatives;
};

/// A name of a statement on one architecture.
struct Call {
  Statement const* statement;
  std::string const* name;
  int number;
};

void add_rules(Abi& abi, Numbers const& numbers, Call const& call) {
  auto const add = [&](int number, Conditions conditions) {
    if (number < 0) return;
    abi.rules.push_back(
        {static_cast<std::uint32_t>(number), call.statement->action, std::move(conditions)});
  };
  int const multiplexer = call.number < 0 ? numbers.multiplexer(call.number) : -1;
  for (auto const& conditions : call.statement->alternatives) {
    add(call.number, conditions);
    if (multiplexer < 0) continue;
    add(multiplexer, multiplexed(conditions, call.number));
    add(numbers.direct(*call.name), conditions);
  }
}

/// Whether a call that the profile does not know is refused at all.  A tracer is trusted to answer
/// new calls by itself.
bool refuses_unknown(spec::Seccomp const& seccomp) {
  auto const action = seccomp.default_action;
  if (action == SeccompAction::error && seccomp.default_errno_ret == ENOSYS) return false;
  return action != SeccompAction::allow && action != SeccompAction::log &&
         action != SeccompAction::trace;
}

/// The architectures of the profile, the native one first, which need not be listed.
std::vector<std::uint32_t> tokens_of(spec::Seccomp const& seccomp) {
  std::vector<std::uint32_t> tokens{::seccomp_arch_native()};
  for (std::size_t i = 0; i < seccomp.architectures.size(); ++i) {
    auto const token = arch_token(seccomp.architectures[i]);
    if (token == 0) {
      fail(ErrorKind::unsupported,
           "/linux/seccomp/architectures/{}: this libseccomp does not know it", i);
    }
    // A filter has numbers in the byte order of the machine.
    if (((token ^ tokens.front()) & __AUDIT_ARCH_LE) != 0) {
      fail(ErrorKind::unsupported,
           "/linux/seccomp/architectures/{}: its byte order is not this machine's", i);
    }
    if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
  }
  return tokens;
}

std::vector<Statement> statements_of(spec::Seccomp const& seccomp) {
  std::vector<Statement> statements;
  statements.reserve(seccomp.syscalls.size());
  for (auto const& rule : seccomp.syscalls) {
    statements.push_back(
        {&rule.names, action_value(rule.action, rule.errno_ret), alternatives(rule.args)});
  }
  return statements;
}

std::vector<Call> calls_of(std::vector<Statement> const& statements, Numbers const& numbers) {
  std::vector<Call> calls;
  for (auto const& statement : statements) {
    for (auto const& name : *statement.names) {
      calls.push_back({&statement, &name, numbers.resolved(name.c_str())});
    }
  }
  return calls;
}

/// What the profile says of one architecture.
struct Part {
  Abi abi;
  std::vector<Call> calls;
};

Part part_of(std::vector<Statement> const& statements, std::uint32_t token,
             std::uint32_t default_action) {
  Numbers numbers(token);
  Part part{abi_of(token), calls_of(statements, numbers)};
  std::vector<std::string_view> behind;
  for (auto const& call : part.calls) {
    if (call.number < 0 && numbers.multiplexer(call.number) >= 0) behind.push_back(*call.name);
  }
  std::ranges::sort(behind);
  numbers.learn_direct(behind);
  part.abi.rules.reserve(part.calls.size());
  for (auto const& call : part.calls) {
    // What says nothing new shall not keep other rules from saying something.
    if (call.statement->action != default_action) add_rules(part.abi, numbers, call);
  }
  return part;
}

/// The highest number of all that the profile names, also where it says nothing new.
std::optional<Newest> newest(Part const& part) {
  int highest = 0;
  for (auto const& call : part.calls) highest = std::max(highest, call.number);
  if (highest == 0) return std::nullopt;
  return Newest{part.abi.audit_arch, part.abi.convention, static_cast<std::uint32_t>(highest)};
}

void log_unknown(std::vector<Statement> const& statements, std::vector<Call> const& calls) {
  for (auto const& call : calls) {
    if (call.number != __NR_SCMP_ERROR) continue;
    log::debug("/linux/seccomp/syscalls/{}: {}: unknown, ignored",
               call.statement - statements.data(), *call.name);
  }
}

bool notifies(spec::Seccomp const& seccomp) {
  return std::ranges::find(seccomp.syscalls, SeccompAction::notify, &spec::Syscall::action) !=
         seccomp.syscalls.end();
}

/// config-linux.md#seccomp: without flags SPEC_ALLOW is set, with an empty list none is.
/// seccomp(2) takes WAIT_KILLABLE_RECV together with a listener only.
unsigned flags_of(spec::Seccomp const& seccomp) {
  unsigned const listener = notifies(seccomp) ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  if (!seccomp.flags) return SECCOMP_FILTER_FLAG_SPEC_ALLOW | listener;
  unsigned bits = listener;
  bool const killable =
      std::ranges::find(*seccomp.flags, SeccompFlag::wait_killable_recv) != seccomp.flags->end();
  if (listener != 0 && killable) bits |= linux::wait_killable_recv;
  for (auto const flag : *seccomp.flags) {
    auto const* const known = row(flag_bits, flag, &decltype(flag_bits)::value_type::first);
    if (known != nullptr) bits |= known->second;
  }
  return bits;
}

}  // namespace

Filter compile(spec::Seccomp const& seccomp) {
  auto const default_action = action_value(seccomp.default_action, seccomp.default_errno_ret);
  auto const tokens = tokens_of(seccomp);
  auto const statements = statements_of(seccomp);
  std::vector<Abi> abis;
  std::vector<Newest> known;
  for (auto const token : tokens) {
    auto part = part_of(statements, token, default_action);
    if (token == tokens.front()) log_unknown(statements, part.calls);
    auto const last = newest(part);
    if (last && refuses_unknown(seccomp)) known.push_back(*last);
    abis.push_back(std::move(part.abi));
  }
  auto program = enosys_stub(known);
  auto const decisions = emit(abis, default_action);
  program.insert(program.end(), decisions.begin(), decisions.end());
  auto const most = notifies(seccomp) ? BPF_MAXINSNS - gate_size : BPF_MAXINSNS;
  if (program.size() > most) {
    fail(ErrorKind::config, "/linux/seccomp: a filter of {} instructions, the kernel takes {}",
         program.size(), most);
  }
  Filter filter;
  filter.program.assign(reinterpret_cast<char const*>(program.data()),
                        program.size() * sizeof(::sock_filter));
  filter.flags = flags_of(seccomp);
  log::debug("seccomp filter flags: {}", filter.flags);
  return filter;
}

void load(std::string_view program, unsigned flags) {
  std::vector<::sock_filter> instructions(program.size() / sizeof(::sock_filter));
  std::memcpy(instructions.data(), program.data(), instructions.size() * sizeof(::sock_filter));
  linux::set_seccomp_filter(instructions, flags).or_fail("load the seccomp filter");
}

std::vector<std::string> archs() {
  std::vector<std::string> words;
  for (auto const& [arch, token] : arch_tokens) {
    if (token != 0) words.emplace_back(spec::word_of(arch));
  }
  return words;
}

}  // namespace proa::seccomp
