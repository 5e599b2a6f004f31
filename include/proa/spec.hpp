// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.json as types: all of config.md and config-linux.md of the runtime-spec (1.3.0 and what
// followed it).  Plain aggregates with the spec's defaults; std::optional stands only where absence
// means something else than the default.  Closed sets of words are enums, open ones are strings.
// A value here is what the file says, not yet checked (see spec/validate) and not yet resolved for
// a host (see plan/compile).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// GNU dialects predefine `linux`, which is a name of the spec.
#ifdef linux
#undef linux
#endif

namespace proa::spec {

// --- config-linux.md#user-namespace-mappings ----------------------------------------------------

struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t size = 0;
  bool operator==(IdMapping const&) const = default;
};

// --- config.md#process --------------------------------------------------------------------------

struct ConsoleSize {
  std::uint32_t height = 0;  ///< characters
  std::uint32_t width = 0;   ///< characters
};

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<std::uint32_t> umask;  ///< absent: left as the runtime's caller has it
  std::vector<std::uint32_t> additional_gids;
};

/// Names are kept as written: one that the kernel does not know is a warning, not an error.
struct Capabilities {
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> inheritable;
  std::vector<std::string> permitted;
  std::vector<std::string> ambient;
};

/// getrlimit(2)
enum class RlimitType : std::uint8_t {
  as,
  core,
  cpu,
  data,
  fsize,
  locks,
  memlock,
  msgqueue,
  nice,
  nofile,
  nproc,
  rss,
  rtprio,
  rttime,
  sigpending,
  stack,
};

struct Rlimit {
  RlimitType type{};
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

/// sched(7)
enum class SchedulerPolicy : std::uint8_t { other, fifo, rr, batch, iso, idle, deadline };
enum class SchedulerFlag : std::uint8_t {
  reset_on_fork,
  reclaim,
  dl_overrun,
  keep_policy,
  keep_params,
  util_clamp_min,
  util_clamp_max,
};

struct Scheduler {
  SchedulerPolicy policy{};
  std::int32_t nice = 0;
  std::int32_t priority = 0;
  std::vector<SchedulerFlag> flags;
  std::uint64_t runtime = 0;   ///< nanoseconds
  std::uint64_t deadline = 0;  ///< nanoseconds
  std::uint64_t period = 0;    ///< nanoseconds
};

/// ioprio_set(2)
enum class IoPriorityClass : std::uint8_t { rt, be, idle };

struct IoPriority {
  IoPriorityClass io_class{};
  std::int32_t priority = 0;
};

/// Lists of processors as cpuset(7) writes them.
struct CpuAffinity {
  std::string initial;
  std::string final;
};

struct Process {
  bool terminal = false;
  std::optional<ConsoleSize> console_size;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;  ///< absent: left as the runtime has them
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;
  std::optional<std::int32_t> oom_score_adj;  ///< absent: MUST NOT be changed
  std::optional<Scheduler> scheduler;
  std::string selinux_label;
  std::optional<IoPriority> io_priority;
  std::optional<CpuAffinity> exec_cpu_affinity;
};

// --- config.md: root, mounts, hooks -------------------------------------------------------------

struct Root {
  std::string path;  ///< absolute, or relative to the bundle
  bool readonly = false;
};

struct Mount {
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
};

struct Hook {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<std::int32_t> timeout;  ///< seconds; absent: no limit
  bool operator==(Hook const&) const = default;
};

/// config.md#posix-platform-hooks, in the order in which they run.
struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> create_runtime;
  std::vector<Hook> create_container;
  std::vector<Hook> start_container;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
};

// --- config-linux.md: namespaces, devices -------------------------------------------------------

/// namespaces(7)
enum class NamespaceType : std::uint8_t { pid, network, mount, ipc, uts, user, cgroup, time };

struct Namespace {
  NamespaceType type{};
  std::string path;  ///< empty: a new one
};

/// time_namespaces(7)
struct TimeOffset {
  std::int64_t secs = 0;
  std::uint32_t nanosecs = 0;
};

enum class DeviceType : std::uint8_t { character, unbuffered, block, fifo };

struct Device {
  std::string path;
  DeviceType type{};
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint32_t> file_mode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};

struct NetDevice {
  std::string name;  ///< in the container; empty: as on the host
};

// --- config-linux.md#control-groups -------------------------------------------------------------

/// One rule of the device list; an absent type or number means all of them.
enum class DeviceRuleType : std::uint8_t { all, character, block };

struct DeviceRule {
  bool allow = false;
  DeviceRuleType type = DeviceRuleType::all;
  std::optional<std::int64_t> major;
  std::optional<std::int64_t> minor;
  std::string access;  ///< letters of "rwm"; empty: all
};

struct Memory {
  std::optional<std::int64_t> limit;        ///< bytes; -1: unlimited
  std::optional<std::int64_t> reservation;  ///< bytes
  std::optional<std::int64_t> swap;         ///< bytes, memory and swap together
  std::optional<std::int64_t> kernel;       ///< bytes
  std::optional<std::int64_t> kernel_tcp;   ///< bytes
  std::optional<std::uint64_t> swappiness;
  std::optional<bool> disable_oom_killer;
  std::optional<bool> use_hierarchy;
  std::optional<bool> check_before_update;
};

struct Cpu {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota;             ///< microseconds
  std::optional<std::uint64_t> burst;            ///< microseconds
  std::optional<std::uint64_t> period;           ///< microseconds
  std::optional<std::int64_t> realtime_runtime;  ///< microseconds
  std::optional<std::uint64_t> realtime_period;  ///< microseconds
  std::string cpus;
  std::string mems;
  std::optional<std::int64_t> idle;
};

struct Pids {
  std::optional<std::int64_t> limit;  ///< -1: unlimited
};

struct WeightDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
};

struct ThrottleDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;
};

struct BlockIo {
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> throttle_read_bps_device;
  std::vector<ThrottleDevice> throttle_write_bps_device;
  std::vector<ThrottleDevice> throttle_read_iops_device;
  std::vector<ThrottleDevice> throttle_write_iops_device;
};

struct HugepageLimit {
  std::string page_size;
  std::uint64_t limit = 0;  ///< bytes
};

struct InterfacePriority {
  std::string name;
  std::uint32_t priority = 0;
};

struct Network {
  std::optional<std::uint32_t> class_id;
  std::vector<InterfacePriority> priorities;
};

struct Rdma {
  std::optional<std::uint32_t> hca_handles;
  std::optional<std::uint32_t> hca_objects;
};

struct Resources {
  std::vector<DeviceRule> devices;
  Memory memory;
  Cpu cpu;
  Pids pids;
  BlockIo block_io;
  std::vector<HugepageLimit> hugepage_limits;
  Network network;
  std::map<std::string, Rdma> rdma;
  std::map<std::string, std::string> unified;
};

// --- config-linux.md#seccomp --------------------------------------------------------------------

enum class SeccompAction : std::uint8_t {
  kill,
  kill_process,
  kill_thread,
  trap,
  error,  ///< SCMP_ACT_ERRNO (errno is a macro)
  trace,
  allow,
  log,
  notify,
};

enum class SeccompFlag : std::uint8_t { tsync, log, spec_allow, wait_killable_recv };

enum class SeccompOperator : std::uint8_t { ne, lt, le, eq, ge, gt, masked_eq };

enum class SeccompArch : std::uint8_t {
  x86,
  x86_64,
  x32,
  arm,
  aarch64,
  mips,
  mips64,
  mips64n32,
  mipsel,
  mipsel64,
  mipsel64n32,
  ppc,
  ppc64,
  ppc64le,
  s390,
  s390x,
  parisc,
  parisc64,
  riscv64,
  loongarch64,
  m68k,
  sh,
  sheb,
};

struct SeccompArg {
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
  SeccompOperator op{};
};

struct Syscall {
  std::vector<std::string> names;
  SeccompAction action{};
  std::optional<std::uint32_t> errno_ret;
  std::vector<SeccompArg> args;
};

struct Seccomp {
  SeccompAction default_action{};
  std::optional<std::uint32_t> default_errno_ret;
  std::vector<SeccompArch> architectures;
  std::optional<std::vector<SeccompFlag>> flags;  ///< absent: SPEC_ALLOW; empty: none
  std::string listener_path;
  std::string listener_metadata;
  std::vector<Syscall> syscalls;
};

// --- config-linux.md: the rest ------------------------------------------------------------------

struct IntelRdt {
  std::string clos_id;
  std::vector<std::string> schemata;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  bool enable_monitoring = false;
};

/// set_mempolicy(2)
enum class MemoryPolicyMode : std::uint8_t {
  mpol_default,
  bind,
  interleave,
  weighted_interleave,
  preferred,
  preferred_many,
  local,
};
enum class MemoryPolicyFlag : std::uint8_t { numa_balancing, relative_nodes, static_nodes };

struct MemoryPolicy {
  MemoryPolicyMode mode{};
  std::string nodes;
  std::vector<MemoryPolicyFlag> flags;
};

/// personality(2)
enum class PersonalityDomain : std::uint8_t { linux, linux32 };

struct Personality {
  PersonalityDomain domain{};
  std::vector<std::string> flags;  ///< none is defined by the spec
};

/// mount_namespaces(7); private is a keyword of C++.
enum class Propagation : std::uint8_t { unset, shared, slave, private_, unbindable };

struct Linux {
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  std::map<std::string, std::string> sysctl;
  Resources resources;
  std::string cgroups_path;
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  std::map<std::string, NetDevice> net_devices;
  std::optional<Seccomp> seccomp;
  Propagation rootfs_propagation = Propagation::unset;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string mount_label;
  std::optional<IntelRdt> intel_rdt;
  std::optional<MemoryPolicy> memory_policy;
  std::optional<Personality> personality;
  std::map<std::string, TimeOffset> time_offsets;  ///< "boottime", "monotonic"
};

struct Spec {
  std::string oci_version;
  std::optional<Process> process;  ///< absent: create succeeds, start fails
  std::optional<Root> root;        ///< REQUIRED on Linux; absent only before validation
  std::string hostname;
  std::string domainname;
  std::vector<Mount> mounts;
  Hooks hooks;
  std::map<std::string, std::string> annotations;
  Linux linux;
};

}  // namespace proa::spec

namespace proa {
using spec::Spec;
}
