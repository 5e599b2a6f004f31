// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// keyrings(7), keyctl(2): the few operations on a session keyring.
#pragma once

#include <cstdint>
#include <string>

#include "linux/outcome.hpp"

namespace proa::linux {

using KeySerial = std::int32_t;

/// KEYCTL_JOIN_SESSION_KEYRING: joins the keyring of that name, or makes it.
Outcome<KeySerial> join_session_keyring(std::string const& name);
/// KEYCTL_DESCRIBE: "type;uid;gid;permissions;name".
Outcome<std::string> describe_key(KeySerial key);
/// KEYCTL_SETPERM
Outcome<void> set_key_permissions(KeySerial key, std::uint32_t permissions);

}  // namespace proa::linux
