// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/credentials.hpp"

#include "base/error.hpp"
#include "linux/prctl.hpp"

namespace proa::process {

namespace {

void set_groups(Plan const& plan) {
  if (plan.group_policy == Groups::keep) return;
  auto const set = linux::set_supplementary_groups(plan.groups);
  // user_namespaces(7): EPERM where /proc/self/setgroups says "deny".  What nobody asked for can't
  // be missed, and there is no other way to drop the caller's groups.
  if (set.is(EPERM) && plan.groups.empty()) return;
  if (set.is(EPERM) && plan.rootless) {
    fail(ErrorKind::failed, "cannot set any additional groups in a rootless container");
  }
  if (set.is(EINVAL)) {
    fail_errno(EINVAL, "set additional groups, of which one is unmapped in the user namespace");
  }
  set.or_fail("set additional groups");
}

/// fs.suid_dumpable may be 1, and this process holds what a container must not get at.
void stay_private() {
  linux::set_dumpable(linux::Dumpable::no).or_fail("make the process not dumpable");
}

void set_ids(Plan const& plan) {
  auto const gid = linux::set_gid(plan.gid);
  if (gid.is(EINVAL)) {
    fail_errno(EINVAL, "set gid {}, which is unmapped in the user namespace", plan.gid);
  }
  gid.or_fail("set gid {}", plan.gid);
  auto const uid = linux::set_uid(plan.uid);
  if (uid.is(EINVAL)) {
    fail_errno(EINVAL, "set uid {}, which is unmapped in the user namespace", plan.uid);
  }
  uid.or_fail("set uid {}", plan.uid);
}

}  // namespace

void set_user(Plan const& plan) {
  if (plan.keep_capabilities) {
    linux::set_keep_capabilities(linux::KeepCapabilities::yes)
        .or_fail("keep capabilities across the change of user");
  }
  set_groups(plan);
  set_ids(plan);
  stay_private();
  if (plan.keep_capabilities) {
    linux::set_keep_capabilities(linux::KeepCapabilities::no)
        .or_fail("keep no capabilities from here on");
  }
  if (plan.umask) linux::set_umask(*plan.umask);
}

FilesAsUser::FilesAsUser(Plan const& plan) : uid_(linux::file_uid()), gid_(linux::file_gid()) {
  if (plan.uid == uid_) return;
  changed_ = true;
  if (plan.group_policy == Groups::set) {
    auto groups = linux::supplementary_groups();
    if (groups && linux::set_supplementary_groups(plan.groups)) {
      groups_ = *std::move(groups);
      groups_changed_ = true;
    }
  }
  // Where the ids are not ours to set, the caller's rights decide, and execve(2) later.
  linux::set_file_gid(plan.gid).ignore();
  linux::set_file_uid(plan.uid).ignore();
  stay_private();
}

FilesAsUser::~FilesAsUser() {
  if (!changed_) return;
  // Both are the effective ids of this process, which it may always come back to.
  linux::set_file_uid(uid_).ignore();
  linux::set_file_gid(gid_).ignore();
  if (groups_changed_) linux::set_supplementary_groups(groups_).ignore();
  linux::set_dumpable(linux::Dumpable::no).ignore();
}

}  // namespace proa::process
