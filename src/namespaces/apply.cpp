// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "namespaces/apply.hpp"

#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "linux/file.hpp"
#include "linux/namespace.hpp"
#include "linux/proc.hpp"
#include "linux/process.hpp"

namespace proa::namespaces {

namespace {

/// Below /proc/PID/ns; all are of one file system, so that the inode tells them apart.
constexpr std::pair<int, char const*> files[] = {
    {CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mnt"},    {CLONE_NEWPID, "pid"},
    {CLONE_NEWNET, "net"},       {CLONE_NEWIPC, "ipc"},   {CLONE_NEWUTS, "uts"},
    {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"},
};

linux::Fd open_join(Join const& join) {
  auto ns = linux::open_at(linux::at_cwd, join.path, O_RDONLY)
                .or_fail("{}: open {} namespace {}", join.pointer, word(join.type), join.path);
  auto const type = linux::namespace_type(ns);
  if (!type || *type != join.flag) {
    fail(ErrorKind::config, "{}: {} is not a {} namespace (config-linux.md#namespaces)",
         join.pointer, join.path, word(join.type));
  }
  return ns;
}

bool same_file(linux::FdRef one, linux::FdRef other) {
  auto const a = linux::stat(one).or_fail("stat a namespace");
  auto const b = linux::stat(other).or_fail("stat a namespace");
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void enter(Join const& join, linux::FdRef ns) {
  linux::setns(ns, join.flag)
      .or_fail("{}: join {} namespace {}", join.pointer, word(join.type), join.path);
}

/// Done before a user namespace is entered, where a caller without privileges may not, and after,
/// where nobody may if the writer of its maps has denied setgroups(2).
void drop_groups(Groups groups) {
  if (groups == Groups::keep) return;
  auto const dropped = linux::set_supplementary_groups({});
  if (!dropped.is(EPERM)) dropped.or_fail("drop supplementary groups");
}

// user_namespaces(7): after setns(2) the process has all capabilities there but still its old ids,
// which need not be mapped; files made with unmapped ids are EOVERFLOW.
void become_root(Groups groups) {
  drop_groups(groups);
  // EINVAL: id 0 is not mapped, as the spec allows.  The capabilities stay all the same.
  auto const gid = linux::set_gid(0);
  if (!gid && !gid.is(EINVAL)) gid.or_fail("become group 0 of the user namespace");
  auto const uid = linux::set_uid(0);
  if (!uid && !uid.is(EINVAL)) uid.or_fail("become user 0 of the user namespace");
}

// setns(2) into the user namespace that one is in already is EINVAL.
void join_user(Plan const& plan, Handles const& handles) {
  auto const own =
      linux::open_at(handles.proc, "self/ns/user", O_RDONLY).or_fail("open own user namespace");
  if (same_file(own, handles.user)) return;
  drop_groups(plan.groups);
  enter(*plan.user, handles.user);
  become_root(plan.groups);
}

bool is_directory(linux::FdRef file) {
  auto const info = linux::stat(file);
  return info && S_ISDIR((*info).st_mode);
}

/// Where pidfd_open(2) is denied a process is held by its directory in /proc, which setns(2) does
/// not take.  The user namespace last, and what needs it behind it: see join().
void enter_each(linux::FdRef process, int flags) {
  std::vector<std::pair<int, linux::Fd>> wanted;
  for (auto const& [flag, name] : files) {
    if ((flags & flag) == 0) continue;
    wanted.emplace_back(flag, linux::open_at(process, fmt::format("ns/{}", name), O_RDONLY)
                                  .or_fail("open the container's {} namespace", name));
  }
  for (auto& [flag, ns] : wanted) {
    if (flag == CLONE_NEWUSER) continue;
    auto const joined = linux::setns(ns, flag);
    if (joined.is(EPERM) && (flags & CLONE_NEWUSER) != 0) continue;
    joined.or_fail("join the container's namespaces");
    flag = 0;
  }
  for (auto const& [flag, ns] : wanted) {
    if (flag != 0) linux::setns(ns, flag).or_fail("join the container's namespaces");
  }
}

/// The next child of this process is in it.
void make_time(Plan const& plan, linux::FdRef proc) {
  linux::unshare(CLONE_NEWTIME).or_fail("make a time namespace");
  if (plan.time_offsets.empty()) return;
  linux::write_file(proc, "self/timens_offsets", plan.time_offsets)
      .or_fail("/linux/timeOffsets: write the offsets of the time namespace");
}

void enter_new_time(Plan const& plan, linux::FdRef proc) {
  make_time(plan, proc);
  auto const ns = linux::open_at(proc, "self/ns/time_for_children", O_RDONLY)
                      .or_fail("open the new time namespace");
  linux::setns(ns, CLONE_NEWTIME).or_fail("enter the new time namespace");
}

void write_sysctl(Sysctl const& sysctl, linux::FdRef proc) {
  linux::write_file(proc, sysctl.path, sysctl.value)
      .or_fail("/linux/sysctl/{}: write \"{}\" to /proc/{}", sysctl.name, sysctl.value,
               sysctl.path);
}

}  // namespace

Handles open(Plan const& plan) {
  Handles handles;
  handles.proc = linux::open_proc().or_fail("open /proc");
  for (auto const& join : plan.joins) handles.joins.push_back(open_join(join));
  if (plan.user) handles.user = open_join(*plan.user);
  return handles;
}

void join(Plan const& plan, Handles const& handles) {
  // In a joined user namespace this process would not own its own /proc files any more.
  if (plan.user && plan.new_time) make_time(plan, handles.proc);
  // A namespace belongs to the host's user namespace or to the one that is joined, and only
  // setns(2) can tell: what is EPERM before the user namespace is tried again in it.
  std::vector<std::size_t> later;
  for (std::size_t i = 0; i < plan.joins.size(); ++i) {
    auto const result = linux::setns(handles.joins[i], plan.joins[i].flag);
    if (plan.user && result.is(EPERM)) {
      later.push_back(i);
    } else {
      result.or_fail("{}: join {} namespace {}", plan.joins[i].pointer, word(plan.joins[i].type),
                     plan.joins[i].path);
    }
  }
  if (plan.user) join_user(plan, handles);
  for (auto const i : later) enter(plan.joins[i], handles.joins[i]);
}

int differing(linux::FdRef proc, pid_t pid) {
  int flags = 0;
  for (auto const& [flag, name] : files) {
    auto const theirs = linux::inode_at(proc, fmt::format("{}/ns/{}", pid, name));
    // A kernel built without this type has one such namespace for all: namespaces(7).
    if (theirs.is(ENOENT)) continue;
    if (!theirs) fail_errno(theirs.error(), "look at {} namespace of process {}", name, pid);
    auto const ours = linux::inode_at(proc, fmt::format("self/ns/{}", name))
                          .or_fail("look at own {} namespace", name);
    if (*theirs != ours) flags |= flag;
  }
  return flags;
}

void enter(linux::FdRef pidfd, int flags, Groups groups) {
  if (flags == 0) return;
  bool const user = (flags & CLONE_NEWUSER) != 0;
  if (user) drop_groups(groups);
  auto const joined = linux::setns(pidfd, flags);
  if (joined.is(EINVAL) && is_directory(pidfd)) {
    enter_each(pidfd, flags);
  } else {
    joined.or_fail("join the container's namespaces");
  }
  if (user) become_root(groups);
}

void isolate(Plan const& plan, Handles const& handles) {
  // Before the ids change: they make the process undumpable and its /proc files root's.
  if (plan.new_time && !plan.user) enter_new_time(plan, handles.proc);
  if (plan.new_user()) become_root(plan.groups);
  if (plan.joiner == Joiner::init) {
    for (std::size_t i = 0; i < plan.joins.size(); ++i) enter(plan.joins[i], handles.joins[i]);
  }
  if (plan.new_cgroup) linux::unshare(CLONE_NEWCGROUP).or_fail("make a cgroup namespace");
  if (!plan.hostname.empty()) {
    linux::sethostname(plan.hostname).or_fail("/hostname: set host name \"{}\"", plan.hostname);
  }
  if (!plan.domainname.empty()) {
    linux::setdomainname(plan.domainname)
        .or_fail("/domainname: set domain name \"{}\"", plan.domainname);
  }
  if (plan.new_network) linux::interface_up("lo").or_fail("set the loopback interface up");
  for (auto const& sysctl : plan.sysctls) write_sysctl(sysctl, handles.proc);
}

}  // namespace proa::namespaces
