// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/blame.hpp"

#include <chrono>

#include "base/error.hpp"
#include "cgroup/exhausted.hpp"
#include "sync/channel.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

// Between the end of its descriptors and its own a process has little to do.
constexpr auto dying_time = 1s;

std::string words(std::string const& limit) {
  return fmt::format("container init was OOM-killed: {}", limit);
}

}  // namespace

void blame_limits(Error const& error, cgroup::Records const& groups, linux::Pid const& process) {
  if (auto const* const failed = dynamic_cast<sync::InitFailed const*>(&error)) {
    if (failed->number() != EAGAIN) return;
    auto const limit = cgroup::refused_fork(groups);
    if (limit.empty()) return;
    throw sync::InitFailed(failed->stage(), failed->kind(), failed->number(),
                           fmt::format("{}: {}", failed->text(), limit));
  }
  // It has said nothing.  A killer that has been here is to blame if it has also died.
  auto const limit = cgroup::oom_killer(groups);
  if (limit.empty() || !process.fd) return;
  auto const ended = linux::wait_ended(process.fd, linux::in(dying_time));
  if (ended && *ended) fail(ErrorKind::failed, "{}", words(limit));
}

void check_executed(spec::Record const& record) {
  auto const stat = linux::process_stat(record.state.pid);
  if (!stat || (*stat).start_time != record.start_time || (*stat).executed) return;
  auto const limit = cgroup::oom_killer(record.cgroups);
  // As of a stage that does not take the container with it: it has stopped.
  throw sync::InitFailed(
      sync::Stage::exec, ErrorKind::failed, 0,
      limit.empty() ? "container init has died before it executed its program" : words(limit));
}

}  // namespace proa::phase
