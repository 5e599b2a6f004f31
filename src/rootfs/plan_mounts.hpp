// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The part of plan() that turns config.md#mounts into Steps.  Pure.
#pragma once

#include <vector>

#include "rootfs/plan.hpp"

namespace proa::rootfs {

/// One Step or more for each mount, in the listed order.  Throws as plan() does.
std::vector<Step> plan_mounts(Input const& input);

/// The SELinux context that file systems get by `linux.mountLabel`; none without SELinux.
std::optional<Parameter> mount_label(Input const& input);

/// Whether the container has a namespace of the type to itself or joins one.
bool has_namespace(Spec const& spec, spec::NamespaceType type);

}  // namespace proa::rootfs
