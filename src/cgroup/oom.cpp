// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/oom.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "cgroup/files.hpp"
#include "linux/eventfd.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

/// cgroup-v1/memory.rst, section 10.
linux::Fd counter_of(linux::FdRef group) {
  auto counter = linux::event_counter().or_fail("make an event counter");
  auto const control =
      linux::open_at(group, "memory.oom_control", O_RDONLY).or_fail("open memory.oom_control");
  linux::write_file(group, "cgroup.event_control",
                    fmt::format("{} {}", counter.number(), control.number()))
      .or_fail("write cgroup.event_control");
  return counter;
}

}  // namespace

OomWatch::OomWatch(Records const& records) {
  auto const* const record = record_of(records, "memory");
  if (record == nullptr) return;
  v2_ = record->v2;
  group_ = open_record(record);
  if (!group_) return;
  if (v2_) {
    seen_ = count_kills();
  } else {
    file_ = counter_of(group_);
  }
}

pollfd OomWatch::entry() const {
  return {file_.number(), static_cast<short>(v2_ ? POLLPRI : POLLIN), 0};
}

std::uint64_t OomWatch::take() {
  if (!file_) return 0;
  return v2_ ? take_v2() : take_v1();
}

std::uint64_t OomWatch::take_v1() {
  auto const count = linux::take_count(file_).or_fail("read an event counter");
  // The counter is raised once more when the group goes.
  return linux::access_at(group_, "memory.oom_control", F_OK) ? count : 0;
}

std::uint64_t OomWatch::take_v2() {
  auto const before = seen_;
  seen_ = std::max(before, count_kills());
  return seen_ - before;
}

std::uint64_t OomWatch::count_kills() {
  auto file = linux::open_at(group_, "memory.events", O_RDONLY);
  file_ = linux::Fd();
  if (file.is(ENOENT, ENODEV)) return 0;
  if (!file) fail_errno(file.error(), "open memory.events");
  auto const text = linux::read_all(*file);
  if (text.is(ENODEV)) return 0;
  if (!text) fail_errno(text.error(), "read memory.events");
  file_ = std::move(*file);
  return map_of(*text)["oom_kill"];
}

}  // namespace proa::cgroup
