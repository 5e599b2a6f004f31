// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/pause.hpp"

#include <chrono>

#include "base/error.hpp"
#include "cgroup/freezer.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_time = 10s;

}  // namespace

Status present_status(state::Entry const& entry, spec::Record const& record) {
  auto const status = state::status(entry, record);
  bool const alive = status == Status::running || status == Status::created;
  return alive && cgroup::frozen(record.cgroups) ? Status::paused : status;
}

void pause(Options const& options, std::string const& id) {
  auto const entry = state::Store(options.root).open(id);
  auto const lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  auto const now = record ? present_status(entry, *record) : Status::stopped;
  if (now != Status::running && now != Status::created) {
    fail(ErrorKind::state, "container not running: it is {}", word(now));
  }
  cgroup::freeze(record->cgroups);
}

void resume(Options const& options, std::string const& id) {
  auto const entry = state::Store(options.root).open(id);
  auto const lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  if (!record || present_status(entry, *record) != Status::paused) {
    fail(ErrorKind::state, "container not paused");
  }
  cgroup::thaw(record->cgroups);
}

}  // namespace proa::phase
