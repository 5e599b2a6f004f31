// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/agent.hpp"

#include <utility>

#include "base/error.hpp"
#include "linux/socket.hpp"
#include "spec/encode.hpp"
#include "spec/version.hpp"

namespace proa::phase {

Agent::Agent(spec::Record const& record)
    : path_(record.shared.listener_path), metadata_(record.shared.listener_metadata) {
  if (path_.empty()) return;
  // runc's words, which its users' tests look for.
  connection_ = linux::connect_stream(path_).or_fail(
      "/linux/seccomp/listenerPath: failed to connect with seccomp agent specified in the seccomp "
      "profile: {}",
      path_);
}

void Agent::hand_over(sync::Channel const& channel, State state) {
  if (!connection_) return;
  auto const listener = channel.receive<sync::Notify>().listener;
  auto const pid = state.pid;
  auto const text = spec::encode(
      spec::ProcessState{spec::version, {"seccompFd"}, pid, metadata_, std::move(state)});
  // The descriptors have to travel with the first sendmsg(2), and all of it fits into one.
  linux::send_packet(connection_, text, listener)
      .or_fail("/linux/seccomp/listenerPath: send to the seccomp agent at {}", path_);
  // Exactly one state per connection.
  connection_ = linux::Fd();
  channel.send(sync::Notified{});
}

}  // namespace proa::phase
