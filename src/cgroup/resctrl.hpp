// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#intelrdt: the container's group in the resctrl file system, which shares out
// caches and memory bandwidth.  Not a cgroup, but a directory that processes are written into all
// the same.  The plan is pure, the rest does; all runs in the runtime.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "spec/record.hpp"

namespace proa::cgroup {

struct ResctrlPlan {
  std::string group;                  ///< directory of the group, absolute
  bool named = false;                 ///< by closID: never removed with the container
  std::vector<std::string> compared;  ///< lines that a named group which is there must have already
  std::string schemata;               ///< to be written; empty: nothing may be written
  std::string monitoring;             ///< directory of the monitoring group; empty: none
};

/// `root` is the mount point, empty where there is none: Error{unsupported}.
ResctrlPlan plan_resctrl(spec::IntelRdt const& rdt, std::string const& id, std::string const& root);

/// The mount point of resctrl in the text of /proc/self/mountinfo; nothing without.
std::optional<std::string> resctrl_root(std::string_view mountinfo);
/// The same for this process.
std::string probe_resctrl();

/// Makes what is missing and writes the schemata.  Throws Error, and leaves nothing then.
spec::ResctrlRecord make_resctrl(ResctrlPlan const& plan);
/// A process into the groups, before it runs.  Throws Error.
void enter_resctrl(spec::ResctrlRecord const& record, pid_t pid);
/// Other lines in the schemata of the container's group, all of them or none.  Returns what stood
/// there before.  Throws Error.
std::string change_schemata(spec::ResctrlRecord const& record,
                            std::vector<std::string> const& lines);
/// Takes that back; what does not work is a warning.
void restore_schemata(spec::ResctrlRecord const& record, std::string const& former) noexcept;
/// What was made for the container alone.  What is gone already is fine.  Throws Error.
void remove_resctrl(spec::ResctrlRecord const& record);

/// Whether all that `line` says stands in the text of a schemata file: "L3:0=7f0;1=1f".
bool has_schema(std::string_view schemata, std::string_view line);

}  // namespace proa::cgroup
