// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/freezer.hpp"

#include <poll.h>

#include <chrono>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/directory.hpp"
#include "linux/file.hpp"
#include "linux/pid.hpp"

namespace proa::cgroup {

namespace {

using namespace std::chrono_literals;

constexpr auto freezing_time = 10s;

spec::CgroupRecord const* freezer_record(Records const& records) {
  if (auto const* const v1 = v1_record(records, "freezer")) return v1;
  return v2_record(records);
}

linux::Fd open_freezer(Records const& records) {
  auto const* const record = freezer_record(records);
  if (record == nullptr) {
    fail(ErrorKind::unsupported, "the container is in no cgroup that can be frozen");
  }
  auto group = open_record(record);
  if (!group) fail(ErrorKind::failed, "cgroup {} of the container is gone", record->path);
  return group;
}

void thaw_v1(linux::FdRef group) {
  auto const thawed = linux::write_file(group, "freezer.state", "THAWED");
  if (!thawed.is(ENOENT, ENODEV)) thawed.or_fail("thaw a cgroup");
}

void thaw_v2(linux::FdRef group) {
  auto const thawed = linux::write_file(group, "cgroup.freeze", "0");
  if (!thawed.is(ENODEV)) thawed.or_fail("write cgroup.freeze");
}

void thaw_group(linux::FdRef group, bool v2) { v2 ? thaw_v2(group) : thaw_v1(group); }

/// False when the deadline has passed first.
bool freeze_v2(linux::FdRef group, linux::Deadline deadline) {
  auto const written = linux::write_file(group, "cgroup.freeze", "1");
  if (written.is(ENOENT)) fail(ErrorKind::unsupported, "this kernel has no cgroup.freeze (5.2)");
  written.or_fail("write cgroup.freeze");
  for (;;) {
    // Opened anew: a change after this read() makes this very file ready.
    auto const events =
        linux::open_at(group, "cgroup.events", O_RDONLY).or_fail("open cgroup.events");
    if (flag_in(linux::read_all(events).or_fail("read cgroup.events"), "frozen")) return true;
    pollfd changed{events.number(), POLLPRI, 0};
    if (!linux::poll({&changed, 1}, deadline).or_fail("wait for cgroup.events")) return false;
  }
}

bool freeze_v1(linux::FdRef group, linux::Deadline deadline) {
  for (;;) {
    // Again and again: it is the write that sends out the requests, and a process that was just
    // entering the group may have missed the first.
    linux::write_file(group, "freezer.state", "FROZEN").or_fail("write freezer.state");
    auto const state = linux::read_file(group, "freezer.state").or_fail("read freezer.state");
    if (text::trim(state) == "FROZEN") return true;
    if (std::chrono::steady_clock::now() > *deadline) return false;
    // The state is worked out when it is read, so there is nothing that v1 could announce.
    linux::poll({}, linux::in(1ms)).or_fail("wait for freezer.state");
  }
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

void freeze(Records const& records) {
  auto const group = open_freezer(records);
  bool const v2 = freezer_record(records)->v2;
  Undo undo([&] {
    try {
      thaw_group(group, v2);
    } catch (Error const& error) {
      log::warn("thaw the container again: {}", error.text());
    }
  });
  auto const deadline = linux::in(freezing_time);
  if (!(v2 ? freeze_v2(group, deadline) : freeze_v1(group, deadline))) {
    fail(ErrorKind::failed, "unable to freeze the container: a process does not stop");
  }
  undo.dismiss();
}

void thaw(Records const& records) {
  for (auto const& record : records) {
    if (!record.v2 && !has(record, "freezer")) continue;
    if (auto const group = open_record(&record)) thaw_group(group, record.v2);
  }
}

void thaw_all(Records const& records) {
  auto const group = open_record(v1_record(records, "freezer"));
  if (!group) return;
  thaw_v1(group);
  for_each_below(group, [](Below const& below) { thaw_v1(below.group); });
}

}  // namespace proa::cgroup
