// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/update.hpp"

#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "cgroup/update.hpp"
#include "spec/validate.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_time = 10s;

}  // namespace

void update(Options const& options, std::string const& id, spec::Resources resources) {
  spec::validate(resources, "resources");
  auto const entry = state::Store(options.root).open(id);
  auto const lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  if (!record || !state::init_of(*record)) fail(ErrorKind::state, "container not running");
  auto& check = resources.memory.check_before_update;
  check = check.value_or(record->check_before_update);
  cgroup::update(record->cgroups, std::move(resources), record->unit);
}

}  // namespace proa::phase
