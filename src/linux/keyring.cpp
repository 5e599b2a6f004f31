// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/keyring.hpp"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace proa::linux {

Outcome<KeySerial> join_session_keyring(std::string const& name) {
  long const key = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str());
  if (key < 0) return Errno::last();
  return static_cast<KeySerial>(key);
}

Outcome<std::string> describe_key(KeySerial key) {
  std::array<char, 1024> buffer{};
  long const size = ::syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, buffer.data(), buffer.size());
  if (size < 0) return Errno::last();
  // The size is of the whole text with its NUL, also where the buffer is too small for it.
  auto const kept = std::min(static_cast<std::size_t>(size), buffer.size());
  return std::string(buffer.data(), kept == 0 ? 0 : kept - 1);
}

Outcome<void> set_key_permissions(KeySerial key, std::uint32_t permissions) {
  return checked(::syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions));
}

}  // namespace proa::linux
