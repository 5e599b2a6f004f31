// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The manager that writes the cgroup file system itself.  One for all three worlds: the plan has
// decided what is written where, and what v1 and v2 want done differently stands side by side here.
//
// With a unit of systemd, on a host that has v1 hierarchies, it does the same behind systemd: that
// starts the scope around the first process, moves it into those groups that it makes, and writes
// its own values there.  Then the groups that are missing are made, and all limits set.

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/apply.hpp"
#include "cgroup/controllers.hpp"
#include "cgroup/directory.hpp"
#include "cgroup/manager.hpp"
#include "cgroup/properties.hpp"
#include "cgroup/scope.hpp"
#include "cgroup/systemd.hpp"
#include "cgroup/write.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

using linux::FdRef;

using namespace std::chrono_literals;

constexpr mode_t directory_mode = 0755;
constexpr auto dying_time = 10s;  // as in manager.hpp

using Names = std::vector<std::string>;

bool refused(int number) { return number == EACCES || number == EPERM || number == EROFS; }

/// The group could not be had for lack of rights: an Error, unless nobody asked for it.  The words
/// are those of runc, which its users look for.
void without(Plan const& plan, Group const& group, int number) {
  switch (group.need) {
    case Need::path:
      fail_errno(number, "unable to apply cgroup configuration: make cgroup {}", group.directory());
    case Need::limits:
      if (group.v2) {
        fail_errno(number,
                   "rootless needs no limits + no cgrouppath when no permission is granted for "
                   "cgroups: make cgroup {}",
                   group.directory());
      }
      fail_errno(number,
                 "cannot set {} limit: container could not join or create cgroup: make cgroup {}",
                 text::join(group.controllers, ","), group.directory());
    case Need::nobody:
      break;
  }
  bool const device_list = !group.devices.empty() || (group.v2 && !plan.device_program.empty());
  if (device_list && !plan.unprivileged) {
    log::warn("/linux/resources/devices has no effect: make cgroup {}: {}", group.directory(),
              errno_text(number));
  } else {
    log::debug("without cgroup {}: {}", group.directory(), errno_text(number));
  }
}

// --- cpuset of v1 -------------------------------------------------------------------------------

/// A new v1 cpuset is empty, and no process can enter it: cpuset(7).
void inherit_cpuset(FdRef child, FdRef parent) {
  for (auto const* const file : {"cpuset.cpus", "cpuset.mems"}) {
    auto const own = linux::read_file(child, file).or_fail("read {}", file);
    if (!text::trim(own).empty()) continue;
    auto const above = linux::read_file(parent, file).or_fail("read {} of the cgroup above", file);
    linux::write_file(child, file, text::trim(above)).or_fail("write {}", file);
  }
}

// --- the directories ----------------------------------------------------------------------------

/// A group that exists.
struct Live {
  Group const* group;
  linux::Fd dir;
  bool created = false;
  std::vector<std::string> parents;  ///< what was made above it, absolute paths, topmost first
};

linux::Outcome<linux::Fd> open_or_make(FdRef dir, std::string const& name, bool& made) {
  auto existing = open_group(dir, name);
  if (!existing.is(ENOENT)) return existing;
  auto const result = linux::mkdir_at(dir, name, directory_mode);
  if (!result && !result.is(EEXIST)) return linux::Errno{result.error()};
  made = static_cast<bool>(result);
  return open_group(dir, name);
}

linux::Outcome<void> enable(FdRef dir, Group const& group, std::string const& path) {
  auto const enabled = enable_controllers(dir, group.wanted, group.needed);
  if (enabled.is(ENOENT)) {
    fail(ErrorKind::unsupported, "cgroup {}: controllers {} are not to be had below {}",
         group.directory(), text::join(group.needed, ", "), path);
  }
  if (refused(enabled.error())) return enabled;
  enabled.or_fail("cgroup {}: enable controllers {} below {}", group.directory(),
                  text::join(group.needed, ", "), path);
  return {};
}

/// Makes the group, and what is missing above it.
linux::Outcome<void> make_directories(Live& live) {
  auto const& group = *live.group;
  auto here = open_group(linux::at_cwd, group.mount);
  auto path = group.mount;
  auto const parts = text::split(group.path, '/');
  for (std::size_t i = 0; here && i < parts.size(); ++i) {
    if (auto const enabled = enable(*here, group, path); !enabled) return enabled;
    bool made = false;
    auto next = open_or_make(*here, std::string(parts[i]), made);
    path += fmt::format("/{}", parts[i]);
    bool const above = i + 1 < parts.size();
    if (made && above) live.parents.push_back(path);
    if (next && above && !group.v2 && group.has("cpuset")) inherit_cpuset(*next, *here);
    live.created = made && !above;
    here = std::move(next);
  }
  if (!here) return linux::Errno{here.error()};
  live.dir = std::move(*here);
  return {};
}

/// The group of a container that never was.
void take_back(Live const& live, linux::Deadline deadline) {
  if (live.created) remove_group(live.group->directory(), deadline);
  Names const lowest_first(live.parents.rbegin(), live.parents.rend());
  for (auto const& path : lowest_first) {
    // EBUSY: somebody else lives below it by now.
    linux::unlink_at(linux::at_cwd, path, AT_REMOVEDIR).ignore();
  }
}

std::string read(Live const& live, char const* file) {
  return linux::read_file(live.dir, file).or_fail("read {}/{}", live.group->directory(), file);
}

/// config-linux.md#control-groups: what is not fit for a container MUST be an error.
void check_empty(Live const& live) {
  if (live.created) return;
  auto const& group = *live.group;
  // cgroup-v2.rst, "Threads": its cgroup.procs can't be read, so nobody could list or kill.
  if (group.v2 && text::trim(read(live, "cgroup.type")) == "threaded") {
    fail(ErrorKind::failed, "container's cgroup is for threads alone: {}", group.directory());
  }
  bool const populated = group.v2 ? flag_in(read(live, "cgroup.events"), "populated")
                                  : !processes_in(live.dir).empty();
  if (populated) {
    fail(ErrorKind::failed, "container's cgroup is not empty: {}", group.directory());
  }
}

/// A frozen group would hold its first process for ever; one frozen above it as well.
void check_thawed(Live const& live) {
  auto const& group = *live.group;
  bool const frozen =
      group.v2 ? flag_in(read(live, "cgroup.events"), "frozen")
               : group.has("freezer") && text::trim(read(live, "freezer.state")) != "THAWED";
  if (frozen) {
    fail(ErrorKind::failed, "container's cgroup unexpectedly frozen: {}", group.directory());
  }
}

/// A group where a unit of systemd is to have its own.
void check_present(Group const& group) {
  auto dir = open_group(linux::at_cwd, group.directory());
  if (dir.is(ENOENT)) return;
  check_empty({&group, std::move(dir).or_fail("open cgroup {}", group.directory()), false, {}});
}

// --- the manager --------------------------------------------------------------------------------

class Cgroupfs final : public Manager {
 public:
  explicit Cgroupfs(Plan const& plan) : plan_(plan) {
    if (plan.unit) scope_.emplace(*plan.unit);
  }

  void check() override {
    if (!scope_) return;
    scope_->connect();
    for (auto const& group : plan_.groups) check_present(group);
  }

  void create() override {
    if (!scope_) make_all();
  }

  FdRef birthplace() const override {
    // The v2 group is the last one, if any.
    if (live_.empty() || !live_.back().group->v2) return FdRef(-1);
    return live_.back().dir;
  }

  void enter(pid_t pid, Born born) override {
    if (scope_) {
      scope_->start(pid, limits_of(plan_.groups));
      make_all();
    }
    std::erase_if(live_, [&](Live const& live) {
      return !(live.group->v2 && born == Born::inside) && !join(live, pid);
    });
    for (auto const& live : live_) put_limits(live.dir, *live.group, live.group->late_writes);
  }

  void delegate(uid_t owner) override {
    if (birthplace()) give(live_.back().dir, plan_, owner);
  }
  std::vector<spec::CgroupRecord> record() const override;
  void remove() override;

 private:
  void make_all() {
    started_ = true;
    for (auto const& group : plan_.groups) make(group);
    for (auto const& live : live_) limit(live);
  }
  void make(Group const& group);
  void limit(Live const& live) const;
  bool join(Live const& live, pid_t pid) const;

  Plan const& plan_;
  std::optional<Scope> scope_;  ///< around the groups
  bool started_ = false;
  std::vector<Live> live_;
};

void Cgroupfs::make(Group const& group) {
  live_.push_back({&group, {}, false, {}});
  auto const made = make_directories(live_.back());
  if (!made && refused(made.error())) {
    take_back(live_.back(), linux::in(dying_time));
    live_.pop_back();
    return without(plan_, group, made.error());
  }
  made.or_fail("make cgroup {}", group.directory());
  if (!scope_) check_empty(live_.back());
  check_thawed(live_.back());
}

void Cgroupfs::limit(Live const& live) const {
  auto const& group = *live.group;
  put_limits(live.dir, group, group.writes);
  if (!group.v2 && group.has("cpuset")) {
    inherit_cpuset(live.dir, open_group(live.dir, "..").or_fail("open the cgroup above"));
  }
  put_devices(live.dir, group);
  if (group.v2 && !plan_.device_program.empty()) {
    put_device_program(live.dir, plan_, live.created ? Fresh::yes : Fresh::no);
  }
}

/// False when the process may not enter a group that nobody asked for: then it is no more.
bool Cgroupfs::join(Live const& live, pid_t pid) const {
  auto const& group = *live.group;
  auto const moved = linux::write_file(live.dir, "cgroup.procs", std::to_string(pid));
  if (moved) return true;
  if (!refused(moved.error()) || group.need != Need::nobody) {
    moved.or_fail("unable to apply cgroup configuration: adding pid {} to cgroups: write {}/{}",
                  pid, group.directory(), "cgroup.procs");
  }
  take_back(live, linux::in(dying_time));
  without(plan_, group, moved.error());
  return false;
}

std::vector<spec::CgroupRecord> Cgroupfs::record() const {
  std::vector<spec::CgroupRecord> records;
  for (auto const& live : live_) {
    auto const& group = *live.group;
    // A scope's groups go with it, whoever has made them.
    records.push_back({group.directory(), group.v2, live.created || scope_, group.controllers});
  }
  if (started_) return records;
  for (auto const& group : plan_.groups) {
    // One that is there already is not ours to kill or to remove, as long as create() has not found
    // it empty.
    if (!(scope_ && scope_->started()) && linux::access_at(linux::at_cwd, group.directory(), F_OK))
      continue;
    records.push_back({group.directory(), group.v2, true, group.controllers});
  }
  return records;
}

void Cgroupfs::remove() {
  auto const deadline = linux::in(dying_time);
  auto records = record();
  std::erase_if(records, [](auto const& each) { return !each.created; });
  if (scope_ ? scope_->started() : started_) {
    signal_all(records, SIGKILL);
    wait_empty(records, deadline);
    if (scope_) stop({plan_.unit->name, plan_.unit->user}, records, deadline);
    for (auto const& live : live_) take_back(live, deadline);
  }
  live_.clear();
}

/// CgroupManager::disabled: the container stays where the caller is.
class Disabled final : public Manager {
 public:
  void create() override {}
  FdRef birthplace() const override { return FdRef(-1); }
  void enter(pid_t, Born) override {}
  void delegate(uid_t) override {}
  std::vector<spec::CgroupRecord> record() const override { return {}; }
  void remove() override {}
};

}  // namespace

std::unique_ptr<Manager> make_manager(Plan const& plan) {
  if (plan.manager == CgroupManager::disabled) return std::make_unique<Disabled>();
  bool const v2_alone = plan.groups.size() == 1 && plan.groups.front().v2;
  if (plan.unit && v2_alone) return make_systemd_manager(plan);
  return std::make_unique<Cgroupfs>(plan);
}

}  // namespace proa::cgroup
