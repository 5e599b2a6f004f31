// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/foreground.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/error.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

// For whoever reads the last output of a process, when we were told to end.
constexpr auto patience = 2s;

linux::Deadline next_look(Attended const& attended) {
  auto const relay = attended.relay != nullptr ? attended.relay->deadline() : std::nullopt;
  auto const notifier = attended.notifier != nullptr ? attended.notifier->deadline() : std::nullopt;
  if (!relay || !notifier) return relay ? relay : notifier;
  return std::min(*relay, *notifier);
}

}  // namespace

Foreground::Foreground() : signals_(linux::signal_file().or_fail("make a signal descriptor")) {}

linux::Exit Foreground::wait(linux::Pid const& process, Attended const& attended) {
  while (!exit_) attend(process, attended, next_look(attended));
  if (attended.notifier != nullptr) attended.notifier->drain();
  if (attended.relay == nullptr) return *exit_;
  attended.relay->finish();
  auto const limit = asked_ ? linux::in(patience) : std::nullopt;
  while (attended.relay->holds_output() && !hurried_) {
    if (!attend(process, {attended.relay}, limit)) break;
  }
  return *exit_;
}

/// False when the deadline has passed.
bool Foreground::attend(linux::Pid const& process, Attended const& attended,
                        linux::Deadline deadline) {
  auto const& [relay, notifier] = attended;
  std::vector<pollfd> fds{{signals_.number(), POLLIN, 0}};
  if (relay != nullptr) relay->add_to(fds);
  if (notifier != nullptr) notifier->add_to(fds);
  if (!linux::poll(fds, deadline).or_fail("wait for the container")) return false;
  if (fds[0].revents != 0) take_signals(process, relay);
  if (relay != nullptr) relay->pump(fds);
  if (notifier != nullptr) notifier->pump(fds);
  return true;
}

void Foreground::take_signals(linux::Pid const& process, Relay* relay) {
  for (int const signal : linux::read_signals(signals_).or_fail("read signals")) {
    if (signal == SIGCHLD) {
      reap(process.number);
    } else if (signal == SIGWINCH && relay != nullptr) {
      relay->resize();
    } else {
      if (signal == SIGCONT && relay != nullptr) relay->resume();
      bool const ending = signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
      asked_ = asked_ || ending;
      hurried_ = hurried_ || (exit_ && ending);
      linux::send_signal(process.fd, signal).ignore();  // ESRCH: SIGCHLD is on its way
    }
  }
}

/// The one that is waited for, and in a subreaper all that lost their parents.
void Foreground::reap(pid_t awaited) {
  for (;;) {
    auto const reaped = linux::reap_any();
    if (!reaped || (*reaped).pid == 0) return;
    if ((*reaped).pid == awaited) exit_ = (*reaped).exit;
  }
}

}  // namespace proa::phase
