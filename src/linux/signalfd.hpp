// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// signalfd(2): signals as something to wait for beside everything else.
#pragma once

#include <signal.h>

#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// Blocks every signal that can be blocked; the mask is as it was when the object goes.
class BlockedSignals {
 public:
  BlockedSignals() noexcept;
  BlockedSignals(BlockedSignals const&) = delete;
  BlockedSignals& operator=(BlockedSignals const&) = delete;
  ~BlockedSignals();

 private:
  sigset_t before_;
};

/// A non-blocking descriptor for all signals.
Outcome<Fd> signal_file();
/// The signals that have come, none if none has.
Outcome<std::vector<int>> read_signals(FdRef file);

}  // namespace proa::linux
