// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What is done to the processes of a container that was made before, by its record.

#include <signal.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/directory.hpp"
#include "cgroup/manager.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

using namespace std::chrono_literals;
using Records = std::vector<spec::CgroupRecord>;

// How long a killed process may take to end: one in uninterruptible sleep has to wake up first.
constexpr auto dying_time = 10s;

bool has(spec::CgroupRecord const& record, std::string_view controller) {
  auto const& names = record.controllers;
  return std::find(names.begin(), names.end(), controller) != names.end();
}

spec::CgroupRecord const* v1_record(Records const& records, std::string_view controller) {
  auto const found = std::find_if(records.begin(), records.end(), [&](auto const& record) {
    return !record.v2 && has(record, controller);
  });
  return found == records.end() ? nullptr : &*found;
}

/// The hierarchy that is asked for processes: all have the same, v2 has more to say about them, and
/// of the others the freezer is the one that has to be dealt with anyway.
spec::CgroupRecord const* process_record(Records const& records) {
  auto const v2 =
      std::find_if(records.begin(), records.end(), [](auto const& record) { return record.v2; });
  if (v2 != records.end()) return &*v2;
  if (auto const* const freezer = v1_record(records, "freezer")) return freezer;
  return records.empty() ? nullptr : &records.front();
}

/// The open directory of a record's group; invalid when it is gone.
linux::Fd open_record(spec::CgroupRecord const* record) {
  if (record == nullptr) return {};
  auto dir = open_group(linux::at_cwd, record->path);
  if (dir.is(ENOENT)) return {};
  return std::move(dir).or_fail("open cgroup {}", record->path);
}

/// A file of a group that may be gone, and that may not have it.
std::string read_if_there(linux::FdRef group, std::string const& file) {
  auto text = linux::read_file(group, file);
  if (text.is(ENOENT, ENODEV)) return {};
  return std::move(text).or_fail("read {}", file);
}

void thaw(Records const& records) {
  auto const group = open_record(v1_record(records, "freezer"));
  if (!group) return;
  auto const thaw_one = [](linux::FdRef dir) {
    auto const thawed = linux::write_file(dir, "freezer.state", "THAWED");
    if (!thawed.is(ENOENT, ENODEV)) thawed.or_fail("thaw a cgroup");
  };
  thaw_one(group);
  for_each_below(group, [&](Below const& below) { thaw_one(below.group); });
}

/// Keeps a fork bomb from making processes faster than they are killed.  Without effect where the
/// pids controller is absent: then a pass has to catch all of them by luck.
void forbid_forks(Records const& records) {
  auto const group = open_record(v1_record(records, "pids"));
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
    // Held before the signals go out: whoever is waited for below has got one.
    auto const held = hold(group, std::span(pids).first(std::min(batch, pids.size())));
    signal_each(group, SIGKILL);
    thaw(records);
    if (!wait_for(held, deadline)) fail_alive(record, group);
  }
}

void kill_all(Records const& records, spec::CgroupRecord const& record, linux::FdRef group) {
  if (record.v2) {
    auto const killed = linux::write_file(group, "cgroup.kill", "1");
    if (killed) return thaw(records);
    // ENOENT: before Linux 5.14.  EOPNOTSUPP: a threaded group, cgroup-v2.rst.
    if (killed.is(ENODEV)) return;
    if (!killed.is(ENOENT, EOPNOTSUPP)) killed.or_fail("kill cgroup {}", record.path);
  }
  kill_in_passes(records, record, group);
}

}  // namespace

bool frozen(Records const& records) {
  for (auto const& record : records) {
    if (!record.v2 && !has(record, "freezer")) continue;
    auto const group = open_record(&record);
    if (!group) continue;
    if (record.v2) {
      if (text::trim(read_if_there(group, "cgroup.freeze")) == "1") return true;
    } else {
      // FREEZING: on its way, and nothing but a thaw will turn it back.
      auto const state = read_if_there(group, "freezer.state");
      if (!state.empty() && text::trim(state) != "THAWED") return true;
    }
  }
  return false;
}

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
