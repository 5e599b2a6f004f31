// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/resctrl.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

/// "L3:0=7f0;1=1f" in parts.
struct Schema {
  std::string_view resource;
  std::vector<std::string_view> shares;  ///< "0=7f0"
};

Schema parse(std::string_view line) {
  line = text::trim(line);
  auto const colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  return {text::trim(line.substr(0, colon)), text::split(line.substr(colon + 1), ';')};
}

/// Bit masks and percentages alike: the kernel writes leading zeros or blanks in front.
std::string_view without_padding(std::string_view value) {
  value = text::trim(value);
  while (value.size() > 1 && value.front() == '0') value.remove_prefix(1);
  return value;
}

bool same_share(std::string_view one, std::string_view other) {
  auto const left = one.find('=');
  auto const right = other.find('=');
  if (left == std::string_view::npos || right == std::string_view::npos) return one == other;
  return text::trim(one.substr(0, left)) == text::trim(other.substr(0, right)) &&
         text::lower(without_padding(one.substr(left + 1))) ==
             text::lower(without_padding(other.substr(right + 1)));
}

bool has_share(Schema const& schema, std::string_view share) {
  return std::ranges::any_of(schema.shares,
                             [&](std::string_view each) { return same_share(each, share); });
}

/// A directory by the one above it.
struct Place {
  linux::Fd above;
  std::string name;
};

linux::Outcome<Place> place_of(std::string const& path) {
  auto const slash = path.rfind('/');
  auto above = linux::open_at(linux::at_cwd, path.substr(0, slash), O_PATH | O_DIRECTORY);
  if (!above) return linux::Errno{above.error()};
  return Place{std::move(*above), path.substr(slash + 1)};
}

linux::Outcome<void> make_directory(std::string const& path) {
  auto place = place_of(path);
  if (!place) return linux::Errno{place.error()};
  return linux::mkdir_at(place->above, place->name, 0755);
}

linux::Outcome<void> remove_directory(std::string const& path) {
  auto place = place_of(path);
  if (!place) return linux::Errno{place.error()};
  return linux::unlink_at(place->above, place->name, AT_REMOVEDIR);
}

/// What the kernel says about the last write to its files: beside the group, or below it where it
/// is the root of resctrl.
std::string last_status(std::string const& group) {
  for (auto const& root : {group, group.substr(0, group.rfind('/'))}) {
    auto const status = linux::read_file(linux::at_cwd, root + "/info/last_cmd_status");
    if (status) return std::string(text::trim(*status));
  }
  return {};
}

/// One write(2): the kernel reads every line before it applies the first.
void write_schemata(std::string const& group, std::string const& schemata) {
  if (schemata.empty()) return;
  auto const path = group + "/schemata";
  auto const written = linux::write_file(linux::at_cwd, path, schemata);
  if (written) return;
  fail_errno(written.error(), "/linux/intelRdt: write {} ({})", path, last_status(group));
}

/// config-linux.md#intelrdt: a group that is there and named has to be as config.json says.
void compare(ResctrlPlan const& plan) {
  if (plan.compared.empty()) return;
  auto const path = plan.group + "/schemata";
  auto const present =
      linux::read_file(linux::at_cwd, path).or_fail("/linux/intelRdt: read {}", path);
  for (auto const& line : plan.compared) {
    if (has_schema(present, line)) continue;
    fail(ErrorKind::failed, "/linux/intelRdt: {} does not have {}", path, line);
  }
}

/// True when it was not there.
bool make_group(ResctrlPlan const& plan) {
  if (plan.named && plan.schemata.empty()) {
    linux::access_at(linux::at_cwd, plan.group, F_OK)
        .or_fail("/linux/intelRdt/closID: look for {}", plan.group);
    return false;
  }
  auto const made = make_directory(plan.group);
  if (made) return true;
  // ENOSPC: the processor has no more classes of service.
  if (!made.is(EEXIST)) {
    fail_errno(made.error(), "/linux/intelRdt: make {} ({})", plan.group, last_status(plan.group));
  }
  if (plan.named) compare(plan);
  return false;
}

std::string in_lines(std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += line + "\n";
  return text;
}

void remove_group(std::string const& path) {
  if (path.empty()) return;
  auto const removed = remove_directory(path);
  if (!removed.is(ENOENT)) removed.or_fail("remove {}", path);
}

}  // namespace

bool has_schema(std::string_view schemata, std::string_view line) {
  auto const wanted = parse(line);
  for (auto const present : text::split(schemata, '\n')) {
    auto const schema = parse(present);
    if (schema.resource != wanted.resource) continue;
    return std::ranges::all_of(wanted.shares,
                               [&](std::string_view share) { return has_share(schema, share); });
  }
  return false;
}

ResctrlPlan plan_resctrl(spec::IntelRdt const& rdt, std::string const& id,
                         std::string const& root) {
  if (root.empty()) {
    fail(ErrorKind::unsupported,
         "/linux/intelRdt: no resctrl file system is mounted (config-linux.md#intelrdt)");
  }
  ResctrlPlan plan;
  plan.named = !rdt.clos_id.empty();
  plan.group = rdt.clos_id == "/" ? root : root + "/" + (plan.named ? rdt.clos_id : id);
  for (auto const* line : {&rdt.l3_cache_schema, &rdt.mem_bw_schema}) {
    if (!line->empty()) plan.compared.push_back(*line);
  }
  auto lines = plan.compared;
  lines.insert(lines.end(), rdt.schemata.begin(), rdt.schemata.end());
  plan.schemata = in_lines(lines);
  if (rdt.enable_monitoring) plan.monitoring = plan.group + "/mon_groups/" + id;
  return plan;
}

std::optional<std::string> resctrl_root(std::string_view mountinfo) {
  for (auto const line : text::split(mountinfo, '\n')) {
    auto const type = line.find(" - resctrl ");
    if (type == std::string_view::npos) continue;
    auto const fields = text::split(line.substr(0, type), ' ');
    constexpr std::size_t mount_point = 4;  // proc(5)
    if (fields.size() > mount_point) return std::string(fields[mount_point]);
  }
  return std::nullopt;
}

std::string probe_resctrl() {
  auto const mounts =
      linux::read_file(linux::at_cwd, "/proc/self/mountinfo").or_fail("read /proc/self/mountinfo");
  return resctrl_root(mounts).value_or("");
}

spec::ResctrlRecord make_resctrl(ResctrlPlan const& plan) {
  spec::ResctrlRecord record;
  record.group = plan.group;
  bool const made = make_group(plan);
  Undo undo([&] {
    if (made) remove_directory(plan.group).ignore();
  });
  write_schemata(plan.group, plan.schemata);
  if (!plan.monitoring.empty()) {
    make_directory(plan.monitoring)
        .or_fail("/linux/intelRdt/enableMonitoring: make {}", plan.monitoring);
    record.monitoring = plan.monitoring;
  }
  undo.dismiss();
  record.remove_group = made && !plan.named;
  return record;
}

// The control group first: moving between control groups takes a process out of its monitoring
// group.
void enter_resctrl(spec::ResctrlRecord const& record, pid_t pid) {
  for (auto const* group : {&record.group, &record.monitoring}) {
    if (group->empty()) continue;
    auto const path = *group + "/tasks";
    linux::write_file(linux::at_cwd, path, std::to_string(pid))
        .or_fail("/linux/intelRdt: write {} to {}", pid, path);
  }
}

std::string change_schemata(spec::ResctrlRecord const& record,
                            std::vector<std::string> const& lines) {
  auto const path = record.group + "/schemata";
  auto former = linux::read_file(linux::at_cwd, path).or_fail("/linux/intelRdt: read {}", path);
  write_schemata(record.group, in_lines(lines));
  return former;
}

void restore_schemata(spec::ResctrlRecord const& record, std::string const& former) noexcept {
  auto const path = record.group + "/schemata";
  auto const written = linux::write_file(linux::at_cwd, path, former);
  if (!written) log::warn("put {} back: {}", path, errno_text(written.error()));
}

void remove_resctrl(spec::ResctrlRecord const& record) {
  remove_group(record.monitoring);
  if (record.remove_group) remove_group(record.group);
}

}  // namespace proa::cgroup
