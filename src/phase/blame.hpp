// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Why a process of the container's did not get as far as its program: where a limit of its cgroup
// is to blame, the error says which.  For callers that have just caught the error of a conversation
// with that process; decides nothing else.
#pragma once

#include "cgroup/records.hpp"
#include "linux/pid.hpp"
#include "proa/error.hpp"
#include "spec/record.hpp"

namespace proa::phase {

/// Returns when no limit is to blame; else throws the Error that names it: "container init was
/// OOM-killed: memory.max = 65536", or the same error with "pids.max = 1" behind it.
void blame_limits(Error const& error, cgroup::Records const& groups, linux::Pid const& process);

/// After the end of file that execve(2) or death makes: throws InitFailed when init has died
/// without executing anything.  Where it has been reaped already nobody can tell, and nothing is
/// thrown.
void check_executed(spec::Record const& record);

}  // namespace proa::phase
