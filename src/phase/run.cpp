// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/run.hpp"

#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/prctl.hpp"
#include "phase/create.hpp"
#include "phase/delete.hpp"
#include "phase/foreground.hpp"
#include "phase/start.hpp"

namespace proa::phase {

namespace {

/// Takes back a container whose start failed.
void give_up(Options const& options, std::string const& id) noexcept {
  try {
    remove(options, id, {.force = true});
  } catch (std::exception const& error) {
    log::debug("nothing to take back: {}", error.what());  // start has destroyed it already
  }
}

void start_created(Options const& options, Created& created) {
  try {
    start_init(created.entry, created.record, std::move(created.channel));
  } catch (...) {
    created.lock.release();
    give_up(options, created.entry.id());
    throw;
  }
  created.lock.release();
}

int run_in_foreground(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.no_subreaper) linux::set_child_subreaper().or_fail("become a subreaper");
  Foreground foreground;
  auto created = create(options, id, how, Starter::foreground);
  std::optional<Relay> relay;
  if (created.console) relay.emplace(std::move(created.console));
  start_created(options, created);
  auto const exit = foreground.wait(created.init, relay ? &*relay : nullptr);
  relay.reset();
  if (!how.keep) remove(options, id, {.force = true});
  return exit.status;
}

}  // namespace

int run(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.detach) return run_in_foreground(options, id, how);
  auto created = create(options, id, how, Starter::detached);
  start_created(options, created);
  return 0;
}

}  // namespace proa::phase
