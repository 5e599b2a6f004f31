// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// bpf(2), as far as device programs of cgroup v2 need it.  A program is a row of struct bpf_insn of
// eight bytes each; what stands in it is decided elsewhere (cgroup/devices).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// BPF_PROG_LOAD of a BPF_PROG_TYPE_CGROUP_DEVICE program.  Before Linux 5.11 EPERM also says that
/// RLIMIT_MEMLOCK is too low.
Outcome<Fd> load_device_program(std::span<std::uint64_t const> instructions);

/// BPF_PROG_ATTACH with BPF_F_ALLOW_MULTI: it denies what any program here or above denies.  With
/// `replaced` it takes that program's place in one step (BPF_F_REPLACE, 5.6).
Outcome<void> attach_device_program(FdRef cgroup, FdRef program, FdRef replaced = FdRef(-1));
/// BPF_PROG_DETACH
Outcome<void> detach_device_program(FdRef cgroup, FdRef program);

/// BPF_PROG_QUERY: the ids of the device programs attached to this very cgroup.
Outcome<std::vector<std::uint32_t>> device_programs(FdRef cgroup);
/// BPF_PROG_GET_FD_BY_ID
Outcome<Fd> program_by_id(std::uint32_t id);

}  // namespace proa::linux
