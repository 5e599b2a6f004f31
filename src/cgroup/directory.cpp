// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/directory.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

/// Reading the files of a group that was removed meanwhile is ENODEV, its name is ENOENT.
template <class T>
bool gone(linux::Outcome<T> const& outcome) {
  return outcome.is(ENOENT, ENODEV);
}

bool passed(linux::Deadline deadline) {
  return deadline && std::chrono::steady_clock::now() > *deadline;
}

std::vector<std::string> children_of(linux::FdRef dir) {
  // kernfs counts subdirectories in st_nlink: in the usual case one call tells that there are none.
  constexpr nlink_t without_children = 2;
  auto const info = linux::stat(dir).or_fail("stat a cgroup");
  if (info.st_nlink == without_children) return {};
  auto names = linux::names_in(dir);
  if (gone(names)) return {};
  std::vector<std::string> children;
  for (auto& name : std::move(names).or_fail("list a cgroup")) {
    auto const entry = linux::stat_at(dir, name);
    if (entry && S_ISDIR((*entry).st_mode)) children.push_back(std::move(name));
  }
  return children;
}

void add_processes(linux::FdRef group, std::vector<pid_t>& pids) {
  auto const text = linux::read_file(group, "cgroup.procs");
  // EOPNOTSUPP: a threaded group, whose processes the group above it lists.
  if (gone(text) || text.is(EOPNOTSUPP)) return;
  if (!text) fail_errno(text.error(), "read cgroup.procs");
  for (auto const line : text::split(*text, '\n')) {
    auto const pid = text::number<pid_t>(line);
    if (pid && *pid > 0) pids.push_back(*pid);  // 0: it has no number in this pid namespace
  }
}

void remove_below(linux::FdRef top) {
  for_each_below(top, [](Below const& below) {
    auto const removed = linux::unlink_at(below.parent, below.name, AT_REMOVEDIR);
    // EBUSY: the caller waits and comes again.
    if (!removed.is(ENOENT, EBUSY)) removed.or_fail("remove cgroup {}", below.name);
  });
}

}  // namespace

linux::Outcome<linux::Fd> open_group(linux::FdRef dir, std::string const& path) {
  return linux::open_at(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

bool flag_in(std::string_view text, std::string_view key) {
  for (auto const line : text::split(text, '\n')) {
    auto const words = text::split(line, ' ');
    if (words.size() == 2 && words[0] == key) return words[1] != "0";
  }
  return false;
}

void for_each_below(linux::FdRef top, std::function<void(Below const&)> const& visit) {
  struct Level {
    std::string name;
    std::vector<std::string> children;  // not visited yet
  };
  auto here = open_group(top, ".").or_fail("open a cgroup");
  std::vector<Level> levels;
  levels.push_back({"", children_of(here)});
  for (;;) {
    auto& level = levels.back();
    if (!level.children.empty()) {
      auto name = std::move(level.children.back());
      level.children.pop_back();
      auto child = open_group(here, name);
      if (gone(child)) continue;
      here = std::move(child).or_fail("open cgroup {}", name);
      levels.push_back({std::move(name), children_of(here)});
    } else if (levels.size() == 1) {
      return;
    } else {
      auto parent = open_group(here, "..").or_fail("open the cgroup above {}", level.name);
      visit({here, parent, level.name});
      here = std::move(parent);
      levels.pop_back();
    }
  }
}

std::vector<pid_t> processes_in(linux::FdRef group) {
  std::vector<pid_t> pids;
  add_processes(group, pids);
  for_each_below(group, [&](Below const& below) { add_processes(below.group, pids); });
  return pids;
}

std::vector<linux::Pid> hold(linux::FdRef group, std::span<pid_t const> pids) {
  std::vector<linux::Pid> held;
  for (auto const pid : pids) {
    auto fd = linux::pidfd_open(pid);
    if (fd.is(ESRCH)) continue;
    held.push_back({pid, std::move(fd).or_fail("open a pidfd of process {}", pid)});
  }
  if (held.empty()) return held;
  // A number may have gone to a stranger before its pidfd was opened.  A stranger is not in the
  // group; and a number that the group has again afterwards means one of its own either way.
  auto const still = processes_in(group);
  std::erase_if(held, [&](auto const& process) {
    return std::find(still.begin(), still.end(), process.number) == still.end();
  });
  return held;
}

bool wait_for(std::vector<linux::Pid> const& processes, linux::Deadline deadline) {
  return std::all_of(processes.begin(), processes.end(), [&](auto const& process) {
    return linux::wait_ended(process.fd, deadline).or_fail("wait for process {}", process.number);
  });
}

bool wait_until_empty(linux::FdRef group, linux::Deadline deadline) {
  for (;;) {
    auto const events = linux::open_at(group, "cgroup.events", O_RDONLY);
    bool const v1 = events.is(ENOENT);
    if (!v1) {
      if (events.is(ENODEV)) return true;
      if (!events) fail_errno(events.error(), "open cgroup.events");
      auto const text = linux::read_all(*events);
      if (gone(text) || (text && !flag_in(*text, "populated"))) return true;
    }
    // The processes first: the kernel sends a "populated notification" no sooner than 10 ms after
    // the last one, so a container of a short life would take ten times as long to end.
    auto const pids = processes_in(group);
    if (!pids.empty()) {
      if (passed(deadline)) return false;  // others may follow those that end for ever
      auto const some = std::span(pids).first(std::min(batch, pids.size()));
      if (!wait_for(hold(group, some), deadline)) return false;
    } else if (v1) {
      return true;
    } else {
      // What is left has no number here, or is on its way out of the group.
      pollfd changed{(*events).number(), POLLPRI, 0};
      if (!linux::poll({&changed, 1}, deadline).or_fail("wait for a cgroup")) return false;
    }
  }
}

std::string list(std::vector<pid_t> const& pids) {
  constexpr std::size_t enough = 10;
  std::string text;
  for (auto const pid : std::span(pids).first(std::min(enough, pids.size()))) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", pid);
  }
  if (pids.size() > enough) text += fmt::format(" and {} more", pids.size() - enough);
  return text;
}

void remove_group(std::string const& path, linux::Deadline deadline) {
  for (;;) {
    auto const removed = linux::unlink_at(linux::at_cwd, path, AT_REMOVEDIR);
    if (removed.is(ENOENT)) return;
    if (!removed.is(EBUSY)) return removed.or_fail("remove cgroup {}", path);
    auto dir = open_group(linux::at_cwd, path);
    if (gone(dir)) return;
    auto const group = std::move(dir).or_fail("open cgroup {}", path);
    remove_below(group);
    if (!wait_until_empty(group, deadline)) {
      removed.or_fail("remove cgroup {}: still alive in it: {}", path, list(processes_in(group)));
    }
    if (passed(deadline)) return removed.or_fail("remove cgroup {}", path);
    // A process leaves its groups a moment after it has ended for all others (Linux 6.19), and v1
    // tells nobody when.
    std::this_thread::yield();
  }
}

}  // namespace proa::cgroup
