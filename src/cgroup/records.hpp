// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A container's groups as its record names them: which of them has a controller, and its directory.
// Groups that are gone are no error here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "spec/record.hpp"

namespace proa::cgroup {

using Records = std::vector<spec::CgroupRecord>;

bool has(spec::CgroupRecord const& record, std::string_view controller);

/// The group of the hierarchy that has the controller, whichever version; or nullptr.
spec::CgroupRecord const* record_of(Records const& records, std::string_view controller);
/// The same among the v1 hierarchies.
spec::CgroupRecord const* v1_record(Records const& records, std::string_view controller);
/// The v2 group, or nullptr.
spec::CgroupRecord const* v2_record(Records const& records);

/// The hierarchy that is asked for processes: all have the same, v2 has more to say about them, and
/// of the others the freezer is the one that has to be dealt with anyway.
spec::CgroupRecord const* process_record(Records const& records);

/// The open directory of a record's group; invalid when there is no record or no group any more.
linux::Fd open_record(spec::CgroupRecord const* record);

/// A file of a group that may be gone, and that may not have it: then it is empty.
std::string read_if_there(linux::FdRef group, std::string const& file);

}  // namespace proa::cgroup
