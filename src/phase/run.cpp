// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/run.hpp"

#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
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

std::optional<Notifier> notifier_of(Created const& created, RunOptions const& how, pid_t main) {
  if (!created.record.notify) return std::nullopt;
  auto notifier = Notifier::open(created.entry, how.notify_socket);
  if (notifier) notifier->set_main(main);
  return notifier;
}

int run_in_foreground(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.no_subreaper) linux::set_child_subreaper().or_fail("become a subreaper");
  Foreground foreground;
  auto created = create(options, id, how, Starter::foreground);
  std::optional<Relay> relay;
  if (created.console) relay.emplace(std::move(created.console));
  // What a manager watches is this process, which ends when the container does.
  auto notifier = notifier_of(created, how, linux::process_id());
  start_created(options, created);
  auto const exit =
      foreground.wait(created.init, {relay ? &*relay : nullptr, notifier ? &*notifier : nullptr});
  relay.reset();
  if (!how.keep) remove(options, id, {.force = true});
  return exit.status;
}

}  // namespace

int run(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.detach) return run_in_foreground(options, id, how);
  auto created = create(options, id, how, Starter::detached);
  auto notifier = notifier_of(created, how, created.init.number);
  start_created(options, created);
  if (notifier) notifier->wait_ready(created.init);
  return 0;
}

}  // namespace proa::phase
