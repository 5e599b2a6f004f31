// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// New limits for a container that exists.  The writes are those of create (limits.hpp), with what
// the caller left out and one of them needs taken from the files as they are now.  All or nothing:
// when one write does not work, those before it are taken back.
//
// No device list: engines send one that is not meant (podman denies all of them here).  Nothing is
// frozen meanwhile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cgroup/records.hpp"
#include "proa/spec.hpp"

namespace proa::cgroup {

/// Throws Error{config} and Error{unsupported} as plan() does, Error{failed} when the kernel
/// refuses.  With memory.checkBeforeUpdate a limit that is used up already is refused here:
/// config-linux.md#memory.  With a unit its manager is told what it should know, and all files stay
/// as they are beside that.
void update(Records const& records, spec::Resources resources,
            std::optional<spec::UnitRecord> const& unit = {});

/// What to write into `file` to have it again as it was before `value` was written to it; `text` is
/// what it said then.
std::string former_value(std::string_view file, std::string_view value, std::string_view text);

}  // namespace proa::cgroup
