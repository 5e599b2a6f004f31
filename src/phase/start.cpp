// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/start.hpp"

#include <chrono>

#include "base/error.hpp"
#include "hooks/hooks.hpp"
#include "phase/blame.hpp"
#include "phase/delete.hpp"
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

/// Nothing is due in answer: the end of file is execve(2) closing init's end.  It takes as long as
/// the startContainer hooks take; should init die instead, that is an end of file too.
void wait_for_program(spec::Record const& record, sync::Channel const& channel) try {
  channel.send(sync::Start{});
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
    if (failed.stage() == sync::Stage::start) destroy(entry, record);
    throw;
  } catch (Error const&) {
    // runtime.md#lifecycle, step 9: stop the container, continue at step 12.
    destroy(entry, record);
    throw;
  }
}

void start(Options const& options, std::string const& id) {
  auto const entry = state::Store(options.root).open(id);
  auto const lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  if (!record) fail(ErrorKind::state, "cannot start a container that was never created to the end");
  check_startable(present_status(entry, *record), *record);
  start_init(entry, *record, sync::Channel(entry.connect()));
}

}  // namespace proa::phase
