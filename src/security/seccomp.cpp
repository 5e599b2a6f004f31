// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/seccomp.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/file.hpp"
#include "linux/seccomp.hpp"
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

constexpr auto operators = std::to_array<std::pair<SeccompOperator, ::scmp_compare>>({
    {SeccompOperator::ne, SCMP_CMP_NE},
    {SeccompOperator::lt, SCMP_CMP_LT},
    {SeccompOperator::le, SCMP_CMP_LE},
    {SeccompOperator::eq, SCMP_CMP_EQ},
    {SeccompOperator::ge, SCMP_CMP_GE},
    {SeccompOperator::gt, SCMP_CMP_GT},
    {SeccompOperator::masked_eq, SCMP_CMP_MASKED_EQ},
});

// TSYNC reaches the other threads of a process: one that becomes a container's has none.
// WAIT_KILLABLE_RECV is about notifications: see flags_of().
constexpr auto flag_bits = std::to_array<std::pair<SeccompFlag, unsigned>>({
    {SeccompFlag::tsync, 0},
    {SeccompFlag::log, SECCOMP_FILTER_FLAG_LOG},
    {SeccompFlag::spec_allow, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
});

// <linux/seccomp.h> of Linux 5.19 is the first to have it.
constexpr unsigned wait_killable_recv = 1U << 5;

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

/// libseccomp returns negative errno values.
template <class... Args>
void check(int result, fmt::format_string<Args...> format, Args const&... args) {
  if (result < 0) fail_errno(-result, format, args...);
}

/// config-linux.md#seccomp: the default errno is EPERM.
std::uint32_t action_value(SeccompAction word, std::optional<std::uint32_t> errno_ret) {
  auto const* const action = row(actions, word, &Action::word);
  if (action->data == Data::none) return action->value;
  return action->value | errno_ret.value_or(EPERM);
}

/// A filter of libseccomp under construction.
class Builder {
 public:
  explicit Builder(std::uint32_t default_action);
  void add_arch(SeccompArch arch, std::size_t index);
  void add_rule(int number, std::uint32_t action, std::span<::scmp_arg_cmp const> conditions);
  std::string program();

 private:
  std::uint32_t default_action_;
  std::unique_ptr<void, decltype(&::seccomp_release)> context_;
  std::size_t rules_ = 0;
};

// With a level given, libseccomp does not try out the running kernel: 6 is 2.5's highest, and every
// kernel from 5.10 on has what compile() makes use of.
constexpr unsigned api_level = 6;

Builder::Builder(std::uint32_t default_action)
    : default_action_(default_action), context_(nullptr, &::seccomp_release) {
  check(::seccomp_api_set(api_level), "set libseccomp's level {}", api_level);
  context_.reset(::seccomp_init(default_action));
  if (!context_)
    fail(ErrorKind::failed, "libseccomp takes no default action {:#x}", default_action);
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)
  // Else every rule copies all that came before it.
  check(::seccomp_transaction_start(context_.get()), "start a transaction");
#endif
}

void Builder::add_arch(SeccompArch arch, std::size_t index) {
  auto const token = arch_token(arch);
  if (token == 0) {
    fail(ErrorKind::unsupported,
         "/linux/seccomp/architectures/{}: this libseccomp does not know it", index);
  }
  int const result = ::seccomp_arch_add(context_.get(), token);
  if (result == -EDOM) {
    fail(ErrorKind::unsupported,
         "/linux/seccomp/architectures/{}: its byte order is not this machine's", index);
  }
  // EEXIST: named twice, or the native one, which is always there.
  if (result != -EEXIST) check(result, "/linux/seccomp/architectures/{}: add it", index);
}

void Builder::add_rule(int number, std::uint32_t action,
                       std::span<::scmp_arg_cmp const> conditions) {
  if (action == default_action_) return;  // says nothing new, and libseccomp refuses it
  int const result = ::seccomp_rule_add_array(
      context_.get(), action, number, static_cast<unsigned>(conditions.size()), conditions.data());
  if (result != -EEXIST) check(result, "add the rule to libseccomp's filter");
  ++rules_;
}

#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)
std::string exported(::scmp_filter_ctx context) {
  std::size_t size = 0;
  check(::seccomp_export_bpf_mem(context, nullptr, &size), "measure the seccomp filter");
  std::string program(size, '\0');
  check(::seccomp_export_bpf_mem(context, program.data(), &size), "export the seccomp filter");
  program.resize(size);
  return program;
}
#else
std::string exported(::scmp_filter_ctx context) {
  auto const file = linux::memfd("seccomp").or_fail("make a file for the seccomp filter");
  check(::seccomp_export_bpf(context, file.number()), "export the seccomp filter");
  return linux::read_file(linux::at_cwd, linux::proc_path(file)).or_fail("read the seccomp filter");
}
#endif

std::string Builder::program() {
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)
  check(::seccomp_transaction_commit(context_.get()), "commit the transaction");
#endif
  // A tree of a few rules is no shorter, and libseccomp 2.5 builds a wrong one of none.
  constexpr std::size_t worth_a_tree = 32;
  constexpr std::uint32_t binary_tree = 2;
  if (rules_ > worth_a_tree) {
    check(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, binary_tree),
          "have libseccomp build a tree");
  }
  return exported(context_.get());
}

::scmp_arg_cmp condition(spec::SeccompArg const& arg) {
  auto const* const op = row(operators, arg.op, &decltype(operators)::value_type::first);
  return {arg.index, op->second, arg.value, arg.value_two};
}

bool same_argument_twice(std::vector<::scmp_arg_cmp> conditions) {
  std::ranges::sort(conditions, {}, &::scmp_arg_cmp::arg);
  return std::ranges::adjacent_find(conditions, {}, &::scmp_arg_cmp::arg) != conditions.end();
}

void add_rules(Builder& builder, spec::Syscall const& rule, std::size_t index) {
  auto const pointer = fmt::format("/linux/seccomp/syscalls/{}", index);
  auto const action = action_value(rule.action, rule.errno_ret);
  std::vector<::scmp_arg_cmp> conditions;
  for (auto const& arg : rule.args) conditions.push_back(condition(arg));
  bool const separate = same_argument_twice(conditions);
  for (auto const& name : rule.names) {
    Context at("{}: {}", pointer, name);
    int const number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) {
      log::debug("unknown, ignored");
    } else if (separate) {
      for (auto const& each : conditions) builder.add_rule(number, action, {&each, 1});
    } else {
      builder.add_rule(number, action, conditions);
    }
  }
}

/// The highest number on `token` of all system calls that the profile names; nullopt without any.
std::optional<std::uint32_t> highest_number(spec::Seccomp const& seccomp, std::uint32_t token) {
  int highest = 0;
  for (auto const& rule : seccomp.syscalls) {
    for (auto const& name : rule.names) {
      // Negative: not of this architecture.
      highest = std::max(highest, ::seccomp_syscall_resolve_name_arch(token, name.c_str()));
    }
  }
  if (highest == 0) return std::nullopt;
  // libseccomp gives x32 numbers with their bit, as the process does.
  return static_cast<std::uint32_t>(highest);
}

constexpr auto conventions = std::to_array<std::pair<std::uint32_t, Convention>>({
    {SCMP_ARCH_X86_64, Convention::x86_64},
    {SCMP_ARCH_X32, Convention::x32},
    {SCMP_ARCH_S390, Convention::multiplexed},
    {SCMP_ARCH_S390X, Convention::multiplexed},
});

Newest newest_on(std::uint32_t token, std::uint32_t number) {
  // libseccomp's tokens are the kernel's, but for x32, which the kernel has none for.
  auto const audit_arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
  auto const* const special = row(conventions, token, &decltype(conventions)::value_type::first);
  return {audit_arch, special == nullptr ? Convention::plain : special->second, number};
}

/// Whether a call that the profile does not know is refused at all.  A tracer is trusted to answer
/// new calls by itself.
bool refuses_unknown(spec::Seccomp const& seccomp) {
  auto const action = seccomp.default_action;
  if (action == SeccompAction::error && seccomp.default_errno_ret == ENOSYS) return false;
  return action != SeccompAction::allow && action != SeccompAction::log &&
         action != SeccompAction::trace;
}

std::vector<::sock_filter> stub(spec::Seccomp const& seccomp) {
  if (!refuses_unknown(seccomp)) return {};
  std::vector<std::uint32_t> tokens{::seccomp_arch_native()};
  for (auto const arch : seccomp.architectures) {
    auto const token = arch_token(arch);
    if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
  }
  std::vector<Newest> newest;
  for (auto const token : tokens) {
    if (auto const number = highest_number(seccomp, token)) {
      newest.push_back(newest_on(token, *number));
    }
  }
  return enosys_stub(newest);
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
  if (listener != 0 && killable) bits |= wait_killable_recv;
  for (auto const flag : *seccomp.flags) {
    auto const* const known = row(flag_bits, flag, &decltype(flag_bits)::value_type::first);
    if (known != nullptr) bits |= known->second;
  }
  return bits;
}

}  // namespace

Filter compile(spec::Seccomp const& seccomp) {
  Builder builder(action_value(seccomp.default_action, seccomp.default_errno_ret));
  for (std::size_t i = 0; i < seccomp.architectures.size(); ++i) {
    builder.add_arch(seccomp.architectures[i], i);
  }
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    add_rules(builder, seccomp.syscalls[i], i);
  }
  Filter filter;
  for (auto const& instruction : stub(seccomp)) {
    filter.program.append(reinterpret_cast<char const*>(&instruction), sizeof instruction);
  }
  filter.program += builder.program();
  auto const size = filter.program.size() / sizeof(::sock_filter);
  auto const most = notifies(seccomp) ? BPF_MAXINSNS - gate_size : BPF_MAXINSNS;
  if (size > most) {
    fail(ErrorKind::config, "/linux/seccomp: a filter of {} instructions, the kernel takes {}",
         size, most);
  }
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
