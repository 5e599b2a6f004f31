// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The closed sets of words of config.json: one table per enum, read in both directions by decode
// and encode, and listed by `features`.  Open sets (mount options, capabilities, system calls) are
// not here, they belong to the rooms that know their numbers.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proa/container.hpp"
#include "proa/spec.hpp"
#include "proa/state.hpp"

namespace proa::spec {

template <class Enum>
struct Word {
  std::string_view word;
  Enum value;
};

/// The table of one enum: `what` names the set, `table` holds its words.  Where two words mean the
/// same value, the first is the one that is written.
template <class Enum>
struct Words;

template <class Enum>
concept Worded = requires {
  Words<Enum>::table;
};

template <>
struct Words<RlimitType> {
  static constexpr char const* what = "rlimit type";
  static constexpr auto table = std::to_array<Word<RlimitType>>({
      {"RLIMIT_AS", RlimitType::as},
      {"RLIMIT_CORE", RlimitType::core},
      {"RLIMIT_CPU", RlimitType::cpu},
      {"RLIMIT_DATA", RlimitType::data},
      {"RLIMIT_FSIZE", RlimitType::fsize},
      {"RLIMIT_LOCKS", RlimitType::locks},
      {"RLIMIT_MEMLOCK", RlimitType::memlock},
      {"RLIMIT_MSGQUEUE", RlimitType::msgqueue},
      {"RLIMIT_NICE", RlimitType::nice},
      {"RLIMIT_NOFILE", RlimitType::nofile},
      {"RLIMIT_NPROC", RlimitType::nproc},
      {"RLIMIT_RSS", RlimitType::rss},
      {"RLIMIT_RTPRIO", RlimitType::rtprio},
      {"RLIMIT_RTTIME", RlimitType::rttime},
      {"RLIMIT_SIGPENDING", RlimitType::sigpending},
      {"RLIMIT_STACK", RlimitType::stack},
  });
};

template <>
struct Words<SchedulerPolicy> {
  static constexpr char const* what = "scheduler policy";
  static constexpr auto table = std::to_array<Word<SchedulerPolicy>>({
      {"SCHED_OTHER", SchedulerPolicy::other},
      {"SCHED_FIFO", SchedulerPolicy::fifo},
      {"SCHED_RR", SchedulerPolicy::rr},
      {"SCHED_BATCH", SchedulerPolicy::batch},
      {"SCHED_ISO", SchedulerPolicy::iso},
      {"SCHED_IDLE", SchedulerPolicy::idle},
      {"SCHED_DEADLINE", SchedulerPolicy::deadline},
  });
};

template <>
struct Words<SchedulerFlag> {
  static constexpr char const* what = "scheduler flag";
  static constexpr auto table = std::to_array<Word<SchedulerFlag>>({
      {"SCHED_FLAG_RESET_ON_FORK", SchedulerFlag::reset_on_fork},
      {"SCHED_FLAG_RECLAIM", SchedulerFlag::reclaim},
      {"SCHED_FLAG_DL_OVERRUN", SchedulerFlag::dl_overrun},
      {"SCHED_FLAG_KEEP_POLICY", SchedulerFlag::keep_policy},
      {"SCHED_FLAG_KEEP_PARAMS", SchedulerFlag::keep_params},
      {"SCHED_FLAG_UTIL_CLAMP_MIN", SchedulerFlag::util_clamp_min},
      {"SCHED_FLAG_UTIL_CLAMP_MAX", SchedulerFlag::util_clamp_max},
  });
};

template <>
struct Words<IoPriorityClass> {
  static constexpr char const* what = "I/O priority class";
  static constexpr auto table = std::to_array<Word<IoPriorityClass>>({
      {"IOPRIO_CLASS_RT", IoPriorityClass::rt},
      {"IOPRIO_CLASS_BE", IoPriorityClass::be},
      {"IOPRIO_CLASS_IDLE", IoPriorityClass::idle},
  });
};

template <>
struct Words<NamespaceType> {
  static constexpr char const* what = "namespace type";
  static constexpr auto table = std::to_array<Word<NamespaceType>>({
      {"pid", NamespaceType::pid},
      {"network", NamespaceType::network},
      {"mount", NamespaceType::mount},
      {"ipc", NamespaceType::ipc},
      {"uts", NamespaceType::uts},
      {"user", NamespaceType::user},
      {"cgroup", NamespaceType::cgroup},
      {"time", NamespaceType::time},
  });
};

template <>
struct Words<DeviceType> {
  static constexpr char const* what = "device type";
  static constexpr auto table = std::to_array<Word<DeviceType>>({
      {"c", DeviceType::character},
      {"u", DeviceType::unbuffered},
      {"b", DeviceType::block},
      {"p", DeviceType::fifo},
  });
};

template <>
struct Words<DeviceRuleType> {
  static constexpr char const* what = "device rule type";
  static constexpr auto table = std::to_array<Word<DeviceRuleType>>({
      {"a", DeviceRuleType::all},
      {"c", DeviceRuleType::character},
      {"b", DeviceRuleType::block},
  });
};

template <>
struct Words<SeccompAction> {
  static constexpr char const* what = "seccomp action";
  static constexpr auto table = std::to_array<Word<SeccompAction>>({
      {"SCMP_ACT_KILL", SeccompAction::kill},
      {"SCMP_ACT_KILL_PROCESS", SeccompAction::kill_process},
      {"SCMP_ACT_KILL_THREAD", SeccompAction::kill_thread},
      {"SCMP_ACT_TRAP", SeccompAction::trap},
      {"SCMP_ACT_ERRNO", SeccompAction::error},
      {"SCMP_ACT_TRACE", SeccompAction::trace},
      {"SCMP_ACT_ALLOW", SeccompAction::allow},
      {"SCMP_ACT_LOG", SeccompAction::log},
      {"SCMP_ACT_NOTIFY", SeccompAction::notify},
  });
};

template <>
struct Words<SeccompFlag> {
  static constexpr char const* what = "seccomp flag";
  static constexpr auto table = std::to_array<Word<SeccompFlag>>({
      {"SECCOMP_FILTER_FLAG_TSYNC", SeccompFlag::tsync},
      {"SECCOMP_FILTER_FLAG_LOG", SeccompFlag::log},
      {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SeccompFlag::spec_allow},
      {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SeccompFlag::wait_killable_recv},
  });
};

template <>
struct Words<SeccompOperator> {
  static constexpr char const* what = "seccomp operator";
  static constexpr auto table = std::to_array<Word<SeccompOperator>>({
      {"SCMP_CMP_NE", SeccompOperator::ne},
      {"SCMP_CMP_LT", SeccompOperator::lt},
      {"SCMP_CMP_LE", SeccompOperator::le},
      {"SCMP_CMP_EQ", SeccompOperator::eq},
      {"SCMP_CMP_GE", SeccompOperator::ge},
      {"SCMP_CMP_GT", SeccompOperator::gt},
      {"SCMP_CMP_MASKED_EQ", SeccompOperator::masked_eq},
  });
};

template <>
struct Words<SeccompArch> {
  static constexpr char const* what = "seccomp architecture";
  static constexpr auto table = std::to_array<Word<SeccompArch>>({
      {"SCMP_ARCH_X86", SeccompArch::x86},
      {"SCMP_ARCH_X86_64", SeccompArch::x86_64},
      {"SCMP_ARCH_X32", SeccompArch::x32},
      {"SCMP_ARCH_ARM", SeccompArch::arm},
      {"SCMP_ARCH_AARCH64", SeccompArch::aarch64},
      {"SCMP_ARCH_MIPS", SeccompArch::mips},
      {"SCMP_ARCH_MIPS64", SeccompArch::mips64},
      {"SCMP_ARCH_MIPS64N32", SeccompArch::mips64n32},
      {"SCMP_ARCH_MIPSEL", SeccompArch::mipsel},
      {"SCMP_ARCH_MIPSEL64", SeccompArch::mipsel64},
      {"SCMP_ARCH_MIPSEL64N32", SeccompArch::mipsel64n32},
      {"SCMP_ARCH_PPC", SeccompArch::ppc},
      {"SCMP_ARCH_PPC64", SeccompArch::ppc64},
      {"SCMP_ARCH_PPC64LE", SeccompArch::ppc64le},
      {"SCMP_ARCH_S390", SeccompArch::s390},
      {"SCMP_ARCH_S390X", SeccompArch::s390x},
      {"SCMP_ARCH_PARISC", SeccompArch::parisc},
      {"SCMP_ARCH_PARISC64", SeccompArch::parisc64},
      {"SCMP_ARCH_RISCV64", SeccompArch::riscv64},
      {"SCMP_ARCH_LOONGARCH64", SeccompArch::loongarch64},
      {"SCMP_ARCH_M68K", SeccompArch::m68k},
      {"SCMP_ARCH_SH", SeccompArch::sh},
      {"SCMP_ARCH_SHEB", SeccompArch::sheb},
  });
};

template <>
struct Words<MemoryPolicyMode> {
  static constexpr char const* what = "memory policy mode";
  static constexpr auto table = std::to_array<Word<MemoryPolicyMode>>({
      {"MPOL_DEFAULT", MemoryPolicyMode::mpol_default},
      {"MPOL_BIND", MemoryPolicyMode::bind},
      {"MPOL_INTERLEAVE", MemoryPolicyMode::interleave},
      {"MPOL_WEIGHTED_INTERLEAVE", MemoryPolicyMode::weighted_interleave},
      {"MPOL_PREFERRED", MemoryPolicyMode::preferred},
      {"MPOL_PREFERRED_MANY", MemoryPolicyMode::preferred_many},
      {"MPOL_LOCAL", MemoryPolicyMode::local},
  });
};

template <>
struct Words<MemoryPolicyFlag> {
  static constexpr char const* what = "memory policy flag";
  static constexpr auto table = std::to_array<Word<MemoryPolicyFlag>>({
      {"MPOL_F_NUMA_BALANCING", MemoryPolicyFlag::numa_balancing},
      {"MPOL_F_RELATIVE_NODES", MemoryPolicyFlag::relative_nodes},
      {"MPOL_F_STATIC_NODES", MemoryPolicyFlag::static_nodes},
  });
};

template <>
struct Words<PersonalityDomain> {
  static constexpr char const* what = "personality domain";
  static constexpr auto table = std::to_array<Word<PersonalityDomain>>({
      {"LINUX", PersonalityDomain::linux},
      {"LINUX32", PersonalityDomain::linux32},
  });
};

/// The spec has the first four.  containerd's CRI writes the recursive words; they are read as the
/// plain ones, as they name the same relation between peers.
template <>
struct Words<Propagation> {
  static constexpr char const* what = "rootfs propagation";
  static constexpr auto table = std::to_array<Word<Propagation>>({
      {"shared", Propagation::shared},
      {"slave", Propagation::slave},
      {"private", Propagation::private_},
      {"unbindable", Propagation::unbindable},
      {"rshared", Propagation::shared},
      {"rslave", Propagation::slave},
      {"rprivate", Propagation::private_},
      {"runbindable", Propagation::unbindable},
  });
};

/// runtime.md#state; `paused` is an additional value, as runc has it.
template <>
struct Words<Status> {
  static constexpr char const* what = "status";
  static constexpr auto table = std::to_array<Word<Status>>({
      {"creating", Status::creating},
      {"created", Status::created},
      {"running", Status::running},
      {"paused", Status::paused},
      {"stopped", Status::stopped},
  });
};

template <>
struct Words<CgroupManager> {
  static constexpr char const* what = "cgroup manager";
  static constexpr auto table = std::to_array<Word<CgroupManager>>({
      {"cgroupfs", CgroupManager::cgroupfs},
      {"systemd", CgroupManager::systemd},
      {"disabled", CgroupManager::disabled},
  });
};

template <Worded Enum>
constexpr std::optional<Enum> value_of(std::string_view word) {
  for (auto const& entry : Words<Enum>::table) {
    if (entry.word == word) return entry.value;
  }
  return std::nullopt;
}

/// Empty for a value that has no word (Propagation::unset).
template <Worded Enum>
constexpr std::string_view word_of(Enum value) {
  for (auto const& entry : Words<Enum>::table) {
    if (entry.value == value) return entry.word;
  }
  return {};
}

/// All words of the set in alphabetical order, as features.md lists them.
template <Worded Enum>
std::vector<std::string> sorted_words() {
  std::vector<std::string> words;
  words.reserve(Words<Enum>::table.size());
  for (auto const& entry : Words<Enum>::table) words.emplace_back(entry.word);
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace proa::spec
