// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules of config.md and config-linux.md that hold between and about values, as far as they
// need no host: whether a path exists, a controller is mounted or a capability may be had is found
// out by the rooms that use them.  What the spec wants to be a warning (an unknown capability) is
// no business of this one either.
//
// All throw Error{config} for the first violation, in the line format of spec/decode.hpp.
#pragma once

#include <string>
#include <string_view>

#include "proa/spec.hpp"

namespace proa::spec {

void validate(Spec const& spec, std::string const& source);

/// For `exec`: pointers start at the process.
void validate(Process const& process, std::string const& source);

/// For `update`: pointers start at the resources.
void validate(Resources const& resources, std::string const& source);

/// The file below /proc/sys that a key of linux.sysctl names: "net.ipv4.ip_forward" and
/// "net/ipv4/ip_forward" are "net/ipv4/ip_forward".  As sysctl(8) reads them: the first separator
/// tells which of '.' and '/' separates, and the other one then stands for it inside a name.
std::string sysctl_file(std::string_view key);

}  // namespace proa::spec
