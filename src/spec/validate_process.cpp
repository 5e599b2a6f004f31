// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#process.

#include <limits>

#include "spec/place.hpp"
#include "spec/rules.hpp"
#include "spec/words.hpp"

namespace proa::spec {

namespace {

/// ioctl_tty(2): struct winsize holds unsigned shorts.
void check_console(Process const& process, Checker const& check) {
  if (!process.terminal || !process.console_size) return;
  for (auto const* edge : {&process.console_size->height, &process.console_size->width}) {
    if (*edge > std::numeric_limits<std::uint16_t>::max()) {
      check.refuse(*edge, "more than the 65535 characters that a terminal can have");
    }
  }
}

void check_id(std::uint32_t const& id, Checker const& check) {
  if (id == no_id) check.refuse(id, "{} is no id, it is (uid_t)-1", id);
}

void check_user(User const& user, Checker const& check) {
  check_id(user.uid, check);
  check_id(user.gid, check);
  for (auto const& gid : user.additional_gids) check_id(gid, check);
  if (user.umask && *user.umask > 0777) {
    check.refuse(user.umask, "expected a umask from 0 to 511 (0777), got {}", *user.umask);
  }
}

void check_command(Process const& process, Checker const& check) {
  if (process.args.empty()) check.refuse(process.args, "missing, but REQUIRED: at least one entry");
  if (!absolute(process.cwd)) {
    check.refuse(process.cwd, "expected an absolute path, got {}", shown(process.cwd));
  }
  for (auto const& variable : process.env) {
    auto const equals = variable.find('=');
    if (equals == std::string::npos) {
      check.refuse(variable, "invalid environment variable {}: it has no '='", shown(variable));
    }
    if (equals == 0) {
      check.refuse(variable, "invalid environment variable {}: it has no name", shown(variable));
    }
  }
}

void check_rlimits(Process const& process, Checker const& check) {
  std::uint32_t seen = 0;
  for (auto const& limit : process.rlimits) {
    auto const bit = 1U << static_cast<unsigned>(limit.type);
    if ((seen & bit) != 0) check.refuse(limit.type, "{} is given twice", word_of(limit.type));
    seen |= bit;
    if (limit.soft > limit.hard) {
      check.refuse(limit.soft, "{} is more than the hard limit, {}", limit.soft, limit.hard);
    }
  }
}

/// sched(7), SCHED_DEADLINE: 1024 ns is the kernel's resolution, and bit 63 is its sign.
void check_deadline(Scheduler const& scheduler, Checker const& check) {
  constexpr std::uint64_t shortest = 1024;
  constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();
  for (auto const* time : {&scheduler.runtime, &scheduler.deadline, &scheduler.period}) {
    // The kernel takes the deadline for a period of 0.
    if (time == &scheduler.period && *time == 0) continue;
    if (*time < shortest || *time > longest) {
      check.refuse(*time, "expected from {} to {} nanoseconds for SCHED_DEADLINE, got {}", shortest,
                   longest, *time);
    }
  }
  if (scheduler.runtime > scheduler.deadline) {
    check.refuse(scheduler.runtime, "{} is more than the deadline, {}", scheduler.runtime,
                 scheduler.deadline);
  }
  if (scheduler.period != 0 && scheduler.deadline > scheduler.period) {
    check.refuse(scheduler.deadline, "{} is more than the period, {}", scheduler.deadline,
                 scheduler.period);
  }
}

void check_scheduler(Scheduler const& scheduler, Checker const& check) {
  auto const policy = scheduler.policy;
  bool const fixed = policy == SchedulerPolicy::fifo || policy == SchedulerPolicy::rr;
  if (scheduler.nice < -20 || scheduler.nice > 19) {
    check.refuse(scheduler.nice, "expected a nice value from -20 to 19, got {}", scheduler.nice);
  }
  if (fixed && (scheduler.priority < 1 || scheduler.priority > 99)) {
    check.refuse(scheduler.priority, "expected a priority from 1 to 99 for {}, got {}",
                 word_of(policy), scheduler.priority);
  }
  if (!fixed && scheduler.priority != 0) {
    check.refuse(scheduler.priority, "only SCHED_FIFO and SCHED_RR have a priority, not {}",
                 word_of(policy));
  }
  if (policy == SchedulerPolicy::deadline) return check_deadline(scheduler, check);
  for (auto const* time : {&scheduler.runtime, &scheduler.deadline, &scheduler.period}) {
    if (*time != 0) check.refuse(*time, "only for SCHED_DEADLINE, not for {}", word_of(policy));
  }
}

void check_io_priority(IoPriority const& io, Checker const& check) {
  if (io.priority < 0 || io.priority > 7) {
    check.refuse(io.priority, "expected a priority from 0 to 7, got {}", io.priority);
  }
}

void check_affinity(CpuAffinity const& affinity, Checker const& check) {
  for (auto const* list : {&affinity.initial, &affinity.final}) {
    if (!listed(*list)) {
      check.refuse(*list, "expected a list of CPUs like \"0-3,7\", got {}", shown(*list));
    }
  }
}

}  // namespace

void check_process(Process const& process, Checker const& check) {
  check_console(process, check);
  check_user(process.user, check);
  check_command(process, check);
  check_rlimits(process, check);
  if (process.oom_score_adj && (*process.oom_score_adj < -1000 || *process.oom_score_adj > 1000)) {
    check.refuse(process.oom_score_adj, "expected a score from -1000 to 1000, got {}",
                 *process.oom_score_adj);
  }
  if (process.scheduler) check_scheduler(*process.scheduler, check);
  if (process.io_priority) check_io_priority(*process.io_priority, check);
  if (process.exec_cpu_affinity) check_affinity(*process.exec_cpu_affinity, check);
}

}  // namespace proa::spec
