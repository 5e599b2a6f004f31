// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/delete.hpp"

#include <signal.h>

#include <chrono>

#include "base/error.hpp"
#include "cgroup/freezer.hpp"
#include "cgroup/manager.hpp"
#include "cgroup/resctrl.hpp"
#include "cgroup/scope.hpp"
#include "hooks/hooks.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_time = 10s;
constexpr auto end_time = 10s;  // a process in uninterruptible sleep may take its time

void end_init(spec::Record const& record) {
  auto const init = state::init_of(record);
  if (!init) return;
  linux::send_signal(init->fd, SIGKILL).ignore();  // ESRCH: it has ended already
  if (cgroup::frozen(record.cgroups)) cgroup::signal_all(record.cgroups, SIGKILL);
  if (!linux::wait_ended(init->fd, linux::in(end_time)).or_fail("wait for the container's init")) {
    fail(ErrorKind::failed, "the container's init {} survives SIGKILL", init->number);
  }
}

bool deletable(Status status) {
  // Holding the lock, nobody is creating it: what is still `creating` was killed half-way.
  return status == Status::stopped || status == Status::created || status == Status::creating;
}

}  // namespace

void destroy(state::Entry const& entry, spec::Record const& record) {
  end_init(record);
  if (!record.private_pid_namespace || !state::init_recorded(record)) {
    cgroup::signal_all(record.cgroups, SIGKILL);
  }
  if (record.unit) {
    cgroup::stop(*record.unit, record.cgroups, linux::in(end_time));
  } else {
    cgroup::remove(record.cgroups, linux::in(end_time));
  }
  if (record.resctrl) cgroup::remove_resctrl(*record.resctrl);
  State stopped = record.state;
  stopped.status = Status::stopped;
  stopped.pid = 0;
  if (!record.poststop.empty()) {
    hooks::run_all(hooks::Point::poststop, record.poststop, to_json(stopped, false));
  }
  entry.remove();
}

void remove(Options const& options, std::string const& id, DeleteOptions how) {
  auto const entry = state::Store(options.root).open(id);
  auto const lock = entry.lock(linux::in(lock_time));
  auto const record = entry.read();
  if (!record) {
    entry.remove();  // killed before it had made anything
    return;
  }
  auto const status = state::status(entry, *record);
  if (!how.force && !deletable(status)) {
    fail(ErrorKind::state, "container is {}", word(status));
  }
  destroy(entry, *record);
}

}  // namespace proa::phase
