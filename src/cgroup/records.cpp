// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/records.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "cgroup/directory.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

template <class Matches>
spec::CgroupRecord const* find(Records const& records, Matches matches) {
  auto const found = std::find_if(records.begin(), records.end(), matches);
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

bool has(spec::CgroupRecord const& record, std::string_view controller) {
  auto const& names = record.controllers;
  return std::find(names.begin(), names.end(), controller) != names.end();
}

spec::CgroupRecord const* record_of(Records const& records, std::string_view controller) {
  return find(records, [&](auto const& record) { return has(record, controller); });
}

spec::CgroupRecord const* v1_record(Records const& records, std::string_view controller) {
  return find(records, [&](auto const& record) { return !record.v2 && has(record, controller); });
}

spec::CgroupRecord const* v2_record(Records const& records) {
  return find(records, [](auto const& record) { return record.v2; });
}

spec::CgroupRecord const* process_record(Records const& records) {
  if (auto const* const v2 = v2_record(records)) return v2;
  if (auto const* const freezer = v1_record(records, "freezer")) return freezer;
  return records.empty() ? nullptr : &records.front();
}

linux::Fd open_record(spec::CgroupRecord const* record) {
  if (record == nullptr) return {};
  auto dir = open_group(linux::at_cwd, record->path);
  if (dir.is(ENOENT)) return {};
  return std::move(dir).or_fail("open cgroup {}", record->path);
}

std::string read_if_there(linux::FdRef group, std::string const& file) {
  auto text = linux::read_file(group, file);
  if (text.is(ENOENT, ENODEV)) return {};
  return std::move(text).or_fail("read {}", file);
}

}  // namespace proa::cgroup
