// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/console.hpp"

#include <linux/magic.h>
#include <sys/sysmacros.h>

#include "base/error.hpp"
#include "base/weaken.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"

namespace proa::process {

namespace {

bool is_on_devpts(linux::FdRef file) {
  auto const fs = linux::statfs(file);
  return fs && (*fs).f_type == DEVPTS_SUPER_MAGIC;
}

/// pts(4): character devices 136 to 143, which all are slaves.
bool is_slave(linux::FdRef file) {
  auto const info = linux::stat(file);
  if (!info || !S_ISCHR((*info).st_mode)) return false;
  auto const number = major((*info).st_rdev);
  return number >= 136 && number <= 143;
}

bool is_multiplexer(linux::FdRef file) {
  auto const info = linux::stat(file);
  return info && S_ISCHR((*info).st_mode) && (*info).st_rdev == ::makedev(5, 2);
}

linux::Fd open_master(linux::FdRef dev) {
  constexpr auto beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  constexpr auto flags = O_RDWR | O_NOCTTY;
  if (weakened("console-is-ours")) {
    return linux::open_at(dev, "pts/ptmx", flags).or_fail("open /dev/pts/ptmx");
  }
  auto opened = linux::open_in(dev, "pts/ptmx", flags, beneath);
  // Without openat2(2) the checks below have to do.
  if (opened.is(ENOSYS, EPERM)) opened = linux::open_at(dev, "pts/ptmx", flags | O_NOFOLLOW);
  auto master = std::move(opened).or_fail("open /dev/pts/ptmx");
  if (!is_multiplexer(master) || !is_on_devpts(master)) {
    fail(ErrorKind::failed, "container's /dev/pts/ptmx is invalid");
  }
  return master;
}

linux::Fd open_slave(linux::FdRef master) {
  linux::unlock_pty(master).or_fail("unlock pty");
  auto slave = linux::pty_peer(master).or_fail("open the peer of /dev/pts/ptmx");
  if (!is_slave(slave) || !is_on_devpts(slave)) {
    fail(ErrorKind::failed, "the peer of the container's /dev/pts/ptmx is no pty");
  }
  return slave;
}

}  // namespace

Console open_console(linux::FdRef dev, Plan const& plan) {
  Console console;
  console.master = open_master(dev);
  console.slave = open_slave(console.master);
  if (plan.console_size) {
    linux::set_window_size(console.slave, *plan.console_size).or_fail("set console size");
  }
  // The group stays what the devpts mount has it be, gid=5 mostly: pts(4).
  auto const owned = linux::chown(console.slave, plan.uid, static_cast<gid_t>(-1));
  // EPERM: the devpts is of another user namespace.  Its user can't open it by name, but has it.
  if (!owned.is(EPERM)) owned.or_fail("change owner of console to {}", plan.uid);
  return console;
}

void adopt_console(linux::FdRef slave) {
  linux::set_controlling_terminal(slave).or_fail("make the console the controlling terminal");
  int const all[3] = {slave.number(), slave.number(), slave.number()};
  linux::replace_stdio(all).or_fail("make the console the standard streams");
}

}  // namespace proa::process
