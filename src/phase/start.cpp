// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/start.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "hooks/hooks.hpp"
#include "phase/agent.hpp"
#include "phase/blame.hpp"
#include "phase/delete.hpp"
#include "phase/notify.hpp"
#include "phase/pause.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_time = 10s;

// runtime.md#start: MUST generate an error if the container is not `created`.
void check_startable(Status status, spec::Record const& record) {
  switch (status) {
    case Status::creating:
      fail(ErrorKind::state, "cannot start a container that is being created");
    case Status::paused:
      // Nobody would hear that it is to start.
      fail(ErrorKind::state, "cannot start a paused container");
    case Status::running:
      fail(ErrorKind::state, "cannot start an already running container");
    case Status::stopped:
      fail(ErrorKind::state, "cannot start a container that has stopped");
    case Status::created:
      break;
  }
  // runtime.md#start: MUST generate an error if `process` was not set.
  if (!record.has_process) {
    fail(ErrorKind::config, "cannot start a container without /process in its config.json");
  }
}

/// Why it failed is what the caller has to be told.
void destroy_failed(state::Entry const& entry, spec::Record const& record) noexcept {
  try {
    destroy(entry, record);
  } catch (std::exception const& error) {
    log::warn("while removing a container that failed to start: {}", error.what());
  }
}

/// Returns when init executes its program, and throws when it has died before.
void wait_for_program(spec::Record const& record, sync::Channel const& channel) try {
  Agent agent(record);
  channel.send(sync::Start{});
  State created = record.state;
  created.status = Status::created;
  agent.hand_over(channel, std::move(created));
  // Nothing more is due: the end of file is execve(2) closing init's end.  It takes as long as
  // the startContainer hooks take; should init die instead, that is an end of file too.
  channel.receive_or_end<sync::Start>();
  check_executed(record);
} catch (Error const& error) {
  blame_limits(error, record.cgroups, {});
  throw;
}

}  // namespace

void start_init(state::Entry const& entry, spec::Record const& record, sync::Channel channel) {
  try {
    wait_for_program(record, channel);
    if (record.poststart.empty()) return;
    State running = record.state;
    running.status = Status::running;
    hooks::run(hooks::Point::poststart, record.poststart, to_json(running, false));
  } catch (sync::InitFailed const& failed) {
    if (failed.stage() == sync::Stage::start) destroy_failed(entry, record);
    throw;
  } catch (Error const&) {
    // runtime.md#lifecycle, step 9: stop the container, continue at step 12.
    destroy_failed(entry, record);
    throw;
  }
}

void start(Options const& options, std::string const& id, StartOptions const& how) {
  auto const entry = state::Store(options.root).open(id);
  auto lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  if (!record) fail(ErrorKind::state, "cannot start a container that was never created to the end");
  check_startable(present_status(entry, *record), *record);
  std::optional<Notifier> notifier;
  linux::Pid init;
  if (record->notify && !how.notify_socket.empty()) {
    init = state::init_of(*record).value_or(linux::Pid());
    if (init.fd) notifier = Notifier::open(entry, how.notify_socket);
  }
  start_init(entry, *record, sync::Channel(entry.connect()));
  // It may take its time to become ready, and be killed meanwhile.
  lock.release();
  if (!notifier) return;
  notifier->set_main(init.number);
  notifier->wait_ready(init);
}

}  // namespace proa::phase
