// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Lengths of time as Go's programs write them, and so the callers of a runtime: "5s", "1m30s",
// "1.5h".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace proa::cli {

/// Numbers, each with a unit of ns, us, ms, s, m, h, without a sign.  Nothing when it is no such
/// text, or too long a time.
std::optional<std::chrono::nanoseconds> duration(std::string_view text);

}  // namespace proa::cli
