// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/events.hpp"

#include <poll.h>

#include <array>
#include <utility>

#include "base/error.hpp"
#include "cgroup/oom.hpp"
#include "cgroup/stats.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

/// A container that has not ended, by its first process.
struct Alive {
  spec::Record record;
  linux::Pid init;
};

Alive find(Options const& options, std::string const& id) {
  auto record = state::Store(options.root).open(id).read();
  auto init = record ? state::init_of(*record) : std::nullopt;
  if (!init) fail(ErrorKind::state, "container not running");
  return {std::move(*record), std::move(*init)};
}

}  // namespace

Stats stats(Options const& options, std::string const& id) {
  return cgroup::stats(find(options, id).record.cgroups);
}

void watch(Options const& options, std::string const& id, std::chrono::milliseconds interval,
           std::function<void(Event const&)> const& report) {
  auto const container = find(options, id);
  auto const& records = container.record.cgroups;
  cgroup::OomWatch oom(records);
  auto next = std::chrono::steady_clock::now() + interval;
  for (bool ended = false; !ended;) {
    std::array<pollfd, 2> fds{pollfd{container.init.fd.number(), POLLIN, 0}, oom.entry()};
    linux::poll_process(fds, next).or_fail("wait for the container");
    ended = fds[0].revents != 0;
    // Also at the end: an init that the kernel has killed was the last event.
    for (auto count = oom.take(); count > 0; --count) report({"oom", id, std::nullopt});
    auto const now = std::chrono::steady_clock::now();
    if (ended || now < next) continue;
    report({"stats", id, cgroup::stats(records)});
    next = now + interval;
  }
}

}  // namespace proa::phase
