// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A process becomes what its Plan says, one function for each thing that the kernel wants done at a
// time of its own; the caller has the order.  Each says in which process it runs.  None looks at
// config.json, none forks, and nothing here is left running.  All throw Error.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "linux/fd.hpp"
#include "process/plan.hpp"

namespace proa::process {

/// Writes oom_score_adj of `process` (a directory name below `proc`: "self", "42").
/// From outside when it is in a user namespace: a process that is not dumpable does not own its
/// files below /proc there.  What a rootless caller may not do is left.
void set_oom_score_adj(Plan const& plan, linux::FdRef proc, std::string_view process);

/// prlimit(2) of process `pid`; 0 is the calling one.  From outside when it is in a user namespace,
/// where no hard limit can be raised, and late: limits bind the rest of the set-up too.
void set_limits(Plan const& plan, pid_t pid);

/// In the process.  personality(2), set_mempolicy(2), ioprio_set(2) and sched_setattr(2).  It must
/// be the leader of its process group (setsid(2)): the I/O priority is the group's.
void set_scheduling(Plan const& plan);

/// In the runtime before it makes the process, and in the process once it is in its cgroup.
/// Without execCPUAffinity.final a mask that came from the runtime's caller is taken off, so that
/// the cgroup's cpuset alone decides.
void set_initial_affinity(Plan const& plan);
void set_final_affinity(Plan const& plan);

/// In the container's root, named by `root`.  Completes Plan::env with HOME where it is absent or
/// empty: from the container's /etc/passwd, else "/".  And with LISTEN_PID, where sockets come
/// along.
void complete_environment(Plan& plan, linux::FdRef root);

/// In the container's root, named by `root`, as its root user.  Makes the working directory with
/// its parents where it is missing, 0755.
void make_cwd(Plan const& plan, linux::FdRef root);

/// In the container's root, named by `root`.  Enters the working directory, with this process's
/// rights or with those of the container's user, whichever suffice, and verifies that the kernel
/// sees it below the root: CVE-2024-21626.  Before set_user(), so that both can be tried.
void enter_cwd(Plan const& plan, linux::FdRef root);

/// execve(2) of a path that find_executable() gave.  Throws with the text that engines know,
///   exec /run.sh: no such file or directory
/// and where the file itself says why, with that on a line of its own.
[[noreturn]] void execute(Plan const& plan, std::string const& path);

}  // namespace proa::process
