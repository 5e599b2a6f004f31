// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/keyring.hpp"

#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "linux/keyring.hpp"
#include "security/selinux.hpp"

namespace proa::keyring {

namespace {

// keyctl_setperm(3)
constexpr std::uint32_t user_search = 0x00080000;
constexpr std::uint32_t other_search = 0x00000008;

/// The fourth field of "type;uid;gid;permissions;name", hexadecimal.
std::uint32_t permissions_in(std::string const& description) {
  constexpr std::size_t field = 3;
  auto const fields = text::split(description, ';');
  auto const permissions =
      fields.size() > field ? text::number<std::uint32_t>(fields[field], 16) : std::nullopt;
  if (!permissions) fail(ErrorKind::failed, "\"{}\" describes no key", description);
  return *permissions;
}

/// keyctl(2): the new keyring, or nothing where there are no keyrings.
std::optional<linux::KeySerial> joined(std::string const& name) {
  auto key = linux::join_session_keyring(name);
  if (key.is(ENOSYS, EPERM)) {
    log::debug("no session keyring {}: {}", name, errno_text(key.error()));
    return std::nullopt;
  }
  if (key.is(EDQUOT)) {
    fail_errno(EDQUOT,
               "join session keyring {} (see kernel.keys.maxkeys; --no-new-keyring does without)",
               name);
  }
  if (!key) fail_errno(key.error(), "join session keyring {}", name);
  return *key;
}

}  // namespace

void join_session(Session const& session, linux::FdRef proc) {
  if (weakened("own-keyring")) return;
  auto const& name = session.name;
  selinux::set_key_label(session.selinux_label, proc);
  auto const key = joined(name);
  selinux::clear_key_label(session.selinux_label, proc);
  if (!key) return;
  auto const described = linux::describe_key(*key).or_fail("describe session keyring {}", name);
  auto const search = session.searchers == Searchers::everyone ? other_search : user_search;
  linux::set_key_permissions(*key, permissions_in(described) | search)
      .or_fail("make session keyring {} searchable", name);
}

}  // namespace proa::keyring
