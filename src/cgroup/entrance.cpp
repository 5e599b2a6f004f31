// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/entrance.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/directory.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

constexpr char adding[] = "unable to apply cgroup configuration: adding pid";

/// "/a/./b/" below `group`; ".." may not lead out of it.
std::string below(std::string const& group, std::string_view path) {
  std::vector<std::string_view> parts;
  for (auto const part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      fail(ErrorKind::usage, "bad sub cgroup path: {}", path);
    } else {
      parts.pop_back();
    }
  }
  std::string result = group;
  for (auto const part : parts) result += fmt::format("/{}", part);
  return result;
}

/// The index of the record whose hierarchy has the controller.
std::size_t row_of(std::vector<spec::CgroupRecord> const& records, std::string_view controller) {
  for (std::size_t row = 0; row < records.size(); ++row) {
    auto const& names = records[row].controllers;
    if (std::find(names.begin(), names.end(), controller) != names.end()) return row;
  }
  fail(ErrorKind::usage, "unknown controller \"{}\" in --cgroup", controller);
}

/// The v2 group as /proc/PID/cgroup has it, "0::/a/b"; empty when there is none.
std::string v2_group(std::string_view file) {
  for (auto const line : text::split(file, '\n')) {
    if (line.starts_with("0::")) return std::string(line.substr(3));
  }
  return {};
}

}  // namespace

std::vector<std::string> places(std::vector<spec::CgroupRecord> const& records,
                                std::vector<std::string> const& words) {
  std::vector<std::string> result;
  result.reserve(records.size());
  for (auto const& record : records) result.push_back(record.path);
  if (words.size() == 1 && words[0].find(':') == std::string::npos) {
    for (auto& path : result) path = below(path, words[0]);
    return result;
  }
  for (std::string_view const word : words) {
    auto const colon = word.find(':');
    if (colon == std::string_view::npos) {
      fail(ErrorKind::usage, "invalid --cgroup {}: its controller is missing", word);
    }
    for (auto const controller : text::split(word.substr(0, colon), ',')) {
      auto const row = row_of(records, controller);
      result[row] = below(records[row].path, word.substr(colon + 1));
    }
  }
  return result;
}

Entrance::Entrance(std::vector<spec::CgroupRecord> const& records,
                   std::vector<std::string> const& words, pid_t init, Host const& host)
    : chosen_(!words.empty()), init_(init), host_(host) {
  auto const paths = places(records, words);
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto dir = open_group(linux::at_cwd, paths[i])
                   .or_fail("{} of the process to cgroups: open {}", adding, paths[i]);
    doors_.push_back({records[i].v2, paths[i], std::move(dir)});
  }
}

linux::FdRef Entrance::birthplace() const {
  for (auto const& door : doors_) {
    if (door.v2) return door.dir;
  }
  return linux::FdRef(-1);
}

void Entrance::enter(pid_t pid, Born born) const {
  for (auto const& door : doors_) {
    if (door.v2 && born == Born::inside) continue;
    auto const moved = linux::write_file(door.dir, "cgroup.procs", std::to_string(pid));
    // cgroup-v2.rst: no process beside groups that controllers are enabled for.
    if (door.v2 && moved.is(EBUSY, EOPNOTSUPP) && !chosen_ && follow_init(pid)) continue;
    // As at create, a caller without rights does without.
    if (host_.rootless && moved.is(EACCES, EPERM) && !chosen_) continue;
    moved.or_fail("{} {} to cgroups: write {}/cgroup.procs", adding, pid, door.path);
  }
}

bool Entrance::follow_init(pid_t pid) const {
  auto const* const unified = host_.cgroups.unified();
  auto const file = linux::read_file(linux::at_cwd, fmt::format("/proc/{}/cgroup", init_));
  if (unified == nullptr || !file) return false;
  auto const group = v2_group(*file);
  // "/../a": outside of what this cgroup namespace shows.
  if (group.empty() || group.starts_with("/..")) return false;
  auto const dir = open_group(linux::at_cwd, unified->mount + group);
  return dir && linux::write_file(*dir, "cgroup.procs", std::to_string(pid));
}

}  // namespace proa::cgroup
