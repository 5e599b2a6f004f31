// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The properties of a systemd unit that say the same as files of its cgroup, systemd.resource-
// control(5).  systemd has to know a limit that it could know: else it puts its own value back at
// the next daemon-reload.  What it knows nothing of is left out here, and stays as it is written
// into the file.  Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cgroup/devices.hpp"
#include "cgroup/plan.hpp"

namespace proa::cgroup {

/// CPUWeight= of an idle group: systemd knows it since version 252 and refuses it before.
constexpr std::uint64_t idle_weight = 0;

/// Of the writes of a group; the last one for a file counts, as in the file.
Properties properties_of(std::vector<Write> const& writes);
/// Of all writes of these groups.
Properties limits_of(std::vector<Group> const& groups);

/// Of the device list of v1, which systemd keeps as well: what of it its words can say, which know
/// pseudoterminals of all majors only.  Nothing where everything is allowed that no rule speaks of.
Properties properties_of(DeviceList const& list);

/// Of the annotations org.systemd.property.NAME: their values are in GVariant's text format, and
/// NAME ...Sec takes seconds where systemd has NAME ...USec in microseconds.  Throws Error{config}.
Properties properties_of(std::map<std::string, std::string> const& annotations);

/// As systemd takes them: a(sv).
dbus::Value as_value(Properties const& properties);

}  // namespace proa::cgroup
