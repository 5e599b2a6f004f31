// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Who the process is: credentials(7).  Either for good, or for the time of looking at a file.
//
// With every change of user or file user the kernel clears the parent death signal and sets the
// dumpable flag to fs.suid_dumpable: prctl(2).  The flag is put back to "no" here each time; the
// signal is the caller's matter.
#pragma once

#include "process/plan.hpp"

namespace proa::process {

/// Supplementary groups, gid, uid and umask, for good.  Where capset(2) is to follow, the permitted
/// set is kept across the change of uid: capabilities(7); the effective set is gone until then.
/// In a user namespace without setgroups(2) an empty list of groups is left alone.
/// Errors: "cannot set any additional groups in a rootless container", unmapped ids by name.
void set_user(Plan const& plan);

/// As long as it lives, files are opened and looked at with the rights of the container's user:
/// setfsuid(2) and the groups.  Does nothing where this process may not or is that user already.
class FilesAsUser {
 public:
  explicit FilesAsUser(Plan const& plan);
  FilesAsUser(FilesAsUser const&) = delete;
  FilesAsUser& operator=(FilesAsUser const&) = delete;
  ~FilesAsUser();

 private:
  bool changed_ = false;
  bool groups_changed_ = false;
  uid_t uid_;
  gid_t gid_;
  std::vector<gid_t> groups_;
};

}  // namespace proa::process
