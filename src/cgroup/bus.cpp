// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/bus.hpp"

#include <poll.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "linux/socket.hpp"

namespace proa::cgroup {

namespace {

constexpr char service[] = "org.freedesktop.systemd1";
constexpr char manager_path[] = "/org/freedesktop/systemd1";
constexpr char manager_interface[] = "org.freedesktop.systemd1.Manager";
constexpr char daemon_name[] = "org.freedesktop.DBus";
constexpr char daemon_path[] = "/org/freedesktop/DBus";

/// Who we are the kernel tells the other side; no name also fits in a user namespace, where our
/// idea of our uid is not theirs.  D-Bus Specification, "Authentication Protocol".
constexpr char greeting[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

/// The path in "unix:path=/run/user/1000/bus,guid=..."; empty when it is another kind of address.
std::string socket_of(std::string_view addresses) {
  constexpr std::string_view key = "unix:path=";
  for (auto const address : text::split(addresses, ';')) {
    if (!address.starts_with(key)) continue;
    return std::string(text::split(address.substr(key.size()), ',').front());
  }
  return {};
}

std::string value(Environment environment, char const* name) {
  auto const* const text = environment(name);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

std::vector<BusAddress> bus_addresses(ServiceManager manager, Environment environment) {
  std::vector<BusAddress> addresses;
  auto const add = [&](std::string path, bool direct) {
    if (!path.empty()) addresses.push_back({std::move(path), direct});
  };
  if (manager == ServiceManager::system) {
    add("/run/systemd/private", true);
    add(socket_of(value(environment, "DBUS_SYSTEM_BUS_ADDRESS")), false);
    add("/run/dbus/system_bus_socket", false);
    return addresses;
  }
  auto const runtime = value(environment, "XDG_RUNTIME_DIR");
  if (!runtime.empty()) add(runtime + "/systemd/private", true);
  add(socket_of(value(environment, "DBUS_SESSION_BUS_ADDRESS")), false);
  if (!runtime.empty()) add(runtime + "/bus", false);
  return addresses;
}

Bus::Bus(std::vector<BusAddress> const& addresses, std::chrono::milliseconds patience)
    : patience_(patience) {
  if (addresses.empty()) {
    fail(ErrorKind::failed,
         "systemd's user manager is not to be found: neither XDG_RUNTIME_DIR nor "
         "DBUS_SESSION_BUS_ADDRESS is set");
  }
  bool const found = std::any_of(addresses.begin(), addresses.end(),
                                 [&](BusAddress const& address) { return connect(address); });
  if (!found) {
    std::vector<std::string> paths;
    paths.reserve(addresses.size());
    for (auto const& address : addresses) paths.push_back(address.path);
    fail(ErrorKind::failed, "systemd is not to be reached: nobody listens on {}",
         text::join(paths, ", "));
  }
  // The answer is read later, when it has come by itself.
  write({greeting, sizeof greeting - 1}, deadline());
  if (!direct_) join_daemon();
}

bool Bus::connect(BusAddress const& address) {
  auto socket = linux::connect_stream_at_once(address.path);
  if (socket.is(EAGAIN)) {
    fail(ErrorKind::failed, "systemd did not answer: the queue of {} is full", address.path);
  }
  if (!socket) {
    log::debug("connect to {}: {}", address.path, errno_text(socket.error()));
    return false;
  }
  socket_ = std::move(*socket);
  direct_ = address.direct;
  return true;
}

/// Without a name nobody may speak, and signals are for those who ask: both the daemon and systemd
/// have to be told.
void Bus::join_daemon() {
  auto const match =
      fmt::format("type='signal',interface='{}',member='JobRemoved'", manager_interface);
  std::uint32_t const sent[] = {
      send({daemon_name, daemon_path, daemon_name, "Hello", {}}),
      send({daemon_name, daemon_path, daemon_name, "AddMatch", {dbus::string(match)}}),
      send({service, manager_path, manager_interface, "Subscribe", {}}),
  };
  for (auto const serial : sent) {
    auto const reply = answer(serial, deadline());
    if (reply.kind == dbus::Kind::error) {
      fail(ErrorKind::failed, "the D-Bus daemon refuses us: {}", reply.error_name);
    }
  }
}

dbus::Message Bus::call(std::string const& member, dbus::Values arguments) {
  doing_ = member;
  auto const serial =
      send({direct_ ? "" : service, manager_path, manager_interface, member, std::move(arguments)});
  return answer(serial, deadline());
}

std::string Bus::job_result(std::string const& job) {
  auto const until = deadline();
  for (;;) {
    while (!signals_.empty()) {
      auto const signal = std::move(signals_.front());
      signals_.pop_front();
      auto const texts = signal.texts();  // id, job, unit, result
      if (texts.size() == 4 && texts[1] == job) return texts[3];
    }
    auto message = next(until);
    if (message.member == "JobRemoved") signals_.push_back(std::move(message));
  }
}

std::uint32_t Bus::send(dbus::Call const& call) {
  authenticated(deadline());
  write(dbus::marshal(call, ++serial_), deadline());
  return serial_;
}

dbus::Message Bus::answer(std::uint32_t serial, linux::Deadline deadline) {
  for (;;) {
    auto message = next(deadline);
    if (message.kind == dbus::Kind::signal) {
      // JobRemoved may come before the answer that says which job it is.
      if (message.member == "JobRemoved") signals_.push_back(std::move(message));
    } else if (message.reply_serial == serial) {
      return message;
    }
  }
}

/// "DATA", as we gave no name, then "OK" and the server's id.
void Bus::authenticated(linux::Deadline deadline) {
  while (!authenticated_) {
    auto const end = unread_.find("\r\n");
    if (end == std::string::npos) {
      read_more(deadline);
      continue;
    }
    auto const line = unread_.substr(0, end);
    unread_.erase(0, end + 2);
    if (line.starts_with("REJECTED")) fail(ErrorKind::failed, "systemd does not let us in");
    authenticated_ = line.starts_with("OK ");
  }
}

dbus::Message Bus::next(linux::Deadline deadline) {
  for (;;) {
    auto const size = dbus::message_size(unread_);
    if (size != 0 && unread_.size() >= size) {
      auto message = dbus::parse(std::string_view(unread_).substr(0, size));
      unread_.erase(0, size);
      return message;
    }
    read_more(deadline);
  }
}

void Bus::write(std::string_view bytes, linux::Deadline deadline) {
  while (!bytes.empty()) {
    auto const sent = linux::send_some(socket_, bytes);
    if (sent.is(EAGAIN)) {
      wait(POLLOUT, deadline);
      continue;
    }
    bytes.remove_prefix(linux::Outcome(sent).or_fail("talk to systemd"));
  }
}

void Bus::read_more(linux::Deadline deadline) {
  wait(POLLIN, deadline);
  char buffer[16384];
  auto const size = linux::receive_some(socket_, buffer).or_fail("listen to systemd");
  if (size == 0) fail(ErrorKind::failed, "systemd has closed the connection during {}", doing_);
  unread_.append(buffer, size);
}

void Bus::wait(short events, linux::Deadline deadline) const {
  pollfd ready{socket_.number(), events, 0};
  if (linux::poll({&ready, 1}, deadline).or_fail("wait for systemd")) return;
  fail(ErrorKind::failed, "systemd did not answer {} in {} s", doing_,
       std::chrono::duration_cast<std::chrono::seconds>(patience_).count());
}

}  // namespace proa::cgroup
