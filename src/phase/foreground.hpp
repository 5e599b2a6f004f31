// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The wait of a `run` or `exec` that stays with its process: signals are handed on to it, its
// terminal is relayed, its exit status comes back, and what it leaves behind is reaped.
#pragma once

#include <optional>

#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "linux/signalfd.hpp"
#include "phase/notify.hpp"
#include "phase/relay.hpp"

namespace proa::phase {

/// What else is attended to meanwhile; nullptr: not there.
struct Attended {
  Relay* relay = nullptr;        ///< of the process's terminal
  Notifier* notifier = nullptr;  ///< of its readiness
};

class Foreground {
 public:
  /// Before the process is made, so that no signal falls between: all are blocked as long as this
  /// lives.  What the process and the hooks inherit of that they put back themselves.
  Foreground();

  /// Waits for a child of this process, and until its last output has been read.  A signal that
  /// asks to end does not wait for the reader.
  linux::Exit wait(linux::Pid const& process, Attended const& attended);

 private:
  bool attend(linux::Pid const& process, Attended const& attended, linux::Deadline deadline);
  void take_signals(linux::Pid const& process, Relay* relay);
  void reap(pid_t awaited);

  linux::BlockedSignals blocked_;
  linux::Fd signals_;
  std::optional<linux::Exit> exit_;
  bool asked_ = false;    ///< told to end, perhaps while the process was ending anyway
  bool hurried_ = false;  ///< told to end after the process had
};

}  // namespace proa::phase
