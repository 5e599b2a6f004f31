// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the container's process is to be: config.md#process resolved into what the kernel takes.
// Pure: no system call, no file, no look at this process.  Its capabilities, labels and filter are
// the matter of security/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"
#include "linux/process.hpp"
#include "linux/schedule.hpp"
#include "linux/tty.hpp"
#include "proa/container.hpp"
#include "proa/spec.hpp"
#include "spec/record.hpp"

namespace proa::process {

struct ResourceLimit {
  int resource = 0;       ///< RLIMIT_*
  std::string_view name;  ///< "RLIMIT_NOFILE"
  linux::Limit value;
};

/// What to do about the supplementary groups.
enum class Groups : std::uint8_t {
  set,   ///< exactly Plan::groups
  keep,  ///< the caller's: annotation run.oci.keep_original_groups, which podman emits
};

/// The processors of execCPUAffinity; an empty mask changes nothing.
struct Affinity {
  linux::BitMask initial;  ///< for the runtime, before the process enters the cgroup
  linux::BitMask final;    ///< for the process, once it is in the cgroup
};

struct MemoryPolicy {
  int mode = 0;  ///< MPOL_* with its flags
  linux::BitMask nodes;
  std::string_view word;  ///< of the mode, as config.json has it
};

struct Plan {
  std::vector<std::string> args;
  std::vector<std::string> env;  ///< each name once: the last one of config.json
  bool has_sockets = false;      ///< LISTEN_PID is to be added: sd_listen_fds(3)
  std::string cwd;               ///< absolute

  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  Groups group_policy = Groups::set;
  std::optional<mode_t> umask;     ///< absent: the caller's
  bool keep_capabilities = false;  ///< capset(2) follows the change of user
  bool reads_all_files = false;    ///< has a capability that overrides file permissions
  bool no_new_privileges = false;
  bool rootless = false;  ///< what only root may do is attempted, not demanded

  std::vector<ResourceLimit> limits;
  std::optional<std::int32_t> oom_score_adj;  ///< absent: not touched
  std::optional<linux::SchedulerAttributes> scheduler;
  bool fixed_processors = false;   ///< linux.resources.cpu.cpus is given
  std::optional<int> io_priority;  ///< as ioprio_set(2) takes it
  std::optional<unsigned long> personality;
  std::optional<MemoryPolicy> memory_policy;
  Affinity affinity;  ///< only of a process that joins a container: exec

  bool terminal = false;
  std::optional<linux::WindowSize> console_size;
};

/// The first process of a container.  spec.process must be there, and spec/validate have passed it:
/// what could be wrong with the values is not asked again.
Plan plan(Spec const& spec, Host const& host);

/// A process that joins a running container, of which `record` tells what all of its processes
/// have in common.
Plan plan(spec::Process const& process, spec::Record const& record, Host const& host);

/// Says in the environment that descriptors from 3 on are sockets: LISTEN_FDS and LISTEN_FDNAMES.
void announce(Plan& plan, Sockets const& sockets);

/// The bits of a list as cpuset(7) writes it: "0-3,7".  An empty list has no bits.
/// Throws Error{config} when it is not of that form, or names a number above 65535.
linux::BitMask mask_of_list(std::string_view list);

/// The value of a variable in `env`; nullopt when it is not there.
std::optional<std::string_view> variable(std::vector<std::string> const& env,
                                         std::string_view name);

}  // namespace proa::process
