// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/exhausted.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "cgroup/files.hpp"

namespace proa::cgroup {

namespace {

/// Where a controller counts what its limit has done, and the limit.
struct Counter {
  char const* controller;
  char const* file;
  char const* key;
  char const* limit;
};

constexpr Counter kills_v1{"memory", "memory.oom_control", "oom_kill", "memory.limit_in_bytes"};
constexpr Counter kills_v2{"memory", "memory.events", "oom_kill", "memory.max"};
// The same in both; the limit may be one above, and then its own group has counted.
constexpr Counter refusals{"pids", "pids.events", "max", "pids.max"};

std::string limit_that(Counter const& counter, spec::CgroupRecord const& record) {
  auto const group = open_record(&record);
  Files const files(group);
  if (files.map(counter.file)[counter.key] == 0) return {};
  return fmt::format("{} = {}", counter.limit, text::trim(files.text(counter.limit)));
}

}  // namespace

std::string oom_killer(Records const& records) {
  auto const* const record = record_of(records, "memory");
  if (record == nullptr) return {};
  return limit_that(record->v2 ? kills_v2 : kills_v1, *record);
}

std::string refused_fork(Records const& records) {
  auto const* const record = record_of(records, "pids");
  return record == nullptr ? std::string() : limit_that(refusals, *record);
}

}  // namespace proa::cgroup
