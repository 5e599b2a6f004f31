// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What is done to the processes of a container that was made before, by its record.

#include <signal.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "cgroup/directory.hpp"
#include "cgroup/freezer.hpp"
#include "cgroup/manager.hpp"
#include "cgroup/records.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

using namespace std::chrono_literals;

// How long a killed process may take to end: one in uninterruptible sleep has to wake up first.
constexpr auto dying_time = 10s;

/// Keeps a fork bomb from making processes faster than they are killed.  Without effect where the
/// pids controller is absent: then a pass has to catch all of them by luck.
void forbid_forks(Records const& records) {
  auto const group = open_record(record_of(records, "pids"));
  if (group) linux::write_file(group, "pids.max", "0").ignore();
}

void send(linux::Pid const& process, int signal) {
  auto const sent = linux::send_signal(process.fd, signal);
  if (!sent.is(ESRCH)) sent.or_fail("send signal {} to process {}", signal, process.number);
}

/// Signals all that are there now.
void signal_each(linux::FdRef group, int signal) {
  auto const pids = processes_in(group);
  for (std::size_t from = 0; from < pids.size(); from += batch) {
    auto const some = std::span(pids).subspan(from, std::min(batch, pids.size() - from));
    for (auto const& process : hold(group, some)) send(process, signal);
  }
}

[[noreturn]] void fail_alive(spec::CgroupRecord const& record, linux::FdRef group) {
  fail(ErrorKind::failed, "processes of cgroup {} are still alive: {}", record.path,
       list(processes_in(group)));
}

/// In passes, as a process can fork until its SIGKILL reaches it.
void kill_in_passes(Records const& records, spec::CgroupRecord const& record, linux::FdRef group) {
  auto const deadline = linux::in(dying_time);
  forbid_forks(records);
  for (;;) {
    auto const pids = processes_in(group);
    if (pids.empty()) return;
    // Those that end at once never make wait_for() look at it.
    if (std::chrono::steady_clock::now() > *deadline) fail_alive(record, group);
    // Held before the signals go out: whoever is waited for below has got one.
    auto const held = hold(group, std::span(pids).first(std::min(batch, pids.size())));
    signal_each(group, SIGKILL);
    thaw_all(records);
    if (!wait_for(held, deadline)) fail_alive(record, group);
  }
}

void kill_all(Records const& records, spec::CgroupRecord const& record, linux::FdRef group) {
  if (record.v2) {
    auto const killed = linux::write_file(group, "cgroup.kill", "1");
    if (killed) return thaw_all(records);
    // ENOENT: before Linux 5.14.  EOPNOTSUPP: a threaded group, cgroup-v2.rst.
    if (killed.is(ENODEV)) return;
    if (!killed.is(ENOENT, EOPNOTSUPP)) killed.or_fail("kill cgroup {}", record.path);
  }
  kill_in_passes(records, record, group);
}

}  // namespace

std::vector<pid_t> processes(Records const& records) {
  auto const group = open_record(process_record(records));
  return group ? processes_in(group) : std::vector<pid_t>();
}

void signal_all(Records const& records, int signal) {
  auto const* const record = process_record(records);
  auto const group = open_record(record);
  if (!group) return;
  if (signal == SIGKILL) return kill_all(records, *record, group);
  signal_each(group, signal);
}

void wait_empty(Records const& records, linux::Deadline deadline) {
  auto const* const record = process_record(records);
  auto const group = open_record(record);
  if (group && !wait_until_empty(group, deadline)) fail_alive(*record, group);
}

void remove(Records const& records, linux::Deadline deadline) {
  for (auto const& record : records) {
    if (record.created) remove_group(record.path, deadline);
  }
}

}  // namespace proa::cgroup
