// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Which JSON key is which member: one visit() for each type of the spec and of the files that proa
// writes.  decode, encode and whoever needs the names walk these; no key is spelled anywhere else.
// Decides nothing about values: that is validate's.
//
// A visitor has
//   clause(text)              the spec's clause for the keys that follow
//   member(key, value, need)  one property; `need` says what its absence means
//   required(key, value)      member(..., Need::required)
//   optional(key, value)      member(..., Need::optional)
// and, where a type nests an object that is no type of its own,
//   group(key, visit_inner)
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "proa/features.hpp"
#include "proa/spec.hpp"
#include "proa/state.hpp"
#include "spec/clause.hpp"
#include "spec/record.hpp"

namespace proa::spec {

// What a member can be besides a number, a text, a word of a set, and a type that is visited.
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;

enum class Need : std::uint8_t { optional, required };

/// T is U or U const: decode fills values, encode reads them.
template <class T, class U>
concept Of = std::same_as<std::remove_const_t<T>, U>;

// --- config.md#process --------------------------------------------------------------------------

void visit(auto& v, Of<IdMapping> auto& m) {
  v.clause(clause::id_mappings);
  v.required("containerID", m.container_id);
  v.required("hostID", m.host_id);
  v.required("size", m.size);
}

void visit(auto& v, Of<ConsoleSize> auto& c) {
  v.clause(clause::process);
  v.required("height", c.height);
  v.required("width", c.width);
}

void visit(auto& v, Of<User> auto& u) {
  v.clause(clause::posix_platform_user);
  v.required("uid", u.uid);
  v.required("gid", u.gid);
  v.optional("umask", u.umask);
  v.optional("additionalGids", u.additional_gids);
}

void visit(auto& v, Of<Capabilities> auto& c) {
  v.clause(clause::linux_process);
  v.optional("bounding", c.bounding);
  v.optional("effective", c.effective);
  v.optional("inheritable", c.inheritable);
  v.optional("permitted", c.permitted);
  v.optional("ambient", c.ambient);
}

void visit(auto& v, Of<Rlimit> auto& r) {
  v.clause(clause::posix_process);
  v.required("type", r.type);
  v.required("hard", r.hard);
  v.required("soft", r.soft);
}

void visit(auto& v, Of<Scheduler> auto& s) {
  v.clause(clause::linux_process);
  v.required("policy", s.policy);
  v.optional("nice", s.nice);
  v.optional("priority", s.priority);
  v.optional("flags", s.flags);
  v.optional("runtime", s.runtime);
  v.optional("deadline", s.deadline);
  v.optional("period", s.period);
}

void visit(auto& v, Of<IoPriority> auto& p) {
  v.clause(clause::linux_process);
  v.required("class", p.io_class);
  v.required("priority", p.priority);
}

void visit(auto& v, Of<CpuAffinity> auto& a) {
  v.clause(clause::linux_process);
  v.optional("initial", a.initial);
  v.optional("final", a.final);
}

void visit(auto& v, Of<Process> auto& p) {
  v.clause(clause::process);
  v.optional("terminal", p.terminal);
  // MUST be ignored without a terminal, so it is not even looked at.
  if (p.terminal) v.optional("consoleSize", p.console_size);
  v.clause(clause::posix_platform_user);
  v.optional("user", p.user);
  v.clause(clause::process);
  v.optional("args", p.args);
  v.optional("env", p.env);
  v.required("cwd", p.cwd);
  v.clause(clause::linux_process);
  v.optional("capabilities", p.capabilities);
  v.clause(clause::posix_process);
  v.optional("rlimits", p.rlimits);
  v.clause(clause::linux_process);
  v.optional("noNewPrivileges", p.no_new_privileges);
  v.optional("apparmorProfile", p.apparmor_profile);
  v.optional("oomScoreAdj", p.oom_score_adj);
  v.optional("scheduler", p.scheduler);
  v.optional("selinuxLabel", p.selinux_label);
  v.optional("ioPriority", p.io_priority);
  v.optional("execCPUAffinity", p.exec_cpu_affinity);
}

// --- config.md: root, mounts, hooks -------------------------------------------------------------

void visit(auto& v, Of<Root> auto& r) {
  v.clause(clause::root);
  v.required("path", r.path);
  v.optional("readonly", r.readonly);
}

void visit(auto& v, Of<Mount> auto& m) {
  v.clause(clause::mounts);
  v.required("destination", m.destination);
  v.clause(clause::posix_platform_mounts);
  v.optional("type", m.type);
  v.clause(clause::mounts);
  v.optional("source", m.source);
  v.clause(clause::linux_mount_options);
  v.optional("options", m.options);
  v.clause(clause::posix_platform_mounts);
  v.optional("uidMappings", m.uid_mappings);
  v.optional("gidMappings", m.gid_mappings);
}

void visit(auto& v, Of<Hook> auto& h) {
  v.clause(clause::hooks);
  v.required("path", h.path);
  v.optional("args", h.args);
  v.optional("env", h.env);
  v.optional("timeout", h.timeout);
}

void visit(auto& v, Of<Hooks> auto& h) {
  v.clause(clause::hooks);
  v.optional("prestart", h.prestart);
  v.optional("createRuntime", h.create_runtime);
  v.optional("createContainer", h.create_container);
  v.optional("startContainer", h.start_container);
  v.optional("poststart", h.poststart);
  v.optional("poststop", h.poststop);
}

// --- config-linux.md: namespaces, devices -------------------------------------------------------

void visit(auto& v, Of<Namespace> auto& n) {
  v.clause(clause::namespaces);
  v.required("type", n.type);
  v.optional("path", n.path);
}

void visit(auto& v, Of<TimeOffset> auto& t) {
  v.clause(clause::time_offsets);
  v.optional("secs", t.secs);
  v.optional("nanosecs", t.nanosecs);
}

void visit(auto& v, Of<Device> auto& d) {
  v.clause(clause::devices);
  v.required("path", d.path);
  v.required("type", d.type);
  auto const need = d.type == DeviceType::fifo ? Need::optional : Need::required;
  v.member("major", d.major, need);
  v.member("minor", d.minor, need);
  v.optional("fileMode", d.file_mode);
  v.optional("uid", d.uid);
  v.optional("gid", d.gid);
}

void visit(auto& v, Of<NetDevice> auto& d) {
  v.clause(clause::net_devices);
  v.optional("name", d.name);
}

// --- config-linux.md#control-groups -------------------------------------------------------------

void visit(auto& v, Of<DeviceRule> auto& d) {
  v.clause(clause::allowed_devices);
  v.required("allow", d.allow);
  v.optional("type", d.type);
  v.optional("major", d.major);
  v.optional("minor", d.minor);
  v.optional("access", d.access);
}

void visit(auto& v, Of<Memory> auto& m) {
  v.clause(clause::memory);
  v.optional("limit", m.limit);
  v.optional("reservation", m.reservation);
  v.optional("swap", m.swap);
  v.optional("kernel", m.kernel);
  v.optional("kernelTCP", m.kernel_tcp);
  v.optional("swappiness", m.swappiness);
  v.optional("disableOOMKiller", m.disable_oom_killer);
  v.optional("useHierarchy", m.use_hierarchy);
  v.optional("checkBeforeUpdate", m.check_before_update);
}

void visit(auto& v, Of<Cpu> auto& c) {
  v.clause(clause::cpu);
  v.optional("shares", c.shares);
  v.optional("quota", c.quota);
  v.optional("burst", c.burst);
  v.optional("period", c.period);
  v.optional("realtimeRuntime", c.realtime_runtime);
  v.optional("realtimePeriod", c.realtime_period);
  v.optional("cpus", c.cpus);
  v.optional("mems", c.mems);
  v.optional("idle", c.idle);
}

void visit(auto& v, Of<Pids> auto& p) {
  v.clause(clause::pids);
  v.optional("limit", p.limit);
}

void visit(auto& v, Of<WeightDevice> auto& d) {
  v.clause(clause::block_io);
  v.required("major", d.major);
  v.required("minor", d.minor);
  v.optional("weight", d.weight);
  v.optional("leafWeight", d.leaf_weight);
}

void visit(auto& v, Of<ThrottleDevice> auto& d) {
  v.clause(clause::block_io);
  v.required("major", d.major);
  v.required("minor", d.minor);
  v.required("rate", d.rate);
}

void visit(auto& v, Of<BlockIo> auto& b) {
  v.clause(clause::block_io);
  v.optional("weight", b.weight);
  v.optional("leafWeight", b.leaf_weight);
  v.optional("weightDevice", b.weight_device);
  v.optional("throttleReadBpsDevice", b.throttle_read_bps_device);
  v.optional("throttleWriteBpsDevice", b.throttle_write_bps_device);
  v.optional("throttleReadIOPSDevice", b.throttle_read_iops_device);
  v.optional("throttleWriteIOPSDevice", b.throttle_write_iops_device);
}

void visit(auto& v, Of<HugepageLimit> auto& h) {
  v.clause(clause::hugepage_limits);
  v.required("pageSize", h.page_size);
  v.required("limit", h.limit);
}

void visit(auto& v, Of<InterfacePriority> auto& p) {
  v.clause(clause::network);
  v.required("name", p.name);
  v.required("priority", p.priority);
}

void visit(auto& v, Of<Network> auto& n) {
  v.clause(clause::network);
  v.optional("classID", n.class_id);
  v.optional("priorities", n.priorities);
}

void visit(auto& v, Of<Rdma> auto& r) {
  v.clause(clause::rdma);
  v.optional("hcaHandles", r.hca_handles);
  v.optional("hcaObjects", r.hca_objects);
}

void visit(auto& v, Of<Resources> auto& r) {
  v.clause(clause::allowed_devices);
  v.optional("devices", r.devices);
  v.clause(clause::memory);
  v.optional("memory", r.memory);
  v.clause(clause::cpu);
  v.optional("cpu", r.cpu);
  v.clause(clause::pids);
  v.optional("pids", r.pids);
  v.clause(clause::block_io);
  v.optional("blockIO", r.block_io);
  v.clause(clause::hugepage_limits);
  v.optional("hugepageLimits", r.hugepage_limits);
  v.clause(clause::network);
  v.optional("network", r.network);
  v.clause(clause::rdma);
  v.optional("rdma", r.rdma);
  v.clause(clause::unified);
  v.optional("unified", r.unified);
}

// --- config-linux.md#seccomp --------------------------------------------------------------------

void visit(auto& v, Of<SeccompArg> auto& a) {
  v.clause(clause::seccomp);
  v.required("index", a.index);
  v.required("value", a.value);
  v.optional("valueTwo", a.value_two);
  v.required("op", a.op);
}

void visit(auto& v, Of<Syscall> auto& s) {
  v.clause(clause::seccomp);
  v.required("names", s.names);
  v.required("action", s.action);
  v.optional("errnoRet", s.errno_ret);
  v.optional("args", s.args);
}

void visit(auto& v, Of<Seccomp> auto& s) {
  v.clause(clause::seccomp);
  v.required("defaultAction", s.default_action);
  v.optional("defaultErrnoRet", s.default_errno_ret);
  v.optional("architectures", s.architectures);
  v.optional("flags", s.flags);
  v.optional("listenerPath", s.listener_path);
  v.optional("listenerMetadata", s.listener_metadata);
  v.optional("syscalls", s.syscalls);
}

// --- config-linux.md: the rest ------------------------------------------------------------------

void visit(auto& v, Of<IntelRdt> auto& r) {
  v.clause(clause::intel_rdt);
  v.optional("closID", r.clos_id);
  v.optional("schemata", r.schemata);
  v.optional("l3CacheSchema", r.l3_cache_schema);
  v.optional("memBwSchema", r.mem_bw_schema);
  v.optional("enableMonitoring", r.enable_monitoring);
}

void visit(auto& v, Of<MemoryPolicy> auto& m) {
  v.clause(clause::memory_policy);
  v.required("mode", m.mode);
  v.optional("nodes", m.nodes);
  v.optional("flags", m.flags);
}

void visit(auto& v, Of<Personality> auto& p) {
  v.clause(clause::personality);
  v.required("domain", p.domain);
  v.optional("flags", p.flags);
}

void visit(auto& v, Of<Linux> auto& l) {
  v.clause(clause::id_mappings);
  v.optional("uidMappings", l.uid_mappings);
  v.optional("gidMappings", l.gid_mappings);
  v.clause(clause::sysctl);
  v.optional("sysctl", l.sysctl);
  v.clause(clause::control_groups);
  v.optional("resources", l.resources);
  v.clause(clause::cgroups_path);
  v.optional("cgroupsPath", l.cgroups_path);
  v.clause(clause::namespaces);
  v.optional("namespaces", l.namespaces);
  v.clause(clause::devices);
  v.optional("devices", l.devices);
  v.clause(clause::net_devices);
  v.optional("netDevices", l.net_devices);
  v.clause(clause::seccomp);
  v.optional("seccomp", l.seccomp);
  v.clause(clause::rootfs_propagation);
  v.optional("rootfsPropagation", l.rootfs_propagation);
  v.clause(clause::masked_paths);
  v.optional("maskedPaths", l.masked_paths);
  v.clause(clause::readonly_paths);
  v.optional("readonlyPaths", l.readonly_paths);
  v.clause(clause::mount_label);
  v.optional("mountLabel", l.mount_label);
  v.clause(clause::intel_rdt);
  v.optional("intelRdt", l.intel_rdt);
  v.clause(clause::memory_policy);
  v.optional("memoryPolicy", l.memory_policy);
  v.clause(clause::personality);
  v.optional("personality", l.personality);
  v.clause(clause::time_offsets);
  v.optional("timeOffsets", l.time_offsets);
}

void visit(auto& v, Of<Spec> auto& s) {
  v.clause(clause::specification_version);
  v.required("ociVersion", s.oci_version);
  v.clause(clause::process);
  v.optional("process", s.process);
  v.clause(clause::root);
  v.optional("root", s.root);  // REQUIRED on Linux only: validate asks for it
  v.clause(clause::hostname);
  v.optional("hostname", s.hostname);
  v.clause(clause::domainname);
  v.optional("domainname", s.domainname);
  v.clause(clause::mounts);
  v.optional("mounts", s.mounts);
  v.clause(clause::hooks);
  v.optional("hooks", s.hooks);
  v.clause(clause::annotations);
  v.optional("annotations", s.annotations);
  v.clause(clause::platform);
  v.optional("linux", s.linux);
}

// --- runtime.md#state, and the file below the state directory -----------------------------------

/// In the order in which runc prints them.
void visit(auto& v, Of<State> auto& s) {
  v.clause(clause::none);
  v.required("ociVersion", s.oci_version);
  v.required("id", s.id);
  v.required("pid", s.pid);
  v.required("status", s.status);
  v.required("bundle", s.bundle);
  v.required("rootfs", s.rootfs);
  v.required("created", s.created);
  v.optional("annotations", s.annotations);
  v.required("owner", s.owner);
}

void visit(auto& v, Of<CgroupRecord> auto& c) {
  v.clause(clause::none);
  v.required("path", c.path);
  v.required("v2", c.v2);
  v.required("created", c.created);
  v.optional("controllers", c.controllers);
}

void visit(auto& v, Of<UnitRecord> auto& u) {
  v.clause(clause::none);
  v.required("name", u.name);
  v.optional("user", u.user);
}

void visit(auto& v, Of<ResctrlRecord> auto& r) {
  v.clause(clause::none);
  v.required("group", r.group);
  v.optional("monitoring", r.monitoring);
  v.optional("removeGroup", r.remove_group);
}

void visit(auto& v, Of<Shared> auto& s) {
  v.clause(clause::none);
  v.optional("process", s.process);
  v.optional("personality", s.personality);
  v.optional("memoryPolicy", s.memory_policy);
  v.optional("fixedProcessors", s.fixed_processors);
  v.optional("sessionKeyring", s.session_keyring);
  v.optional("chrooted", s.chrooted);
  v.optional("filterFlags", s.filter_flags);
  v.optional("listenerPath", s.listener_path);
  v.optional("listenerMetadata", s.listener_metadata);
}

void visit(auto& v, Of<ProcessState> auto& s) {
  v.clause(clause::none);
  v.required("ociVersion", s.oci_version);
  v.optional("fds", s.fds);
  v.required("pid", s.pid);
  v.optional("metadata", s.metadata);
  v.required("state", s.state);
}

void visit(auto& v, Of<Record> auto& r) {
  v.clause(clause::none);
  v.required("state", r.state);
  v.required("startTime", r.start_time);
  v.required("pidfdInode", r.pidfd_inode);
  v.required("hasProcess", r.has_process);
  v.required("privatePidNamespace", r.private_pid_namespace);
  v.optional("notify", r.notify);
  v.optional("checkBeforeUpdate", r.check_before_update);
  v.required("cgroupManager", r.cgroup_manager);
  v.optional("cgroups", r.cgroups);
  v.optional("unit", r.unit);
  v.optional("resctrl", r.resctrl);
  v.optional("shared", r.shared);
  v.optional("poststart", r.poststart);
  v.optional("poststop", r.poststop);
}

// --- features.md and features-linux.md ----------------------------------------------------------

void visit(auto& v, Of<Features::Cgroup> auto& c) {
  v.required("v1", c.v1);
  v.required("v2", c.v2);
  v.required("systemd", c.systemd);
  v.required("systemdUser", c.systemd_user);
  v.required("rdma", c.rdma);
}

void visit(auto& v, Of<Features::Seccomp> auto& s) {
  v.required("enabled", s.enabled);
  v.required("actions", s.actions);
  v.required("operators", s.operators);
  v.required("archs", s.archs);
  v.required("knownFlags", s.known_flags);
  v.required("supportedFlags", s.supported_flags);
}

void visit(auto& v, Of<Features::IntelRdt> auto& r) {
  v.required("enabled", r.enabled);
  v.required("schemata", r.schemata);
  v.required("monitoring", r.monitoring);
}

void visit(auto& v, Of<Features::MemoryPolicy> auto& m) {
  v.required("modes", m.modes);
  v.required("flags", m.flags);
}

void visit(auto& v, Of<Features::Linux> auto& l) {
  v.required("namespaces", l.namespaces);
  v.required("capabilities", l.capabilities);
  v.required("cgroup", l.cgroup);
  v.required("seccomp", l.seccomp);
  v.group("apparmor", [&](auto& inner) { inner.required("enabled", l.apparmor); });
  v.group("selinux", [&](auto& inner) { inner.required("enabled", l.selinux); });
  v.required("intelRdt", l.intel_rdt);
  v.required("memoryPolicy", l.memory_policy);
  v.group("mountExtensions", [&](auto& extensions) {
    extensions.group("idmap", [&](auto& inner) { inner.required("enabled", l.idmap_mounts); });
  });
  v.group("netDevices", [&](auto& inner) { inner.required("enabled", l.net_devices); });
}

/// Absent would mean "not known", so what is known to be missing is written as false or empty.
void visit(auto& v, Of<Features> auto& f) {
  v.required("ociVersionMin", f.oci_version_min);
  v.required("ociVersionMax", f.oci_version_max);
  v.required("hooks", f.hooks);
  v.required("mountOptions", f.mount_options);
  v.required("linux", f.linux);
  v.optional("annotations", f.annotations);
  v.required("potentiallyUnsafeConfigAnnotations", f.potentially_unsafe_config_annotations);
}

}  // namespace proa::spec
