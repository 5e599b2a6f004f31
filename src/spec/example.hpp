// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The config.json that `proa spec` writes to start from: a shell in a terminal, on a read-only
// root file system, with the file systems, masks and limits that people are used to from runc.
#pragma once

#include <cstdint>

#include "proa/container.hpp"
#include "proa/spec.hpp"

namespace proa::spec {

/// Effective ids of whoever asks: root of the rootless example.
struct Caller {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Rootless: with a user namespace in which the caller is root, and without what only root of the
/// host can give: a network namespace, a sysfs of its own, ids that are not mapped, limits.
/// `automatic` is rootless when the caller's uid is not 0.
Spec example(Rootless rootless, Caller caller);

}  // namespace proa::spec
