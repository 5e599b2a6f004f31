// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/run.hpp"

#include <poll.h>
#include <signal.h>

#include <optional>
#include <vector>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/prctl.hpp"
#include "linux/signalfd.hpp"
#include "phase/create.hpp"
#include "phase/delete.hpp"
#include "phase/relay.hpp"
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

/// The wait of a foreground run.
class Foreground {
 public:
  Foreground(linux::Pid const& init, linux::FdRef signals, Relay* relay)
      : init_(init), signals_(signals), relay_(relay) {}

  linux::Exit wait() {
    while (!exit_) {
      std::vector<pollfd> fds{{signals_.number(), POLLIN, 0}};
      if (relay_ != nullptr) relay_->add_to(fds);
      linux::poll(fds, std::nullopt).or_fail("wait for the container");
      if (fds[0].revents != 0) take_signals();
      if (relay_ != nullptr) relay_->pump(fds);
    }
    if (relay_ != nullptr) relay_->drain();
    return *exit_;
  }

 private:
  void take_signals() {
    for (int signal : linux::read_signals(signals_).or_fail("read signals")) {
      if (signal == SIGCHLD) {
        reap();
      } else if (signal == SIGWINCH && relay_ != nullptr) {
        relay_->resize();
      } else {
        linux::send_signal(init_.fd, signal).ignore();  // ESRCH: SIGCHLD is on its way
      }
    }
  }

  /// Init, and as a subreaper all that lost their parents.
  void reap() {
    for (;;) {
      auto const reaped = linux::reap_any();
      if (!reaped || (*reaped).pid == 0) return;
      if ((*reaped).pid == init_.number) exit_ = (*reaped).exit;
    }
  }

  linux::Pid const& init_;
  linux::FdRef signals_;
  Relay* relay_;
  std::optional<linux::Exit> exit_;
};

int run_in_foreground(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.no_subreaper) linux::set_child_subreaper().or_fail("become a subreaper");
  // Before create, so that no signal falls between; init and the hooks unblock them for themselves.
  linux::BlockedSignals const blocked;
  auto const signals = linux::signal_file().or_fail("make a signal descriptor");
  auto created = create(options, id, how, Starter::foreground);
  std::optional<Relay> relay;
  if (created.console) relay.emplace(std::move(created.console));
  start_created(options, created);
  auto const exit = Foreground(created.init, signals, relay ? &*relay : nullptr).wait();
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
