// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/update.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/controllers.hpp"
#include "cgroup/kept.hpp"
#include "cgroup/limits.hpp"
#include "cgroup/plan.hpp"
#include "cgroup/properties.hpp"
#include "cgroup/scope.hpp"
#include "cgroup/write.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

// --- what is there ------------------------------------------------------------------------------

std::string now_in(spec::CgroupRecord const* record, std::string const& file) {
  auto const group = open_record(record);
  return group ? std::string(text::trim(read_if_there(group, file))) : std::string();
}

std::vector<Group> groups_of(Records const& records) {
  std::vector<Group> groups;
  for (auto const& record : records) {
    Group group;
    group.v2 = record.v2;
    group.path = record.path.substr(1);  // below the mount point "", so that it is absolute again
    group.controllers = record.controllers;
    groups.push_back(std::move(group));
  }
  return groups;
}

bool given(auto const& number) { return number.value_or(0) != 0; }

/// cpu.max of v2, and systemd's word for both versions, is quota and period: who gives one of them
/// keeps the other.
void complete_bandwidth(spec::Cpu& cpu, Records const& records) {
  auto const* const record = record_of(records, "cpu");
  if (record == nullptr || given(cpu.quota) == given(cpu.period)) return;
  auto const now = record->v2 ? now_in(record, "cpu.max")
                              : fmt::format("{} {}", now_in(record, "cpu.cfs_quota_us"),
                                            now_in(record, "cpu.cfs_period_us"));
  auto const words = text::split(now, ' ');
  if (words.size() != 2) return;
  if (given(cpu.quota)) {
    cpu.period = text::number<std::uint64_t>(words[1]);
  } else {
    cpu.quota = text::number<std::int64_t>(words[0]).value_or(-1);  // "max"
  }
}

/// A limit for memory and swap together is held against the one of memory, and v2 has swap alone.
void complete_swap(spec::Memory& memory, Records const& records) {
  auto const* const record = record_of(records, "memory");
  if (record == nullptr || memory.swap.value_or(0) <= 0 || given(memory.limit)) return;
  memory.limit = text::number<std::int64_t>(
      now_in(record, record->v2 ? "memory.max" : "memory.limit_in_bytes"));
}

/// An idle group has no weight that could be changed: who asks for both gets the first, who asks
/// for a weight alone gets a group that is idle no more.  One that is not idle needs no end of it,
/// which systemd would take for the end of its weight.
void settle_idle(spec::Resources& resources, Records const& records) {
  auto& cpu = resources.cpu;
  auto& unified = resources.unified;
  auto const now = now_in(record_of(records, "cpu"), "cpu.idle");
  if (now == "0") {
    if (cpu.idle == 0) cpu.idle.reset();
    std::erase_if(unified,
                  [&](auto const& each) { return each.first == "cpu.idle" && each.second == now; });
  }
  auto const idle = unified.find("cpu.idle");
  bool const asked = idle == unified.end() ? cpu.idle.value_or(0) == 1 : idle->second == "1";
  bool const weighed = given(cpu.shares) || unified.contains("cpu.weight");
  if (!weighed) return;
  if (asked) {
    log::warn("unable to apply both a weight and cpu.idle: the weight is left out");
    cpu.shares.reset();
    unified.erase("cpu.weight");
  } else if (!cpu.idle && now == "1") {
    cpu.idle = 0;
  }
}

// --- config-linux.md#memory: checkBeforeUpdate --------------------------------------------------

void check_usage(spec::Memory const& memory, Records const& records) {
  auto const* const record = record_of(records, "memory");
  if (record == nullptr) return;
  auto const used = [&](char const* file) {
    return text::number<std::int64_t>(now_in(record, file)).value_or(0);
  };
  auto const refuse_below = [](std::optional<std::int64_t> limit, char const* what,
                               std::int64_t usage) {
    if (limit.value_or(0) <= 0 || *limit > usage) return;
    fail(ErrorKind::failed, "rejecting {} limit {}: {} bytes are in use", what, *limit, usage);
  };
  auto const usage = used(record->v2 ? "memory.current" : "memory.usage_in_bytes");
  refuse_below(memory.limit, "memory", usage);
  refuse_below(
      memory.swap, "memory+swap",
      record->v2 ? usage + used("memory.swap.current") : used("memory.memsw.usage_in_bytes"));
}

/// One that was made with the cgroup manager disabled, or where no cgroup could be had.
void refuse_limits(spec::Resources const& resources) {
  auto const limit = first_limit(resources);
  if (limit.empty()) return;
  fail(ErrorKind::unsupported, "{}: the container is in no cgroup of its own", limit);
}

// --- all or nothing -----------------------------------------------------------------------------

/// Files with a line for a device or the like, and what sets one of them back to nothing.
constexpr std::pair<std::string_view, std::string_view> keyed[] = {
    {"blkio.bfq.weight_device", "0"},
    {"blkio.leaf_weight_device", "0"},
    {"blkio.throttle.read_bps_device", "0"},
    {"blkio.throttle.read_iops_device", "0"},
    {"blkio.throttle.write_bps_device", "0"},
    {"blkio.throttle.write_iops_device", "0"},
    {"blkio.weight_device", "0"},
    {"io.bfq.weight", "default"},
    {"io.latency", "target=0"},
    {"io.max", "rbps=max wbps=max riops=max wiops=max"},
    {"io.weight", "default"},
    {"net_prio.ifpriomap", "0"},
    {"rdma.max", "hca_handle=max hca_object=max"},
};

/// The line of `text` that begins with `key`.
std::string_view line_of(std::string_view text, std::string_view key) {
  for (auto const line : text::split(text, '\n')) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) return line;
  }
  return {};
}

/// Writes that can be taken back.
class Transaction {
 public:
  explicit Transaction(spec::CgroupRecord const& record) : dir_(open_record(&record)) {}

  linux::Outcome<void> put(Write const& write) {
    if (!dir_) return linux::Errno{ENOENT};
    auto const written = put(write.file, write.value);
    if (!written.is(ENOENT) || !write.substitute) return written;
    return put(write.substitute->file, write.substitute->value);
  }

  /// Each step back is to values that stood beside each other before, so none is refused.
  void put_back(Group const& group) noexcept {
    for (; !done_.empty(); done_.pop_back()) {
      auto const& [file, value] = done_.back();
      auto const written = linux::write_file(dir_, file, value);
      if (written) continue;
      log::warn("put \"{}\" back into {}/{}: {}", value, group.directory(), file,
                errno_text(written.error()));
    }
  }

 private:
  linux::Outcome<void> put(std::string const& file, std::string const& value) {
    auto const before = linux::read_file(dir_, file);
    if (!before) return linux::Errno{before.error()};
    if (text::trim(*before) == value) return {};
    auto const written = linux::write_file(dir_, file, value);
    if (written) done_.emplace_back(file, former_value(file, value, *before));
    return written;
  }

  linux::Fd dir_;
  std::vector<std::pair<std::string, std::string>> done_;
};

/// Controllers that create had no use for: a hybrid host has only those in v2 that were asked for.
void have_controllers_of(Group const& group, spec::CgroupRecord const& record) {
  Names needed;
  for (auto const* const writes : {&group.writes, &group.late_writes}) {
    for (auto const& write : *writes) {
      auto const name = write.file.substr(0, write.file.find('.'));
      if (has(record, name)) needed.push_back(name);
    }
  }
  if (!needed.empty()) have_controllers(record.path, needed);
}

/// Some values bound each other, like the limits of memory and of memory and swap: what is EINVAL
/// is tried again when the others are written.
void put_all(Transaction& transaction, Group const& group) {
  auto writes = group.writes;
  writes.insert(writes.end(), group.late_writes.begin(), group.late_writes.end());
  std::vector<Write const*> again;
  for (auto const& write : writes) {
    auto const written = transaction.put(write);
    if (written.is(EINVAL)) {
      again.push_back(&write);
    } else {
      check(written, group, write);
    }
  }
  for (auto const* write : again) check(transaction.put(*write), group, *write);
}

/// systemd is to know the limits, but what it makes of them and of all others is not to stay.
void tell(spec::UnitRecord const& unit, Properties const& limits, Records const& records) {
  if (limits.empty()) return;
  std::vector<Kept> const groups(records.begin(), records.end());
  set_properties(unit, limits);
  for (auto const& group : groups) group.put_back();
}

}  // namespace

std::string former_value(std::string_view file, std::string_view value, std::string_view text) {
  text = text::trim(text);
  auto const key = value.substr(0, value.find(' '));
  auto const row = std::find_if(std::begin(keyed), std::end(keyed),
                                [&](auto const& r) { return r.first == file; });
  if (row != std::end(keyed) && key != value) {
    auto const line = line_of(text, key);
    return line.empty() ? fmt::format("{} {}", key, row->second) : std::string(line);
  }
  auto line = text.substr(0, text.find('\n'));
  // "oom_kill_disable 0", but the number is written alone.
  if (file == "memory.oom_control") line.remove_prefix(line.rfind(' ') + 1);
  // write(2) of nothing at all would not reach the kernel's file.
  return line.empty() ? "\n" : std::string(line);
}

void update(Records const& records, spec::Resources resources,
            std::optional<spec::UnitRecord> const& unit) {
  resources.devices.clear();
  if (records.empty()) return refuse_limits(resources);
  // What is asked for, before it is completed: the limits that are there may be used up.
  if (resources.memory.check_before_update.value_or(false)) check_usage(resources.memory, records);
  complete_bandwidth(resources.cpu, records);
  complete_swap(resources.memory, records);
  settle_idle(resources, records);
  auto groups = groups_of(records);
  add_limits(groups, resources);

  std::vector<Transaction> transactions;
  Undo undo([&] {
    for (auto i = transactions.size(); i-- > 0;) transactions[i].put_back(groups[i]);
  });
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (records[i].v2) have_controllers_of(groups[i], records[i]);
    put_all(transactions.emplace_back(records[i]), groups[i]);
  }
  // The kernel first: it knows better than systemd what can't be.
  if (unit) tell(*unit, limits_of(groups), records);
  undo.dismiss();
}

}  // namespace proa::cgroup
