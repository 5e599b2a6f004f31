// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/kill.hpp"

#include <signal.h>

#include "base/error.hpp"
#include "cgroup/freezer.hpp"
#include "cgroup/manager.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

[[noreturn]] void fail_not_running() { fail(ErrorKind::state, "container not running"); }

/// False when it has ended.
bool signal_init(spec::Record const& record, int signal) {
  auto const init = state::init_of(record);
  if (!init) return false;
  auto const sent = linux::send_signal(init->fd, signal);
  if (sent.is(ESRCH)) return false;
  sent.or_fail("send signal {} to the container's init", signal);
  return true;
}

}  // namespace

void kill(Options const& options, std::string const& id, int signal, KillOptions how) {
  auto const entry = state::Store(options.root).open(id);
  auto const record = entry.read();
  if (!record) fail_not_running();
  // In no cgroup of its own, init is the one process that is known to be the container's.
  if (how.all && !record->cgroups.empty()) return cgroup::signal_all(record->cgroups, signal);
  if (!signal_init(*record, signal)) {
    // With a shared pid namespace the other processes outlive init, so its death is no error.
    if (how.all) return;
    fail_not_running();
  }
  if (signal != SIGKILL) return;
  // A frozen process dies when it is thawed; and nothing else ends with an init that shares its
  // pid namespace.
  if (!record->private_pid_namespace || cgroup::frozen(record->cgroups)) {
    cgroup::signal_all(record->cgroups, SIGKILL);
  }
}

}  // namespace proa::phase
