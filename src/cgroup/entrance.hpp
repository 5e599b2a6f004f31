// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// One more process for the groups of a container that runs: exec.  Makes no group and changes none.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "cgroup/manager.hpp"
#include "host/host.hpp"
#include "linux/fd.hpp"
#include "spec/record.hpp"

namespace proa::cgroup {

/// The directory to enter for each record, the group itself or one below it.  Each word is
/// "PATH", for all hierarchies, or "CONTROLLER,...:PATH".  Pure.  Throws Error{usage} with the
/// words of runc, which its users look for: "bad sub cgroup path", "unknown controller".
std::vector<std::string> places(std::vector<spec::CgroupRecord> const& records,
                                std::vector<std::string> const& words);

class Entrance {
 public:
  /// Opens the groups.  `init` is the container's first process.  All of the arguments must outlive
  /// it.  Throws Error.
  Entrance(std::vector<spec::CgroupRecord> const& records, std::vector<std::string> const& words,
           pid_t init, Host const& host);

  /// As Manager::birthplace().
  linux::FdRef birthplace() const;

  /// Moves `pid` into all groups that it is not born in.  Where the v2 group may hold no processes
  /// any more, because init has moved itself into one below (systemd does), it follows init; but
  /// not when a path was asked for.
  void enter(pid_t pid, Born born) const;

 private:
  struct Door {
    bool v2;
    std::string path;
    linux::Fd dir;
  };
  bool follow_init(pid_t pid) const;

  std::vector<Door> doors_;
  bool chosen_;  ///< a path was asked for
  pid_t init_;
  Host const& host_;
};

}  // namespace proa::cgroup
