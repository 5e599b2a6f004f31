// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "state/status.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "linux/file.hpp"

namespace proa::state {

std::optional<linux::Pid> init_of(spec::Record const& record) {
  if (record.state.pid <= 0) return std::nullopt;
  auto pidfd = linux::pidfd_open(record.state.pid);
  if (pidfd.is(ESRCH, EINVAL)) return std::nullopt;
  linux::Pid init{record.state.pid,
                  std::move(pidfd).or_fail("look up process {}", record.state.pid)};
  // Whoever has the number now is held by the descriptor, so it can be asked who it is.  It has no
  // such inode where pidfd_open(2) is denied.
  auto const inode = record.pidfd_inode == 0 ? 0 : linux::pidfd_inode(init.fd);
  if (inode != 0 && inode != record.pidfd_inode) return std::nullopt;
  auto const stat = linux::process_stat(init.number);
  if (stat.is(ESRCH)) return std::nullopt;
  if (!stat) fail_errno(stat.error(), "read the state of process {}", init.number);
  bool const ended = (*stat).state == 'Z' || (*stat).state == 'X';
  if (ended || (*stat).start_time != record.start_time) return std::nullopt;
  return init;
}

Status status(Entry const& entry, spec::Record const& record) {
  if (!init_of(record)) {
    // A create that is under way has no init yet; one that was killed never will.
    return record.state.status == Status::creating && record.state.pid == 0 ? Status::creating
                                                                            : Status::stopped;
  }
  if (record.state.status == Status::creating) return Status::creating;
  return entry.init_waits() ? Status::created : Status::running;
}

std::string owner_name(uid_t uid) {
  auto const users = linux::read_file(linux::at_cwd, "/etc/passwd");
  if (users) {
    for (auto const line : text::split(*users, '\n')) {
      auto const fields = text::split(line, ':');
      if (fields.size() > 2 && text::number<uid_t>(fields[2]) == uid) return std::string(fields[0]);
    }
  }
  return std::to_string(uid);
}

}  // namespace proa::state
