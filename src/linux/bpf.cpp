// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/bpf.hpp"

#include <linux/bpf.h>
#include <sys/syscall.h>

#include <string_view>

namespace proa::linux {

namespace {

static_assert(sizeof(::bpf_insn) == sizeof(std::uint64_t));

// The kernel keeps at most 64 programs of one type in a cgroup (BPF_CGROUP_MAX_PROGS).
constexpr std::size_t most_programs = 64;

template <class Pointer>
std::uint64_t address(Pointer const* pointer) {
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer));
}

long bpf(int command, ::bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

Outcome<Fd> owned(long number) {
  if (number < 0) return Errno::last();
  return Fd(static_cast<int>(number));
}

}  // namespace

Outcome<Fd> load_device_program(std::span<std::uint64_t const> instructions) {
  // The helpers that are only for programs under the GPL are not called.
  static constexpr char license[] = "Apache-2.0";
  ::bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address(instructions.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(instructions.size());
  attributes.license = address(license);
  std::string_view const name = "proa_devices";
  name.copy(attributes.prog_name, sizeof attributes.prog_name - 1);
  return owned(bpf(BPF_PROG_LOAD, attributes));
}

Outcome<void> attach_device_program(FdRef cgroup, FdRef program, FdRef replaced) {
  ::bpf_attr attributes{};
  attributes.target_fd = static_cast<std::uint32_t>(cgroup.number());
  attributes.attach_bpf_fd = static_cast<std::uint32_t>(program.number());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<std::uint32_t>(replaced.number());
  }
  return checked(bpf(BPF_PROG_ATTACH, attributes));
}

Outcome<void> detach_device_program(FdRef cgroup, FdRef program) {
  ::bpf_attr attributes{};
  attributes.target_fd = static_cast<std::uint32_t>(cgroup.number());
  attributes.attach_bpf_fd = static_cast<std::uint32_t>(program.number());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  return checked(bpf(BPF_PROG_DETACH, attributes));
}

Outcome<std::vector<std::uint32_t>> device_programs(FdRef cgroup) {
  std::vector<std::uint32_t> ids(most_programs);
  ::bpf_attr attributes{};
  attributes.query.target_fd = static_cast<std::uint32_t>(cgroup.number());
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = address(ids.data());
  attributes.query.prog_cnt = most_programs;
  if (bpf(BPF_PROG_QUERY, attributes) < 0) return Errno::last();
  ids.resize(attributes.query.prog_cnt);
  return ids;
}

Outcome<Fd> program_by_id(std::uint32_t id) {
  ::bpf_attr attributes{};
  attributes.prog_id = id;
  return owned(bpf(BPF_PROG_GET_FD_BY_ID, attributes));
}

}  // namespace proa::linux
