// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The create phase, host side: from a bundle to a container whose init has everything of
// config.json applied and waits.  runtime.md#create, steps 2 to 5 of runtime.md#lifecycle.
#pragma once

#include <string>

#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "proa/container.hpp"
#include "spec/record.hpp"
#include "state/store.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

/// Who says Start to init.
enum class Starter : std::uint8_t {
  later_call,  ///< `start`, over the start socket
  detached,    ///< this process, over the channel, and then it goes
  foreground,  ///< this process, which stays and may relay the terminal
};

/// A created container.  It outlives this value; only the lock goes with it.
struct Created {
  state::Entry entry;
  state::Lock lock;
  spec::Record record;
  linux::Pid init;
  sync::Channel channel;  ///< open only when we are the starter
  linux::Fd console;      ///< the pty's master when no console socket took it
};

/// On failure nothing is left of it: no process, mount, cgroup, file.  Throws Error.
Created create(Options const& options, std::string const& id, CreateOptions const& how,
               Starter starter);

}  // namespace proa::phase
