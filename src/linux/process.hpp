// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a process is allowed and what it inherits: credentials(7), umask(2), getrlimit(2),
// setsid(2), getcwd(2).  Unless a pid is given, all of it is about the calling process, which has
// one thread.  What leads to the next program stands in linux/exec.hpp.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "linux/outcome.hpp"

namespace proa::linux {

// --- credentials(7) -----------------------------------------------------------------------------

/// getgroups(2), setgroups(2)
Outcome<std::vector<gid_t>> supplementary_groups();
Outcome<void> set_supplementary_groups(std::vector<gid_t> const& groups);
/// geteuid(2), getegid(2)
uid_t effective_uid();
gid_t effective_gid();

/// setresgid(2), setresuid(2): real, effective and saved at once.
Outcome<void> set_gid(gid_t gid);
Outcome<void> set_uid(uid_t uid);
/// setfsgid(2), setfsuid(2): the id that files are opened with.  Leaving uid 0 here takes the
/// capabilities over files out of the effective set, coming back restores them: capabilities(7).
/// The calls don't report failure, so these ask afterwards; EPERM when the id did not change.
Outcome<void> set_file_gid(gid_t gid);
Outcome<void> set_file_uid(uid_t uid);
gid_t file_gid();
uid_t file_uid();

/// umask(2); gives the one before.
mode_t set_umask(mode_t mask);

// --- getrlimit(2) -------------------------------------------------------------------------------

struct Limit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
  bool operator==(Limit const&) const = default;
};
/// prlimit(2); pid 0 is the calling process.  `resource` is RLIMIT_*.
Outcome<Limit> limit(pid_t pid, int resource);
Outcome<void> set_limit(pid_t pid, int resource, Limit limit);

// --- sessions, the working directory ------------------------------------------------------------

/// getpid(2), as the pid namespace of this process numbers it.
pid_t process_id();

/// setsid(2)
Outcome<void> set_session();

/// getcwd(2) as the kernel says it, which is not an absolute path when the working directory is
/// not below this process's root: "(unreachable)/...".  getcwd(3) hides that.
Outcome<std::string> working_directory();

}  // namespace proa::linux
