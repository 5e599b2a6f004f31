// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The container's session keyring, session-keyring(7): without one of its own the container would
// possess the keys of whoever called the runtime.
#pragma once

#include <cstdint>
#include <string>

#include "linux/fd.hpp"

namespace proa::keyring {

/// Whose processes must be able to join the container's keyring later, for `exec`.
enum class Searchers : std::uint8_t {
  same_user,
  everyone,  ///< in a user namespace, where uids differ
};

struct Session {
  std::string name;           ///< session_name(): exec joins it by name
  std::string selinux_label;  ///< empty: none
  Searchers searchers = Searchers::same_user;
};

/// "_ses.<id>"
inline std::string session_name(std::string const& id) { return "_ses." + id; }

/// In the process.  Joins the keyring of that name, which is made when it does not exist; `proc` is
/// for its label.  A kernel without keyrings, or a filter around us that denies keyctl(2), is
/// passed over: then there are no keys to reach.  EDQUOT is an error: going on would share the
/// caller's keys.
void join_session(Session const& session, linux::FdRef proc);

}  // namespace proa::keyring
