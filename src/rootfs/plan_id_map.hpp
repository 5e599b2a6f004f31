// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#linux-mount-options, idmap and ridmap: whose ids a mount shows.  Besides the spec's
// properties there is crun's option, which podman passes on:
//
//     idmap=uids=0-1000-1#5-2000-10;gids=@0-1-10
//
// START-HOST-COUNT: ids of the file system from START on are the host's from HOST on, or, with @,
// those that the container has from HOST on.  Pure.
#pragma once

#include <optional>
#include <string>

#include "proa/spec.hpp"
#include "rootfs/options.hpp"
#include "rootfs/plan.hpp"

namespace proa::rootfs {

/// Nothing where the mount is to show ids as they are.  Takes the words that it understands out of
/// options.unknown.  Throws Error{config}.
std::optional<IdMap> plan_id_map(spec::Linux const& linux, spec::Mount const& mount,
                                 std::string const& pointer, Options& options);

}  // namespace proa::rootfs
