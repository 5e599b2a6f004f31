// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the files of a container's groups say of its use: cgroup-v1/*.rst, cgroup-v2.rst.  Reads
// only.  The values are runc's, which engines compute with; v2's are converted.
#pragma once

#include "cgroup/records.hpp"
#include "proa/stats.hpp"

namespace proa::cgroup {

/// Files that are not there count as zero.  Throws Error when one can't be read.
Stats stats(Records const& records);

}  // namespace proa::cgroup
