// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The runtime's half of SCMP_ACT_NOTIFY: gives the listener of a process's filter to the agent at
// listenerPath, with what config-linux.md#containerprocessstate says of the process.
#pragma once

#include <string>

#include "linux/fd.hpp"
#include "spec/record.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

class Agent {
 public:
  /// Connects where the container's filter asks an agent, so that one that is not there is an
  /// Error before the process has gone anywhere; else does nothing, as does hand_over().
  explicit Agent(spec::Record const& record);

  /// Takes Notify, sends the listener and `state`, whose pid is the process's, says Notified.
  /// Throws Error; then the process has to end.
  void hand_over(sync::Channel const& channel, State state);

 private:
  linux::Fd connection_;
  std::string const& path_;
  std::string const& metadata_;
};

}  // namespace proa::phase
