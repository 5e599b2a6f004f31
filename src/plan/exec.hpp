// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What `exec` will do, from its options and the container's Record: config.json is not read again.
// Pure: no system call, no file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/host.hpp"
#include "proa/container.hpp"
#include "process/plan.hpp"
#include "security/capabilities.hpp"
#include "security/keyring.hpp"
#include "spec/record.hpp"

namespace proa {

/// What the kernel has told of the container and of itself.
struct ExecRequest {
  int namespaces = 0;     ///< CLONE_NEW* of those that differ from the runtime's
  bool apparmor = false;  ///< enabled in the kernel
  bool selinux = false;   ///< enabled in the kernel
  Sockets sockets;
  std::uint32_t preserve_fds = 0;
};

struct ExecPlan {
  process::Plan process;
  std::optional<capabilities::Plan> capabilities;
  std::string apparmor_profile;
  std::string selinux_label;
  std::optional<keyring::Session> session_keyring;  ///< absent: the caller's is kept
  int namespaces = 0;                               ///< CLONE_NEW* to join
  /// Another process joins and makes the final one: a pid namespace holds only those born in it,
  /// and what joins a user namespace should have nothing of the runtime's in its past.
  bool through_helper = false;
  bool chroot = false;  ///< the mount namespace's root is not the container's
  std::string filter;   ///< array of struct sock_filter; empty: no filter
  unsigned filter_flags = 0;
  std::uint32_t preserve_fds = 0;  ///< with the sockets
};

/// Without --process: the container's own process, changed as the options say.  Not validated yet.
/// Throws Error{usage} for an option that makes no sense.
spec::Process exec_process(ExecOptions const& options, spec::Record const& record);

/// `process` must be valid.  The filter is left to the caller.
ExecPlan compile(spec::Process const& process, spec::Record const& record, Host const& host,
                 ExecRequest const& request);

/// --user: "UID" or "UID:GID", decimal numbers below (uid_t)-1 and nothing else (CVE-2026-30892).
struct UserId {
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> gid;
};
std::optional<UserId> parse_user(std::string_view text);

}  // namespace proa
