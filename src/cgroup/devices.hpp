// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The device list: linux.resources.devices made complete, then either as lines for the v1 files
// devices.allow and devices.deny, or as a program for cgroup v2.  Pure: loads and writes nothing.
//
// What the list means.  Every device has a set of accesses (read, write, mknod).  A rule adds to
// it or takes from it, in the listed order (config-linux.md#allowed-device-list), and an access to
// a device is permitted when all of its letters are in the set.  At the beginning the sets are
// empty: what nobody allows is denied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proa/spec.hpp"

namespace proa::cgroup {

/// Bits of DeviceRule::access, as struct bpf_cgroup_dev_ctx has them.
enum Access : std::uint8_t { access_mknod = 1, access_read = 2, access_write = 4, access_all = 7 };

struct DeviceRule {
  bool allow = false;
  spec::DeviceRuleType type = spec::DeviceRuleType::all;
  std::optional<std::uint32_t> major;  ///< absent: all
  std::optional<std::uint32_t> minor;  ///< absent: all
  std::uint8_t access = access_all;
  int index = -1;  ///< in linux.resources.devices; -1: one that every container gets
  bool operator==(DeviceRule const&) const = default;
};

struct DeviceList {
  bool allow = false;             ///< what no rule speaks of
  std::vector<DeviceRule> rules;  ///< later ones win
};

/// The user's rules, then those that every container gets.  Throws Error{config}.
DeviceList device_list(std::vector<spec::DeviceRule> const& rules);

/// "rwm", as the kernel's files and systemd have it.
std::string letters(std::uint8_t access);

/// One line for devices.allow or devices.deny, cgroup-v1/devices.rst.
struct DeviceLine {
  bool allow = false;
  std::string text;
  int index = -1;  ///< as in DeviceRule
};
std::vector<DeviceLine> device_lines(DeviceList const& list);

/// A BPF_PROG_TYPE_CGROUP_DEVICE program, one struct bpf_insn each; empty when all is allowed.
std::vector<std::uint64_t> device_program(DeviceList const& list);

}  // namespace proa::cgroup
