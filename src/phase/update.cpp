// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/update.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "cgroup/resctrl.hpp"
#include "cgroup/update.hpp"
#include "spec/validate.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_time = 10s;

spec::ResctrlRecord const& group_of(spec::Record const& record) {
  if (record.resctrl) return *record.resctrl;
  fail(ErrorKind::state, "container has no group of resctrl: its config.json has no intelRdt");
}

}  // namespace

void update(Options const& options, std::string const& id, Limits limits) {
  spec::validate(limits.resources, "resources");
  auto const entry = state::Store(options.root).open(id);
  auto const lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  if (!record || !state::init_of(*record)) fail(ErrorKind::state, "container not running");
  auto& check = limits.resources.memory.check_before_update;
  check = check.value_or(record->check_before_update);

  std::optional<std::string> former;
  Undo undo([&] {
    if (former) cgroup::restore_schemata(*record->resctrl, *former);
  });
  if (!limits.schemata.empty()) {
    former = cgroup::change_schemata(group_of(*record), limits.schemata);
  }
  cgroup::update(record->cgroups, std::move(limits.resources), record->unit);
  undo.dismiss();
}

}  // namespace proa::phase
