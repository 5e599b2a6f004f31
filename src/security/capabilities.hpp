// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// capabilities(7): from the names of config.md#process to bits, and from bits to what the kernel
// holds of this process.  Never adds what was not asked for: in particular not to the inheritable
// set, whose being filled has been a vulnerability of every runtime once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"
#include "proa/spec.hpp"

namespace proa::capabilities {

/// Sets of capabilities, one bit each.
struct Plan {
  std::uint64_t bounding = 0;
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t ambient = 0;
  unsigned last = 0;  ///< highest number that the kernel knows
};

/// Whose capabilities the container's process starts with.
enum class Source : std::uint8_t {
  caller,          ///< this process's own
  user_namespace,  ///< everything: it enters another user namespace, user_namespaces(7)
};

/// nullopt when config.json does not mention capabilities: they are left as they are.
/// A name that is unknown, to libcap or to the kernel, or that `source` does not have, is a warning
/// and is dropped; so is what the kernel would refuse because a set that must hold it does not.
/// config.md: runtimes SHOULD NOT fail for capabilities that cannot be granted.
std::optional<Plan> plan(spec::Process const& process, Host const& host, Source source);

/// prctl(2) PR_CAPBSET_DROP of all that is not in the plan.  Before the user is set: it takes
/// CAP_SETPCAP.
void drop_bounding(Plan const& plan);

/// capset(2), then the ambient set.  After the user is set, which empties both.  An ambient
/// capability that the kernel refuses is a warning: "can't raise ambient capability CAP_CHOWN: ".
void apply(Plan const& plan);

/// "CAP_CHOWN" to its number; case-exact; nullopt when libcap does not know it.
std::optional<unsigned> number(std::string const& name);
std::string name(unsigned capability);

/// All names that this build knows, in the order of their numbers: for `features`.
std::vector<std::string> names();

}  // namespace proa::capabilities
