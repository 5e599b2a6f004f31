// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the parts of validate share: one function for each part of the document, and the few
// questions that several of them ask.  For the validate*.cpp files only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proa/spec.hpp"
#include "spec/checker.hpp"

namespace proa::spec {

void check_process(Process const& process, Checker const& check);
void check_linux(Spec const& spec, Checker const& check);
void check_resources(Resources const& resources, Checker const& check);
void check_seccomp(Seccomp const& seccomp, Checker const& check);
/// user_namespaces(7): what the kernel takes as a uid_map or gid_map.
void check_id_map(std::vector<IdMapping> const& map, Checker const& check);
void check_sysctl(Linux const& linux, Checker const& check);
void check_net_devices(Linux const& linux, Checker const& check);
void check_memory_policy(MemoryPolicy const& policy, Checker const& check);

/// The entry of that type, or nullptr: inherited from the runtime.
Namespace const* find(std::vector<Namespace> const& namespaces, NamespaceType type);

/// (uid_t)-1 and (gid_t)-1 mean "no change" to the kernel.
inline constexpr std::uint32_t no_id = 0xffffffff;

inline bool absolute(std::string_view path) { return path.starts_with('/'); }

/// How many numbers a list like "0-3,7" names; nothing if it is no such list.  cpuset(7), the part
/// without strides; numbers beyond 65535 are those of no machine.
std::optional<std::size_t> listed(std::string_view list);

}  // namespace proa::spec
