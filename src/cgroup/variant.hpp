// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// GVariant's text format, in which annotations give properties of a unit: "uint64 30000000",
// "'mixed'", "['a.service', 'b.service']", "@as []".  Without a word for its type a number is an
// int32, or a double when it has a point.  Pure.
#pragma once

#include <string_view>

#include "cgroup/dbus.hpp"

namespace proa::cgroup {

/// Throws Error{config} that names the text.  Dictionaries, maybes and byte strings are refused:
/// no property of a scope is one.
dbus::Value variant_from_text(std::string_view text);

}  // namespace proa::cgroup
