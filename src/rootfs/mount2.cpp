// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/mount2.hpp"

#include "base/error.hpp"
#include "linux/file.hpp"
#include "linux/proc.hpp"
#include "rootfs/attributes.hpp"
#include "rootfs/options.hpp"
#include "rootfs/resolve.hpp"

namespace proa::rootfs::mount2 {

using linux::Errno;
using linux::Fd;
using linux::FdRef;
using linux::MountCall;
using linux::Outcome;

void prepare(Tree& tree) {
  if (tree.aside != 0) throw NotAside();
  if (tree.descriptors) return;
  // In a mount namespace that was joined others may have mounted what they like.
  auto const proc = linux::open_proc().or_fail("open /proc");
  tree.descriptors =
      linux::open_in_proc(proc, "self/fd", O_RDONLY | O_DIRECTORY).or_fail("open /proc/self/fd");
}

Outcome<void> call(Tree const& tree, FdRef target, MountCall call) {
  if (!tree.descriptors) return Errno{ENOSYS};
  if (auto const changed = linux::fchdir(tree.descriptors); !changed) return changed;
  call.target = name_of(target);
  return linux::mount(call);
}

std::string name_of(FdRef fd) { return fmt::format("{}", fd.number()); }

Outcome<void> filesystem(Tree const& tree, FdRef target, Step const& step) {
  MountCall wanted;
  wanted.source = step.source;
  wanted.type = step.type;
  wanted.flags = step.flags;
  wanted.data = data_of(step.parameters);
  return call(tree, target, std::move(wanted));
}

void bind(Tree const& tree, FdRef source, FdRef target, unsigned long flags) {
  MountCall wanted;
  wanted.source = name_of(source);
  wanted.flags = MS_BIND | (flags & MS_REC);
  call(tree, target, std::move(wanted)).or_fail("bind");
}

Fd reopen(Tree const& tree, std::string const& path, Lookup lookup) {
  // The root itself is not covered as seen by its own descriptor: openat2(2) starts beneath.
  if (path == "/") fail(ErrorKind::unsupported, "a mount on / needs move_mount(2)");
  auto mount = look_up(tree.root, path, lookup).or_fail("open {} again", path);
  auto const root = linux::is_mount_root(mount);
  if (root && !*root) fail(ErrorKind::failed, "{} was moved meanwhile", path);
  return mount;
}

Fd reopen(Tree const& tree, std::string const& path, Lookup lookup, FdRef source) {
  auto mount = reopen(tree, path, lookup);
  auto const found = linux::stat(mount).or_fail("stat {}", path);
  auto const wanted = linux::stat(source).or_fail("stat source");
  if (found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino) {
    fail(ErrorKind::failed, "{} was moved meanwhile", path);
  }
  return mount;
}

namespace {

Outcome<void> remount(Tree const& tree, FdRef mount, unsigned long flags) {
  MountCall wanted;
  wanted.flags = MS_BIND | MS_REMOUNT | (flags & (simple_flags | atime_flags));
  return call(tree, mount, std::move(wanted));
}

}  // namespace

void set_attributes(Tree const& tree, FdRef mount, Step const& step, int refusal) {
  if (step.recursive.set != 0 || step.recursive.clear != 0) {
    fail_errno(refusal, "set flags of the whole tree");
  }
  if (((step.flags | step.cleared) & (simple_flags | atime_flags)) != 0) {
    auto outcome = remount(tree, mount, step.flags);
    if (outcome.is(EPERM)) {
      auto const flags = with_locked_flags(mount, step);
      if (!flags) fail_errno(EPERM, "change locked mount flags");
      outcome = remount(tree, mount, *flags | (present_flags(mount) & atime_flags));
    }
    outcome.or_fail("set mount flags");
  }
  for (auto const flags : step.propagation) {
    MountCall wanted;
    wanted.flags = flags;
    call(tree, mount, std::move(wanted)).or_fail("set propagation");
  }
}

void set_readonly(Tree const& tree, FdRef mount) {
  remount(tree, mount, present_flags(mount) | MS_RDONLY).or_fail("make read-only");
}

std::string data_of(std::vector<Parameter> const& parameters) {
  std::string data;
  for (auto const& parameter : parameters) {
    if (!data.empty()) data += ',';
    data += parameter.key;
    if (!parameter.value) continue;
    bool const quote = parameter.value->find(',') != std::string::npos;
    data += quote ? fmt::format("=\"{}\"", *parameter.value) : "=" + *parameter.value;
  }
  return data;
}

}  // namespace proa::rootfs::mount2
