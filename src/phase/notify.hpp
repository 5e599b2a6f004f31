// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// sd_notify(3): the container's process tells the manager of the service that it is ready.
//
//   container                     proa                                      manager
//   /run/notify/notify.sock  ───▶ takes a datagram apart, keeps what    ───▶ $NOTIFY_SOCKET
//                                 a container may say, adds MAINPID
//
// The container is hostile: it can't reach the manager's socket, and what it sends is data.  Only
// words that speak of its own service go on (forwardable()), one datagram at a time, so many in a
// second.  Descriptors that come along are closed unseen, which is what BARRIER=1 asks for.
// Never waits for the manager without a limit.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "proa/spec.hpp"
#include "state/store.hpp"

namespace proa::phase {

/// Gives the container `directory` at /run/notify and NOTIFY_SOCKET in its environment.  Returns
/// false and does nothing when config.json brings a socket of somebody else, or nothing
/// that could use ours.
bool offer_notify_socket(Spec& spec, std::string const& directory);

/// The lines of a datagram that may go on; empty when there is none.  Never anything that makes a
/// manager keep descriptors, follow another process or change the limits of the service.
std::string forwardable(std::string_view datagram);

class Notifier {
 public:
  using Clock = std::chrono::steady_clock;

  /// Listens for the container of `entry`.  Nothing, after a warning, when nobody listens on
  /// `manager`.
  static std::optional<Notifier> open(state::Entry const& entry, std::string const& manager);

  /// `main` is whom the manager is to watch once the container is ready, as the host counts.
  void set_main(pid_t main) { main_ = main; }

  /// Appends what to wait for; always the same number of entries.
  void add_to(std::vector<pollfd>& fds);
  /// When to look again though nothing came; nullopt: not at all.
  linux::Deadline deadline() const;
  /// Moves what can be moved; `fds` as add_to() left them, polled.
  void pump(std::vector<pollfd> const& fds);
  /// After the container's end: what it has said last.
  void drain();

  /// Until the container is ready, and the manager knows, or `process` has ended.
  void wait_ready(linux::Pid const& process);

 private:
  Notifier(linux::Fd container, linux::Fd manager)
      : container_(std::move(container)), manager_(std::move(manager)) {}
  void take();
  void pass_on();
  void await_manager();
  bool resting() const;

  linux::Fd container_;  ///< none once the manager is gone
  linux::Fd manager_;
  pid_t main_ = 0;
  std::string pending_;  ///< taken from the container, not yet by the manager
  bool ready_ = false;   ///< READY=1 has gone on
  unsigned taken_ = 0;   ///< since `since_`
  Clock::time_point since_{};
  std::size_t first_ = 0;  ///< index of our entries in the polled list
};

}  // namespace proa::phase
