// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/plan.hpp"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/backwards.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "spec/words.hpp"

namespace proa::process {

namespace {

template <class Word, class Native, std::size_t count>
using Table = std::array<std::pair<Word, Native>, count>;

constexpr Table<spec::RlimitType, int, 16> rlimits{{
    {spec::RlimitType::as, RLIMIT_AS},
    {spec::RlimitType::core, RLIMIT_CORE},
    {spec::RlimitType::cpu, RLIMIT_CPU},
    {spec::RlimitType::data, RLIMIT_DATA},
    {spec::RlimitType::fsize, RLIMIT_FSIZE},
    {spec::RlimitType::locks, RLIMIT_LOCKS},
    {spec::RlimitType::memlock, RLIMIT_MEMLOCK},
    {spec::RlimitType::msgqueue, RLIMIT_MSGQUEUE},
    {spec::RlimitType::nice, RLIMIT_NICE},
    {spec::RlimitType::nofile, RLIMIT_NOFILE},
    {spec::RlimitType::nproc, RLIMIT_NPROC},
    {spec::RlimitType::rss, RLIMIT_RSS},
    {spec::RlimitType::rtprio, RLIMIT_RTPRIO},
    {spec::RlimitType::rttime, RLIMIT_RTTIME},
    {spec::RlimitType::sigpending, RLIMIT_SIGPENDING},
    {spec::RlimitType::stack, RLIMIT_STACK},
}};

constexpr std::uint32_t sched_iso = 4;  // sched(7): reserved, no kernel implements it
constexpr Table<spec::SchedulerPolicy, std::uint32_t, 7> policies{{
    {spec::SchedulerPolicy::other, SCHED_NORMAL},
    {spec::SchedulerPolicy::fifo, SCHED_FIFO},
    {spec::SchedulerPolicy::rr, SCHED_RR},
    {spec::SchedulerPolicy::batch, SCHED_BATCH},
    {spec::SchedulerPolicy::iso, sched_iso},
    {spec::SchedulerPolicy::idle, SCHED_IDLE},
    {spec::SchedulerPolicy::deadline, SCHED_DEADLINE},
}};
constexpr Table<spec::SchedulerFlag, std::uint64_t, 7> scheduler_flags{{
    {spec::SchedulerFlag::reset_on_fork, SCHED_FLAG_RESET_ON_FORK},
    {spec::SchedulerFlag::reclaim, SCHED_FLAG_RECLAIM},
    {spec::SchedulerFlag::dl_overrun, SCHED_FLAG_DL_OVERRUN},
    {spec::SchedulerFlag::keep_policy, SCHED_FLAG_KEEP_POLICY},
    {spec::SchedulerFlag::keep_params, SCHED_FLAG_KEEP_PARAMS},
    {spec::SchedulerFlag::util_clamp_min, SCHED_FLAG_UTIL_CLAMP_MIN},
    {spec::SchedulerFlag::util_clamp_max, SCHED_FLAG_UTIL_CLAMP_MAX},
}};

constexpr Table<spec::IoPriorityClass, int, 3> io_classes{{
    {spec::IoPriorityClass::rt, IOPRIO_CLASS_RT},
    {spec::IoPriorityClass::be, IOPRIO_CLASS_BE},
    {spec::IoPriorityClass::idle, IOPRIO_CLASS_IDLE},
}};

constexpr int mpol_weighted_interleave = 6;  // <linux/mempolicy.h> since 6.9
constexpr Table<spec::MemoryPolicyMode, int, 7> memory_modes{{
    {spec::MemoryPolicyMode::mpol_default, MPOL_DEFAULT},
    {spec::MemoryPolicyMode::bind, MPOL_BIND},
    {spec::MemoryPolicyMode::interleave, MPOL_INTERLEAVE},
    {spec::MemoryPolicyMode::weighted_interleave, mpol_weighted_interleave},
    {spec::MemoryPolicyMode::preferred, MPOL_PREFERRED},
    {spec::MemoryPolicyMode::preferred_many, MPOL_PREFERRED_MANY},
    {spec::MemoryPolicyMode::local, MPOL_LOCAL},
}};
constexpr Table<spec::MemoryPolicyFlag, int, 3> memory_flags{{
    {spec::MemoryPolicyFlag::numa_balancing, MPOL_F_NUMA_BALANCING},
    {spec::MemoryPolicyFlag::relative_nodes, MPOL_F_RELATIVE_NODES},
    {spec::MemoryPolicyFlag::static_nodes, MPOL_F_STATIC_NODES},
}};

constexpr Table<spec::PersonalityDomain, unsigned long, 2> domains{{
    {spec::PersonalityDomain::linux, PER_LINUX},
    {spec::PersonalityDomain::linux32, PER_LINUX32},
}};

/// What the kernel calls `word`; every enumerator has a row.
template <class Word, class Native, std::size_t count>
Native const& native(Table<Word, Native, count> const& table, Word word) {
  return std::ranges::find(table, word, &std::pair<Word, Native>::first)->second;
}

/// environ(7) may hold a name twice, and then getenv(3) finds the first while shells keep the
/// last.  Engines append what shall win, so the last one stays, alone.
std::vector<std::string> environment(std::vector<std::string> const& env) {
  std::vector<std::string> kept;
  std::set<std::string_view> seen;
  for (auto const& entry : Backwards(env)) {
    auto const name = std::string_view(entry).substr(0, entry.find('='));
    if (seen.insert(name).second) kept.push_back(entry);
  }
  std::ranges::reverse(kept);
  return kept;
}

void plan_user(spec::Process const& process, Plan& plan) {
  plan.uid = process.user.uid;
  plan.gid = process.user.gid;
  plan.groups = process.user.additional_gids;
  plan.umask = process.user.umask;
  plan.keep_capabilities = process.capabilities.has_value();
  if (process.capabilities) {
    auto const& effective = process.capabilities->effective;
    plan.reads_all_files = std::ranges::any_of(effective, [](std::string const& name) {
      return name == "CAP_DAC_OVERRIDE" || name == "CAP_DAC_READ_SEARCH";
    });
  }
}

std::vector<ResourceLimit> limits(spec::Process const& process) {
  std::vector<ResourceLimit> planned;
  for (auto const& [type, soft, hard] : process.rlimits) {
    planned.push_back({native(rlimits, type), spec::word_of(type), {soft, hard}});
  }
  return planned;
}

linux::SchedulerAttributes scheduler(spec::Scheduler const& wanted) {
  linux::SchedulerAttributes attributes;
  attributes.policy = native(policies, wanted.policy);
  for (auto const flag : wanted.flags) attributes.flags |= native(scheduler_flags, flag);
  attributes.nice = wanted.nice;
  attributes.priority = static_cast<std::uint32_t>(wanted.priority);
  attributes.runtime = wanted.runtime;
  attributes.deadline = wanted.deadline;
  attributes.period = wanted.period;
  return attributes;
}

MemoryPolicy memory_policy(spec::MemoryPolicy const& wanted) {
  MemoryPolicy planned;
  planned.word = spec::word_of(wanted.mode);
  planned.mode = native(memory_modes, wanted.mode);
  for (auto const flag : wanted.flags) planned.mode |= native(memory_flags, flag);
  planned.nodes = mask_of_list(wanted.nodes);
  return planned;
}

/// What config.md#process says of any process.
Plan plan_process(spec::Process const& process, Host const& host) {
  Plan plan;
  plan.args = process.args;
  plan.env = environment(process.env);
  plan.cwd = process.cwd;
  plan_user(process, plan);
  plan.no_new_privileges = process.no_new_privileges;
  plan.rootless = host.rootless;
  plan.limits = limits(process);
  plan.oom_score_adj = process.oom_score_adj;
  if (process.scheduler) plan.scheduler = scheduler(*process.scheduler);
  if (process.io_priority) {
    auto const& [io_class, priority] = *process.io_priority;
    plan.io_priority = native(io_classes, io_class) << IOPRIO_CLASS_SHIFT | priority;
  }
  plan.terminal = process.terminal;
  if (process.terminal && process.console_size) {
    auto const& [height, width] = *process.console_size;
    plan.console_size = {static_cast<std::uint16_t>(height), static_cast<std::uint16_t>(width)};
  }
  return plan;
}

Groups group_policy(std::map<std::string, std::string> const& annotations) {
  auto const keep = annotations.find("run.oci.keep_original_groups");
  return keep != annotations.end() && keep->second == "1" ? Groups::keep : Groups::set;
}

void plan_domain(Plan& plan, std::optional<spec::Personality> const& personality,
                 std::optional<spec::MemoryPolicy> const& policy) {
  if (personality) plan.personality = native(domains, personality->domain);
  if (policy) plan.memory_policy = memory_policy(*policy);
}

/// One "3" or "0-3" of a list, as the first and last number.
std::optional<std::pair<std::size_t, std::size_t>> range(std::string_view text) {
  auto const dash = text.find('-');
  auto const first = text::number<std::uint16_t>(text.substr(0, dash));
  auto const last = dash == text.npos ? first : text::number<std::uint16_t>(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return std::pair<std::size_t, std::size_t>{*first, *last};
}

}  // namespace

Plan plan(Spec const& spec, Host const& host) {
  Plan plan = plan_process(*spec.process, host);
  plan.group_policy = group_policy(spec.annotations);
  plan.fixed_processors = !spec.linux.resources.cpu.cpus.empty();
  plan_domain(plan, spec.linux.personality, spec.linux.memory_policy);
  return plan;
}

Plan plan(spec::Process const& process, spec::Record const& record, Host const& host) {
  Plan plan = plan_process(process, host);
  plan.group_policy = group_policy(record.state.annotations);
  plan.fixed_processors = record.shared.fixed_processors;
  plan_domain(plan, record.shared.personality, record.shared.memory_policy);
  if (process.exec_cpu_affinity) {
    auto const& [initial, final] = *process.exec_cpu_affinity;
    plan.affinity = {mask_of_list(initial), mask_of_list(final)};
  }
  return plan;
}

void announce(Plan& plan, Sockets const& sockets) {
  if (sockets.count == 0) return;
  plan.has_sockets = true;
  auto const set = [&](std::string_view name, std::string_view value) {
    std::erase_if(plan.env, [&](std::string const& entry) {
      return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
    });
    plan.env.push_back(fmt::format("{}={}", name, value));
  };
  set("LISTEN_FDS", std::to_string(sockets.count));
  if (!sockets.names.empty()) set("LISTEN_FDNAMES", sockets.names);
}

linux::BitMask mask_of_list(std::string_view list) {
  constexpr std::size_t word_bits = 8 * sizeof(unsigned long);
  linux::BitMask mask;
  if (list.empty()) return mask;
  for (auto const part : text::split(list, ',')) {
    auto const numbers = range(part);
    if (!numbers) fail(ErrorKind::config, "\"{}\" is no list of numbers like 0-3,7", list);
    auto const [first, last] = *numbers;
    if (mask.size() <= last / word_bits) mask.resize(last / word_bits + 1);
    for (auto bit = first; bit <= last; ++bit) mask[bit / word_bits] |= 1UL << bit % word_bits;
  }
  return mask;
}

std::optional<std::string_view> variable(std::vector<std::string> const& env,
                                         std::string_view name) {
  for (std::string_view const entry : env) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

}  // namespace proa::process
