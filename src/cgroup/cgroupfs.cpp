// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The manager that writes the cgroup file system itself.  One for all three worlds: the plan has
// decided what is written where, and what v1 and v2 want done differently stands side by side here.

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/controllers.hpp"
#include "cgroup/directory.hpp"
#include "cgroup/manager.hpp"
#include "cgroup/write.hpp"
#include "linux/bpf.hpp"
#include "linux/file.hpp"
#include "linux/process.hpp"

namespace proa::cgroup {

namespace {

using linux::FdRef;

using namespace std::chrono_literals;

constexpr mode_t directory_mode = 0755;
constexpr auto dying_time = 10s;  // as in manager.hpp

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

// --- writes -------------------------------------------------------------------------------------

linux::Outcome<void> put(FdRef dir, Write const& write) {
  auto const written = linux::write_file(dir, write.file, write.value);
  if (!written.is(ENOENT) || !write.substitute) return written;
  return linux::write_file(dir, write.substitute->file, write.substitute->value);
}

/// Some values bound each other, like a quota and its burst, so that one order does not fit all
/// that may stand there already: what is EINVAL is tried again when the others are written.
void put_limits(FdRef dir, Group const& group, std::vector<Write> const& writes) {
  std::vector<Write const*> again;
  for (auto const& write : writes) {
    auto const written = put(dir, write);
    if (written.is(EINVAL)) {
      again.push_back(&write);
    } else {
      check(written, group, write);
    }
  }
  for (auto const* write : again) check(put(dir, *write), group, *write);
}

/// In the listed order, through one descriptor as long as the file is the same.
void put_devices(FdRef dir, Group const& group) {
  linux::Fd file;
  std::string_view name;
  for (auto const& write : group.devices) {
    if (write.file != name) {
      file = linux::open_at(dir, write.file, O_WRONLY)
                 .or_fail("open {}/{}", group.directory(), write.file);
      name = write.file;
    }
    check(linux::write_once(file, write.value), group, write);
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

// --- device program of v2 -----------------------------------------------------------------------

linux::Outcome<linux::Fd> load_program(std::vector<std::uint64_t> const& instructions) {
  auto program = linux::load_device_program(instructions);
  if (!program.is(EPERM)) return program;
  // Before Linux 5.11 programs count as locked memory.  The limit is put back: the container
  // inherits it.
  auto const limit = linux::limit(0, RLIMIT_MEMLOCK);
  if (!limit || !linux::set_limit(0, RLIMIT_MEMLOCK, {RLIM_INFINITY, RLIM_INFINITY})) {
    return program;
  }
  Undo undo([&] { linux::set_limit(0, RLIMIT_MEMLOCK, *limit).ignore(); });
  return linux::load_device_program(instructions);
}

/// The programs that an earlier container has left in a group that proa did not make.
std::vector<linux::Fd> programs_in(FdRef group) {
  std::vector<linux::Fd> programs;
  for (auto const id : linux::device_programs(group).or_fail("list the device programs")) {
    auto program = linux::program_by_id(id);
    if (program.is(ENOENT)) continue;
    programs.push_back(std::move(program).or_fail("open device program {}", id));
  }
  return programs;
}

void attach_program(FdRef group, linux::Fd const& program, std::vector<linux::Fd> const& old) {
  if (old.size() == 1) {
    linux::attach_device_program(group, program, old.front()).or_fail("replace the device program");
    return;
  }
  linux::attach_device_program(group, program).or_fail("attach the device program");
  for (auto const& each : old) {
    linux::detach_device_program(group, each).or_fail("detach an old device program");
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

/// config-linux.md#control-groups: what is not fit for a container MUST be an error.  A frozen
/// group would hold its first process for ever; one frozen above it as well.
void check_fit(Live const& live) {
  auto const& group = *live.group;
  auto const read = [&](char const* file) {
    return linux::read_file(live.dir, file).or_fail("read {}/{}", group.directory(), file);
  };
  // cgroup-v2.rst, "Threads": its cgroup.procs can't be read, so nobody could list or kill.
  if (group.v2 && !live.created && text::trim(read("cgroup.type")) == "threaded") {
    fail(ErrorKind::failed, "container's cgroup is for threads alone: {}", group.directory());
  }
  bool frozen = false;
  bool populated = false;
  if (group.v2) {
    auto const events = read("cgroup.events");
    frozen = flag_in(events, "frozen");
    populated = flag_in(events, "populated");
  } else {
    frozen = group.has("freezer") && text::trim(read("freezer.state")) != "THAWED";
    populated = !live.created && !processes_in(live.dir).empty();
  }
  if (populated) {
    fail(ErrorKind::failed, "container's cgroup is not empty: {}", group.directory());
  }
  if (frozen) {
    fail(ErrorKind::failed, "container's cgroup unexpectedly frozen: {}", group.directory());
  }
}

// --- the manager --------------------------------------------------------------------------------

class Cgroupfs final : public Manager {
 public:
  explicit Cgroupfs(Plan const& plan) : plan_(plan) {}

  void create() override {
    started_ = true;
    for (auto const& group : plan_.groups) make(group);
    for (auto const& live : live_) limit(live);
  }

  FdRef birthplace() const override {
    // The v2 group is the last one, if any.
    if (live_.empty() || !live_.back().group->v2) return FdRef(-1);
    return live_.back().dir;
  }

  void enter(pid_t pid, Born born) override {
    std::erase_if(live_, [&](Live const& live) {
      return !(live.group->v2 && born == Born::inside) && !join(live, pid);
    });
    for (auto const& live : live_) put_limits(live.dir, *live.group, live.group->late_writes);
  }

  void delegate(uid_t owner) override;
  std::vector<spec::CgroupRecord> record() const override;
  void remove() override;

 private:
  void make(Group const& group);
  void limit(Live const& live) const;
  void put_device_program(Live const& live) const;
  bool join(Live const& live, pid_t pid) const;

  Plan const& plan_;
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
  check_fit(live_.back());
}

void Cgroupfs::limit(Live const& live) const {
  auto const& group = *live.group;
  put_limits(live.dir, group, group.writes);
  if (!group.v2 && group.has("cpuset")) {
    inherit_cpuset(live.dir, open_group(live.dir, "..").or_fail("open the cgroup above"));
  }
  put_devices(live.dir, group);
  if (group.v2 && !plan_.device_program.empty()) put_device_program(live);
}

void Cgroupfs::put_device_program(Live const& live) const {
  Context at("/linux/resources/devices: cgroup {}", live.group->path);
  auto program = load_program(plan_.device_program);
  if (program.is(EPERM) && plan_.unprivileged) {
    return log::debug("without a device program: {}", errno_text(program.error()));
  }
  auto const loaded = std::move(program).or_fail("load the device program");
  // Nobody can have attached one to a group that is new.
  attach_program(live.dir, loaded, live.created ? std::vector<linux::Fd>() : programs_in(live.dir));
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

void Cgroupfs::delegate(uid_t owner) {
  if (!birthplace()) return;
  auto const& live = live_.back();
  constexpr auto unchanged = static_cast<gid_t>(-1);
  auto const given = linux::chown(live.dir, owner, unchanged);
  // The clause is a MAY: an unprivileged caller can't give anything away.
  if (given.is(EPERM) && plan_.unprivileged) return;
  given.or_fail("give cgroup {} to uid {}", live.group->path, owner);
  auto const files = linux::read_file(linux::at_cwd, "/sys/kernel/cgroup/delegate");
  auto const names = files ? *files : "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
  for (auto const name : text::split(text::trim(names), '\n')) {
    auto const file = linux::chown_at(live.dir, std::string(name), owner, unchanged);
    // Not every group has every one of them.
    if (!file.is(ENOENT)) file.or_fail("give {}/{} to uid {}", live.group->path, name, owner);
  }
}

std::vector<spec::CgroupRecord> Cgroupfs::record() const {
  std::vector<spec::CgroupRecord> records;
  for (auto const& live : live_) {
    records.push_back(
        {live.group->directory(), live.group->v2, live.created, live.group->controllers});
  }
  if (started_) return records;
  for (auto const& group : plan_.groups) {
    // One that is there already is not ours to kill or to remove, as long as create() has not found
    // it empty.
    if (linux::access_at(linux::at_cwd, group.directory(), F_OK)) continue;
    records.push_back({group.directory(), group.v2, true, group.controllers});
  }
  return records;
}

void Cgroupfs::remove() {
  auto const deadline = linux::in(dying_time);
  auto records = record();
  std::erase_if(records, [](auto const& each) { return !each.created; });
  if (started_) {
    signal_all(records, SIGKILL);
    wait_empty(records, deadline);
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
  return std::make_unique<Cgroupfs>(plan);
}

}  // namespace proa::cgroup
