// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Host: what a plan must know of the machine and of the caller.  Probed once a call, a value that
// tests make by hand; nothing in it is looked up again later.  Knows no container.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace proa {

/// cgroups(7): one mounted hierarchy.
struct CgroupHierarchy {
  bool v2 = false;
  std::string
      name;  ///< directory name below /sys/fs/cgroup: "memory", "cpu,cpuacct"; "" for pure v2
  std::string mount;  ///< where it is mounted, absolute
  std::string own;  ///< this process's cgroup in it, as /proc/self/cgroup says: "/", "/user.slice"
  std::vector<std::string> controllers;  ///< "memory"; a named v1 hierarchy has "name=systemd"
};

/// Where each controller lives: the table of the three worlds (pure v1, hybrid, pure v2).
/// A controller is in at most one row; one that is in none is absent from this host.
struct CgroupTable {
  std::vector<CgroupHierarchy> hierarchies;  ///< v1 hierarchies first, the v2 one last

  /// The row that has `controller`, or nullptr.
  CgroupHierarchy const* find(std::string_view controller) const;
  /// The v2 hierarchy, or nullptr.
  CgroupHierarchy const* unified() const;
  /// No v1 hierarchy at all.
  bool pure_v2() const;
};

struct Host {
  uid_t uid = 0;          ///< effective
  gid_t gid = 0;          ///< effective
  bool rootless = false;  ///< lacks root's powers over the host: not uid 0, or in a user namespace
  bool user_namespace = false;     ///< runs in a user namespace that is not the initial one
  unsigned last_capability = 0;    ///< highest capability number that the kernel knows
  std::uint64_t capabilities = 0;  ///< this process's permitted set, one bit each
  std::uint64_t bounding = 0;      ///< this process's bounding set
  CgroupTable cgroups;
};

/// Whether this process is in a user namespace other than the initial one.  Throws Error.
bool in_user_namespace();

/// Asks the kernel.  A few small reads below /proc and access(2) below /sys/fs/cgroup; the table of
/// mounts is read only where a v1 hierarchy is not in its usual place.  Throws Error.
Host probe_host();

/// The table alone, from text: `self_cgroup` is /proc/self/cgroup, `root` stands for /sys/fs/cgroup
/// and `mountinfo` is the file to look in for v1 hierarchies elsewhere (tests give their own).  A
/// v2 hierarchy mounted on `root` is the only one: v1 hierarchies that the kernel still has are
/// out of reach.  A hierarchy that is not mounted is absent.
CgroupTable probe_cgroups(std::string_view self_cgroup, std::string const& root,
                          std::string const& mountinfo = "/proc/self/mountinfo");

}  // namespace proa
