// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/kept.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/records.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

/// cgroup_context_apply() of systemd, in both versions.  An idle group has no weight to change, so
/// that cpu.idle is put back before it.
constexpr char const* written_by_systemd[] = {
    "blkio.bfq.weight",
    "blkio.weight",
    "cpu.cfs_period_us",
    "cpu.cfs_quota_us",
    "cpu.idle",
    "cpu.max",
    "cpu.shares",
    "cpu.weight",
    "cpuset.cpus",
    "cpuset.mems",
    "io.bfq.weight",
    "io.max",
    "io.weight",
    "memory.high",
    "memory.limit_in_bytes",
    "memory.low",
    "memory.max",
    "memory.min",
    "memory.oom.group",
    "memory.swap.max",
    "memory.zswap.max",
    "memory.zswap.writeback",
    "pids.max",
};

}  // namespace

Kept::Kept(spec::CgroupRecord const& record) : path_(record.path), dir_(open_record(&record)) {
  if (!dir_) return;
  for (std::string const file : written_by_systemd) {
    if (auto text = linux::read_file(dir_, file)) files_.emplace_back(file, *std::move(text));
  }
}

void Kept::put_back() const {
  for (auto const& [file, text] : files_) {
    auto const now = linux::read_file(dir_, file);
    if (!now) continue;  // the group is gone
    auto const lines = text::split(text::trim(*now), '\n');
    // Of the files with a line for each device every line is a value.
    for (auto const line : text::split(text::trim(text), '\n')) {
      bool const there = std::find(lines.begin(), lines.end(), line) != lines.end();
      if (!there) put_back(file, line);
    }
  }
}

void Kept::put_back(std::string const& file, std::string_view line) const {
  // write(2) of nothing at all would not reach the kernel's file.
  auto const written = linux::write_file(dir_, file, line.empty() ? "\n" : line);
  if (written) return;
  log::warn("put \"{}\" back into {}/{} behind systemd: {}", line, path_, file,
            errno_text(written.error()));
}

}  // namespace proa::cgroup
