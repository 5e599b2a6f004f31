// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Record: what the state directory keeps of a container, and nothing else.  config.json is never
// read again after create, so whatever start, kill and delete need stands here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proa/container.hpp"
#include "proa/spec.hpp"
#include "proa/state.hpp"

namespace proa::spec {

/// One cgroup of the container.
struct CgroupRecord {
  std::string path;  ///< absolute path of its directory
  bool v2 = false;
  bool created = false;                  ///< made by proa: delete removes it
  std::vector<std::string> controllers;  ///< as in CgroupHierarchy
};

/// The systemd unit that the cgroup belongs to.
struct UnitRecord {
  std::string name;   ///< "libpod-web.scope"
  bool user = false;  ///< of the user's manager, not the system's
};

/// The container's group of config-linux.md#intelrdt.
struct ResctrlRecord {
  std::string group;          ///< absolute path of its directory
  std::string monitoring;     ///< of its monitoring group, made by proa; empty: none
  bool remove_group = false;  ///< made by proa for this container alone
};

/// What every process of the container is made from, also one that joins it later.
struct Shared {
  std::optional<Process> process;  ///< config.json's without its args, for an exec that has none
  std::optional<Personality> personality;
  std::optional<MemoryPolicy> memory_policy;
  bool fixed_processors = false;  ///< linux.resources.cpu.cpus is given
  bool session_keyring = false;   ///< the container has one of its own
  bool chrooted = false;          ///< its root is not that of its mount namespace
  /// SECCOMP_FILTER_FLAG_* of the filter beside the record; absent: no filter.
  std::optional<std::uint32_t> filter_flags;
  std::string listener_path;  ///< of the agent that the filter asks; empty: it asks none
  std::string listener_metadata;
};

/// config-linux.md#containerprocessstate: what a seccomp agent is told of a process.
struct ProcessState {
  std::string oci_version;
  std::vector<std::string> fds;  ///< names of the descriptors beside it
  std::int32_t pid = 0;          ///< as the runtime sees it
  std::string metadata;
  State state;
};

struct Record {
  State state;                        ///< with the status as of writing
  std::uint64_t start_time = 0;       ///< of init, /proc/PID/stat field 22, clock ticks since boot
  std::uint64_t pidfd_inode = 0;      ///< of init's pidfd where pidfds have inodes (6.9); else 0
  bool has_process = true;            ///< config.json had `process`
  bool private_pid_namespace = true;  ///< killing init kills everything in it
  bool notify = false;                ///< it has a socket for sd_notify(3) of its own
  bool check_before_update = false;   ///< linux.resources.memory.checkBeforeUpdate
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  std::vector<CgroupRecord> cgroups;
  std::optional<UnitRecord> unit;  ///< with CgroupManager::systemd
  std::optional<ResctrlRecord> resctrl;
  Shared shared;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
};

}  // namespace proa::spec
