// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the container's first process and one that joins it later have in common: how they start,
// how they complain, and how they give up what they may do.  Runs in them, never in the runtime.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "process/plan.hpp"
#include "security/capabilities.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

/// Warnings travel to the runtime, which knows where log lines go.
class Messenger final : public log::Sink {
 public:
  explicit Messenger(sync::Channel const& channel) : channel_(channel) {}
  void line(log::Level, std::string_view text) override;

 private:
  sync::Channel const& channel_;
};

/// Tells the runtime why this process gives up.  Silent when nobody listens any more.
void report(sync::Channel const& channel, sync::Stage stage, Error const& error) noexcept;

/// Closes every descriptor but the standard streams, those from 3 on that the caller wants
/// preserved, the runtime's /proc, and `numbers`, of which negative ones are none.  Signals are as
/// they were by default.
void keep_only(std::vector<int> numbers, std::uint32_t preserve_fds, linux::FdRef proc);

/// What a process is about to become.
struct Identity {
  process::Plan const& process;
  std::optional<capabilities::Plan> const& capabilities;
  std::string const& apparmor_profile;
  std::string const& selinux_label;
  std::string_view filter;  ///< array of struct sock_filter; empty: no filter
  unsigned filter_flags = 0;
  std::uint32_t preserve_fds = 0;
  sync::Channel& channel;  ///< where the listener of a filter goes that asks an agent
};

/// The last thing before execve(2).  `proc` is the runtime's /proc, `root` the container's root.
/// Throws Error.
void become(Identity const& identity, linux::FdRef proc, linux::FdRef root);

}  // namespace proa::phase
