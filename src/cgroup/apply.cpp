// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/apply.hpp"

#include <sys/resource.h>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/write.hpp"
#include "linux/bpf.hpp"
#include "linux/file.hpp"
#include "linux/process.hpp"

namespace proa::cgroup {

namespace {

using linux::FdRef;

// --- writes -------------------------------------------------------------------------------------

linux::Outcome<void> put(FdRef dir, Write const& write) {
  auto const written = linux::write_file(dir, write.file, write.value);
  if (!written.is(ENOENT) || !write.substitute) return written;
  return linux::write_file(dir, write.substitute->file, write.substitute->value);
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

}  // namespace

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

void put_device_program(FdRef dir, Plan const& plan, Fresh fresh) {
  auto const& group = plan.groups.back();
  Context at("/linux/resources/devices: cgroup {}", group.path);
  auto program = load_program(plan.device_program);
  if (program.is(EPERM) && plan.unprivileged) {
    return log::debug("without a device program: {}", errno_text(program.error()));
  }
  auto const loaded = std::move(program).or_fail("load the device program");
  // Nobody can have attached one to a group that is new.
  attach_program(dir, loaded, fresh == Fresh::yes ? std::vector<linux::Fd>() : programs_in(dir));
}

void give(FdRef dir, Plan const& plan, uid_t owner) {
  auto const& group = plan.groups.back();
  constexpr auto unchanged = static_cast<gid_t>(-1);
  auto const given = linux::chown(dir, owner, unchanged);
  // The clause is a MAY: an unprivileged caller can't give anything away.
  if (given.is(EPERM) && plan.unprivileged) return;
  given.or_fail("give cgroup {} to uid {}", group.path, owner);
  auto const files = linux::read_file(linux::at_cwd, "/sys/kernel/cgroup/delegate");
  auto const names = files ? *files : "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
  for (auto const name : text::split(text::trim(names), '\n')) {
    auto const file = linux::chown_at(dir, std::string(name), owner, unchanged);
    // Not every group has every one of them.
    if (!file.is(ENOENT)) file.or_fail("give {}/{} to uid {}", group.path, name, owner);
  }
}

}  // namespace proa::cgroup
