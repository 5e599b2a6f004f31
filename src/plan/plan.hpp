// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Plan: what proa will do for one container on this host, fully resolved.  compile() makes it from
// the Spec and nothing but its arguments; afterwards nobody looks at the Spec again, least of all
// the container's own process, which inherits the Plan through clone(2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroup/plan.hpp"
#include "cgroup/resctrl.hpp"
#include "host/host.hpp"
#include "namespaces/plan.hpp"
#include "proa/container.hpp"
#include "proa/spec.hpp"
#include "process/plan.hpp"
#include "rootfs/plan.hpp"
#include "security/capabilities.hpp"
#include "security/keyring.hpp"

namespace proa {

/// What the caller asked for beside the Spec.
struct Request {
  std::string id;
  std::string bundle;  ///< absolute
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  bool no_pivot = false;
  bool no_new_keyring = false;
  bool apparmor = false;  ///< enabled in the kernel; else process.apparmorProfile has no effect
  bool selinux = false;   ///< enabled in the kernel; else the SELinux labels have no effect
  Sockets sockets;
  std::uint32_t preserve_fds = 0;
  std::string resctrl;  ///< where resctrl is mounted; empty: nowhere
};

struct Plan {
  namespaces::Plan namespaces;
  rootfs::Plan rootfs;
  cgroup::Plan cgroup;
  std::optional<cgroup::ResctrlPlan> resctrl;
  std::optional<process::Plan> process;  ///< absent: the container can be created, not started
  std::optional<capabilities::Plan> capabilities;
  std::optional<spec::Seccomp> seccomp;  ///< compiled by the runtime while init mounts
  std::string apparmor_profile;
  std::string selinux_label;
  std::optional<keyring::Session> session_keyring;  ///< absent: the caller's is kept
  std::vector<spec::Hook> create_container;
  std::vector<spec::Hook> start_container;
  std::uint32_t preserve_fds = 0;  ///< with the sockets
};

/// Pure.  Throws Error{config} or Error{unsupported}, each with its JSON pointer.
Plan compile(Spec const& spec, Host const& host, Request const& request);

}  // namespace proa
