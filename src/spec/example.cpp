// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/example.hpp"

#include "spec/version.hpp"

namespace proa::spec {

namespace {

Process shell() {
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  // No inheritable set: what is executed later must not get capabilities from its file alone.
  auto& capabilities = process.capabilities.emplace();
  capabilities.bounding = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  capabilities.effective = capabilities.bounding;
  capabilities.permitted = capabilities.bounding;
  process.rlimits = {{RlimitType::nofile, 1024, 1024}};
  process.no_new_privileges = true;
  return process;
}

Mount mount(char const* destination, char const* type, char const* source,
            std::vector<std::string> options) {
  Mount entry;
  entry.destination = destination;
  entry.type = type;
  entry.source = source;
  entry.options = std::move(options);
  return entry;
}

Mount sysfs(bool rootless) {
  // A sysfs shows the network namespace of its mounter, who must own it; rootless has none.
  if (rootless) return mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
  return mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"});
}

Mount devpts(bool rootless) {
  auto entry = mount("/dev/pts", "devpts", "devpts",
                     {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"});
  if (!rootless) entry.options.emplace_back("gid=5");  // tty, which rootless does not map
  return entry;
}

std::vector<Mount> mounts(bool rootless) {
  return {
      mount("/proc", "proc", "proc", {}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      devpts(rootless),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      sysfs(rootless),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}),
  };
}

void isolate(Linux& linux, bool rootless, Caller caller) {
  using enum NamespaceType;
  for (auto const type : {pid, network, ipc, uts, mount, cgroup}) {
    if (rootless && type == network) continue;
    linux.namespaces.push_back({type, ""});
  }
  if (!rootless) {
    linux.resources.devices = {{false, DeviceRuleType::all, {}, {}, "rwm"}};
    return;
  }
  linux.namespaces.push_back({user, ""});
  linux.uid_mappings = {{0, caller.uid, 1}};
  linux.gid_mappings = {{0, caller.gid, 1}};
}

}  // namespace

Spec example(Rootless rootless, Caller caller) {
  bool const without_root =
      rootless == Rootless::yes || (rootless == Rootless::automatic && caller.uid != 0);
  Spec spec;
  spec.oci_version = version;
  spec.process = shell();
  spec.root = {"rootfs", true};
  spec.hostname = "proa";
  spec.mounts = mounts(without_root);
  isolate(spec.linux, without_root, caller);
  // What of the kernel's own the container should not read, or not change.
  spec.linux.masked_paths = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                             "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                             "/proc/timer_stats", "/proc/sched_debug",   "/sys/firmware",
                             "/proc/scsi"};
  spec.linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                               "/proc/sysrq-trigger"};
  return spec;
}

}  // namespace proa::spec
