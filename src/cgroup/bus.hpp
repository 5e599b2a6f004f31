// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A connection to a systemd, the system's or a user's: on its own socket where the caller may use
// it, else through the D-Bus daemon.  On its own socket one call is two messages and systemd sends
// its signals unasked; the daemon wants three more calls before.  Every wait has a deadline, and
// the Error says that systemd did not answer: one that is busy or hangs must not take its callers
// with it.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cgroup/dbus.hpp"
#include "linux/fd.hpp"
#include "linux/pid.hpp"

namespace proa::cgroup {

/// Whose units.
enum class ServiceManager : std::uint8_t { system, user };

struct BusAddress {
  std::string path;     ///< of a unix(7) socket
  bool direct = false;  ///< systemd's own, not the daemon's
  bool operator==(BusAddress const&) const = default;
};

/// A variable of the environment; nullptr when it is not set.
using Environment = char const* (*)(char const* name);

/// Where to look, in this order.  Of $DBUS_SYSTEM_BUS_ADDRESS and $DBUS_SESSION_BUS_ADDRESS those
/// with unix:path= count.
std::vector<BusAddress> bus_addresses(ServiceManager manager, Environment environment);

class Bus {
 public:
  /// How long systemd may take for an answer, and for a job.
  static constexpr std::chrono::seconds answer_time{30};

  /// Takes the first of the addresses where somebody listens.  Throws Error.
  explicit Bus(std::vector<BusAddress> const& addresses, std::chrono::milliseconds patience);

  /// Calls a method of org.freedesktop.systemd1.Manager.  The answer may be an error.  Throws
  /// Error when none comes in time.
  dbus::Message call(std::string const& member, dbus::Values arguments);

  /// Waits for the end of a job and says how it went: "done", "failed", "timeout" ...
  std::string job_result(std::string const& job);

 private:
  bool connect(BusAddress const& address);
  void join_daemon();
  std::uint32_t send(dbus::Call const& call);
  dbus::Message answer(std::uint32_t serial, linux::Deadline deadline);
  void authenticated(linux::Deadline deadline);
  dbus::Message next(linux::Deadline deadline);
  void write(std::string_view bytes, linux::Deadline deadline);
  void wait(short events, linux::Deadline deadline) const;
  void read_more(linux::Deadline deadline);
  linux::Deadline deadline() const { return linux::in(patience_); }

  std::chrono::milliseconds patience_;
  linux::Fd socket_;
  bool direct_ = false;
  bool authenticated_ = false;
  std::string doing_ = "the authentication";  ///< what is waited for, for error messages
  std::uint32_t serial_ = 0;
  std::string unread_;
  std::deque<dbus::Message> signals_;
};

}  // namespace proa::cgroup
