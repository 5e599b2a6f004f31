// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a container is doing right now: its Record, held against what the kernel says.
#pragma once

#include <optional>

#include "linux/pid.hpp"
#include "spec/record.hpp"
#include "state/store.hpp"

namespace proa::state {

/// Init's process, verified to be the one of the record and not a later one with its number;
/// nothing when it has ended (a zombie has).
std::optional<linux::Pid> init_of(spec::Record const& record);

/// Whether create got as far as recording its init.
inline bool init_recorded(spec::Record const& record) { return record.state.pid != 0; }

/// runtime.md#state, before the question whether it is paused.
Status status(Entry const& entry, spec::Record const& record);

/// The user's name of a uid, as getpwuid(3) would say without NSS; its number when unknown.
std::string owner_name(uid_t uid);

}  // namespace proa::state
