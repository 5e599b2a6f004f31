// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// features.md and features-linux.md: what this build of proa can do.  Fixed at compilation; asks
// nothing of the host.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace proa {

struct Features {
  struct Cgroup {
    bool v1 = false, v2 = false, systemd = false, systemd_user = false, rdma = false;
  };
  struct Seccomp {
    bool enabled = false;
    std::vector<std::string> actions, operators, archs, known_flags, supported_flags;
  };
  struct IntelRdt {
    bool enabled = false, schemata = false, monitoring = false;
  };
  struct MemoryPolicy {
    std::vector<std::string> modes, flags;
  };
  struct Linux {
    std::vector<std::string> namespaces, capabilities;
    Cgroup cgroup;
    Seccomp seccomp;
    bool apparmor = false;
    bool selinux = false;
    IntelRdt intel_rdt;
    MemoryPolicy memory_policy;
    bool idmap_mounts = false;
    bool net_devices = false;
  };

  std::string oci_version_min, oci_version_max;
  std::vector<std::string> hooks;
  std::vector<std::string> mount_options;
  Linux linux;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> potentially_unsafe_config_annotations;
};

}  // namespace proa
