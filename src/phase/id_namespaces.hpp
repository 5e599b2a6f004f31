// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The user namespaces of id-mapped mounts: mount_setattr(2) takes a map as one.  The runtime makes
// them before the container, as nobody else has the right to map ids of the host's file systems.
#pragma once

#include <vector>

#include "linux/fd.hpp"
#include "namespaces/apply.hpp"
#include "plan/plan.hpp"

namespace proa::phase {

/// For rootfs::open_sources(): empty without any id-mapped mount.  Throws Error.
std::vector<linux::Fd> make_id_namespaces(Plan const& plan, namespaces::Handles const& handles);

}  // namespace proa::phase
