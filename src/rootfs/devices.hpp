// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The device nodes of the plan and the links of /dev: config-linux.md#devices,
// #default-devices and runtime-linux.md#dev-symbolic-links.  All of it relative to a descriptor of
// the container's /dev, so that an image whose /dev leads elsewhere gets nothing made or removed
// there (CVE-2026-41579, CVE-2026-47766).
#pragma once

#include "linux/fd.hpp"
#include "rootfs/plan.hpp"
#include "rootfs/tree.hpp"

namespace proa::rootfs {

/// Throws Error; Error{config} with the JSON pointer of a device in whose place something else is.
void supply_devices(Plan const& plan, Tree& tree);

/// The container's /dev, made if missing.
linux::FdRef dev(Tree& tree);

/// Whether this is the null device, 1:3, and nothing that has its name.
bool is_null_device(linux::FdRef file);

}  // namespace proa::rootfs
