// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md, without control groups, seccomp and network devices.

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "base/text.hpp"
#include "spec/place.hpp"
#include "spec/rules.hpp"
#include "spec/words.hpp"

namespace proa::spec {

namespace {

void check_namespaces(Linux const& linux, Checker const& check) {
  unsigned seen = 0;
  for (auto const& entry : linux.namespaces) {
    auto const bit = 1U << static_cast<unsigned>(entry.type);
    if ((seen & bit) != 0) {
      check.refuse(entry.type, "the {} namespace is given twice", word_of(entry.type));
    }
    seen |= bit;
    if (!entry.path.empty() && !absolute(entry.path)) {
      check.refuse(entry.path, "expected an absolute path, got {}", shown(entry.path));
    }
  }
}

void check_user_namespace(Linux const& linux, Checker const& check) {
  auto const* const user = find(linux.namespaces, NamespaceType::user);
  for (auto const* map : {&linux.uid_mappings, &linux.gid_mappings}) {
    if (user == nullptr && !map->empty()) {
      check.refuse(*map, "needs a user namespace in /linux/namespaces");
    }
    if (user != nullptr && user->path.empty() && map->empty()) {
      check.refuse(*map, "missing, but REQUIRED for a new user namespace");
    }
    check_id_map(*map, check);
  }
}

/// time_namespaces(7): offsets can be written only before the first process enters.
void check_time_offsets(Linux const& linux, Checker const& check) {
  if (linux.time_offsets.empty()) return;
  auto const* const time = find(linux.namespaces, NamespaceType::time);
  if (time == nullptr || !time->path.empty()) {
    check.refuse(linux.time_offsets, "needs a new time namespace in /linux/namespaces");
  }
  for (auto const& [clock, offset] : linux.time_offsets) {
    if (clock != "boottime" && clock != "monotonic") {
      check.refuse(offset, "invalid clock {}, expected boottime or monotonic", shown(clock));
    }
    if (offset.nanosecs > 999'999'999) {
      check.refuse(offset.nanosecs, "expected less than 1000000000 nanoseconds, got {}",
                   offset.nanosecs);
    }
  }
}

mode_t file_type(DeviceType type) {
  switch (type) {
    case DeviceType::character:
    case DeviceType::unbuffered:
      return S_IFCHR;
    case DeviceType::block:
      return S_IFBLK;
    case DeviceType::fifo:
      return S_IFIFO;
  }
  return 0;
}

/// The kernel's dev_t has 12 bits for the major and 20 for the minor number; mknod(2) drops the
/// others without a word.
void check_device_number(Device const& device, Checker const& check) {
  if (device.type == DeviceType::fifo) return;
  if (device.major < 0 || device.major > 0xfff) {
    check.refuse(device.major, "expected a major number from 0 to 4095, got {}", device.major);
  }
  if (device.minor < 0 || device.minor > 0xfffff) {
    check.refuse(device.minor, "expected a minor number from 0 to 1048575, got {}", device.minor);
  }
}

void check_device(Device const& device, Checker const& check) {
  if (!absolute(device.path)) {
    check.refuse(device.path, "expected an absolute path, got {}", shown(device.path));
  }
  check_device_number(device, check);
  // podman copies st_mode, so the file type may be there; it must be the right one.
  if (device.file_mode) {
    auto const type = *device.file_mode & ~07777U;
    if (type != 0 && type != file_type(device.type)) {
      check.refuse(device.file_mode, "expected a mode from 0 to 4095 (07777), got {}",
                   *device.file_mode);
    }
  }
  if (device.uid == no_id) check.refuse(device.uid, "{} is no id, it is (uid_t)-1", no_id);
  if (device.gid == no_id) check.refuse(device.gid, "{} is no id, it is (gid_t)-1", no_id);
}

/// The same device may be listed again, another one at the same path cannot be there as well.
void check_devices(Linux const& linux, Checker const& check) {
  std::map<std::string_view, Device const*> at;
  for (auto const& device : linux.devices) {
    check_device(device, check);
    auto const [entry, first] = at.try_emplace(device.path, &device);
    auto const& other = *entry->second;
    bool const same =
        other.type == device.type && other.major == device.major && other.minor == device.minor;
    if (!first && !same) {
      check.refuse(device.path, "{} is listed before as another device", shown(device.path));
    }
  }
}

void check_hidden_paths(Linux const& linux, Checker const& check) {
  for (auto const* list : {&linux.masked_paths, &linux.readonly_paths}) {
    for (auto const& path : *list) {
      if (!absolute(path)) check.refuse(path, "expected an absolute path, got {}", shown(path));
    }
  }
}

void check_intel_rdt(IntelRdt const& rdt, Checker const& check) {
  auto const& id = rdt.clos_id;
  // "/" is the default class; any other id becomes one directory.
  if (id == "." || id == ".." || (id != "/" && id.find('/') != std::string::npos)) {
    check.refuse(id, "expected the name of a directory, got {}", shown(id));
  }
  if (!rdt.mem_bw_schema.empty() && (!rdt.mem_bw_schema.starts_with("MB:") ||
                                     rdt.mem_bw_schema.find('\n') != std::string::npos)) {
    check.refuse(rdt.mem_bw_schema, "expected one line that starts with MB:, got {}",
                 shown(rdt.mem_bw_schema));
  }
  for (auto const& line : rdt.schemata) {
    if (line.find('\n') != std::string::npos) {
      check.refuse(line, "expected one line, got {}", shown(line));
    }
  }
}

void check_personality(Personality const& personality, Checker const& check) {
  if (personality.flags.empty()) return;
  check.refuse(personality.flags.front(), "unsupported personality flag {}: the spec defines none",
               shown(personality.flags.front()));
}

}  // namespace

void check_linux(Spec const& spec, Checker const& check) {
  auto const& linux = spec.linux;
  check_namespaces(linux, check);
  check_user_namespace(linux, check);
  check_time_offsets(linux, check);
  check_sysctl(linux, check);
  check_resources(linux.resources, check);
  check_devices(linux, check);
  check_net_devices(linux, check);
  if (linux.seccomp) check_seccomp(*linux.seccomp, check);
  check_hidden_paths(linux, check);
  if (linux.intel_rdt) check_intel_rdt(*linux.intel_rdt, check);
  if (linux.memory_policy) check_memory_policy(*linux.memory_policy, check);
  if (linux.personality) check_personality(*linux.personality, check);
}

namespace {

/// One side of a mapping: the ids that it takes there.
void check_id_range(IdMapping const& entry, std::uint32_t const& first, Checker const& check) {
  if (std::uint64_t{first} + entry.size > no_id) {
    check.refuse(first, "{} ids from {} on go beyond the last id, {}", entry.size, first,
                 no_id - 1);
  }
}

bool overlap(std::uint64_t one, std::uint64_t one_size, std::uint64_t other,
             std::uint64_t other_size) {
  return one < other + other_size && other < one + one_size;
}

void check_overlap(IdMapping const& entry, IdMapping const& earlier, std::size_t index,
                   Checker const& check) {
  if (overlap(entry.container_id, entry.size, earlier.container_id, earlier.size)) {
    check.refuse(entry.container_id, "overlaps with entry {}", index);
  }
  if (overlap(entry.host_id, entry.size, earlier.host_id, earlier.size)) {
    check.refuse(entry.host_id, "overlaps with entry {}", index);
  }
}

}  // namespace

void check_id_map(std::vector<IdMapping> const& map, Checker const& check) {
  constexpr std::size_t most = 340;  // UID_GID_MAP_MAX_EXTENTS
  if (map.size() > most) {
    check.refuse(map, "{} mappings are more than the {} that the kernel takes", map.size(), most);
  }
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map[i].size == 0) check.refuse(map[i].size, "expected at least one id, got 0");
    check_id_range(map[i], map[i].container_id, check);
    check_id_range(map[i], map[i].host_id, check);
    for (std::size_t j = 0; j < i; ++j) check_overlap(map[i], map[j], j, check);
  }
}

/// set_mempolicy(2), and mm/mempolicy.c for what that page leaves open.
void check_memory_policy(MemoryPolicy const& policy, Checker const& check) {
  auto const mode = policy.mode;
  auto const count = listed(policy.nodes);
  if (!count) {
    check.refuse(policy.nodes, "invalid memory policy nodes {}: expected a list like \"0-3,7\"",
                 shown(policy.nodes));
  }
  bool const none = mode == MemoryPolicyMode::mpol_default || mode == MemoryPolicyMode::local;
  if (none && *count > 0) {
    check.refuse(policy.nodes, "invalid memory policy: mode requires 0 nodes but got {}", *count);
  }
  if (!none && mode != MemoryPolicyMode::preferred && *count == 0) {
    check.refuse(policy.nodes, "invalid memory policy: mode requires at least one node but got 0");
  }
  bool relative_or_static = false;
  for (auto const& flag : policy.flags) {
    bool const balancing = flag == MemoryPolicyFlag::numa_balancing;
    bool const allowed =
        balancing ? mode == MemoryPolicyMode::bind || mode == MemoryPolicyMode::preferred_many
                  : *count > 0 || mode == MemoryPolicyMode::mpol_default;
    if (!allowed || (!balancing && relative_or_static)) {
      check.refuse(flag, "invalid memory policy flag {} for {}", word_of(flag), word_of(mode));
    }
    relative_or_static |= !balancing;
  }
}

}  // namespace proa::spec
