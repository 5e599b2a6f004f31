// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The versions of the runtime-spec that proa speaks: the one it writes, and the range it reads.
// Knows nothing of proa's own version.
#pragma once

namespace proa::spec {

/// config.md#specification-version: what `spec`, `state` and the hooks' state say.
inline constexpr char const* version = "1.3.0";

/// features.md#specification-version: everything between the two is accepted.
inline constexpr char const* version_min = "1.0.0";
inline constexpr char const* version_max = version;

}  // namespace proa::spec
