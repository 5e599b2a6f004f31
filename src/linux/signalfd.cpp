// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/signalfd.hpp"

#include <sys/signalfd.h>

#include <array>

namespace proa::linux {

namespace {

sigset_t all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  return all;
}

}  // namespace

BlockedSignals::BlockedSignals() noexcept {
  auto const all = all_signals();
  ::sigprocmask(SIG_BLOCK, &all, &before_);
}

BlockedSignals::~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

Outcome<Fd> signal_file() {
  auto const all = all_signals();
  Fd file(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!file) return Errno::last();
  return file;
}

Outcome<std::vector<int>> read_signals(FdRef file) {
  std::vector<int> signals;
  std::array<::signalfd_siginfo, 16> infos;
  for (;;) {
    auto const got = ::read(file.number(), infos.data(), sizeof infos);
    if (got < 0 && errno == EAGAIN) return signals;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Errno::last();
    auto const count = static_cast<std::size_t>(got) / sizeof infos[0];
    for (std::size_t i = 0; i < count; ++i) signals.push_back(static_cast<int>(infos[i].ssi_signo));
  }
}

}  // namespace proa::linux
