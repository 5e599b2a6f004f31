// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#control-groups.

#include <algorithm>
#include <string_view>

#include "spec/place.hpp"
#include "spec/rules.hpp"

namespace proa::spec {

namespace {

/// A number of a device rule: docker writes -1 for "all of them".
void check_rule_number(std::optional<std::int64_t> const& number, Checker const& check) {
  if (number && *number < -1) {
    check.refuse(number, "expected a device number, or -1 for all, got {}", *number);
  }
}

void check_device_rules(Resources const& resources, Checker const& check) {
  for (auto const& rule : resources.devices) {
    check_rule_number(rule.major, check);
    check_rule_number(rule.minor, check);
    if (rule.access.find_first_not_of("rwm") != std::string::npos) {
      check.refuse(rule.access, "expected letters of \"rwm\", got {}", shown(rule.access));
    }
  }
}

void check_memory(Memory const& memory, Checker const& check) {
  for (auto const* limit :
       {&memory.limit, &memory.reservation, &memory.swap, &memory.kernel, &memory.kernel_tcp}) {
    if (*limit && **limit < -1) {
      check.refuse(*limit, "expected a number of bytes, or -1 for no limit, got {}", **limit);
    }
  }
  if (memory.swap.value_or(-1) > 0 && memory.limit.value_or(-1) > *memory.swap) {
    check.refuse(memory.swap, "{} for memory and swap is less than the limit for memory, {}",
                 *memory.swap, *memory.limit);
  }
  if (memory.swappiness && *memory.swappiness > 100) {
    check.refuse(memory.swappiness, "expected a value from 0 to 100, got {}", *memory.swappiness);
  }
}

void check_cpu(Cpu const& cpu, Checker const& check) {
  if (cpu.burst && cpu.quota && *cpu.quota > 0 &&
      *cpu.burst > static_cast<std::uint64_t>(*cpu.quota)) {
    check.refuse(cpu.burst, "{} is more than the quota, {}", *cpu.burst, *cpu.quota);
  }
  if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1) {
    check.refuse(cpu.idle, "expected 0 or 1, got {}", *cpu.idle);
  }
}

void check_block_number(std::int64_t const& number, Checker const& check) {
  if (number < 0) check.refuse(number, "expected a device number, got {}", number);
}

void check_block_io(BlockIo const& io, Checker const& check) {
  for (auto const& device : io.weight_device) {
    check_block_number(device.major, check);
    check_block_number(device.minor, check);
    if (!device.weight && !device.leaf_weight) {
      check.refuse(device, "expected weight or leafWeight, or both");
    }
  }
  for (auto const* list : {&io.throttle_read_bps_device, &io.throttle_write_bps_device,
                           &io.throttle_read_iops_device, &io.throttle_write_iops_device}) {
    for (auto const& device : *list) {
      check_block_number(device.major, check);
      check_block_number(device.minor, check);
    }
  }
}

/// "<size><unit-prefix>B", as the names of the hugetlb files have it: 64KB, 2MB, 1GB.
bool is_page_size(std::string_view size) {
  if (size.size() < 3 || !size.ends_with('B')) return false;
  size.remove_suffix(1);
  if (std::string_view("KMG").find(size.back()) == std::string_view::npos) return false;
  size.remove_suffix(1);
  return size[0] != '0' && size.find_first_not_of("0123456789") == std::string_view::npos;
}

void check_hugepages(Resources const& resources, Checker const& check) {
  for (auto const& limit : resources.hugepage_limits) {
    if (!is_page_size(limit.page_size)) {
      check.refuse(limit.page_size, "expected a size like 64KB, 2MB or 1GB, got {}",
                   shown(limit.page_size));
    }
  }
}

void check_network(Network const& network, Checker const& check) {
  for (auto const& priority : network.priorities) {
    if (priority.name.empty()) check.refuse(priority.name, "expected the name of an interface");
  }
}

void check_rdma(Resources const& resources, Checker const& check) {
  for (auto const& [name, limits] : resources.rdma) {
    if (name.empty()) check.refuse(limits, "expected the name of a device");
    if (!limits.hca_handles && !limits.hca_objects) {
      check.refuse(limits, "expected hcaHandles or hcaObjects, or both");
    }
  }
}

void check_unified(Resources const& resources, Checker const& check) {
  for (auto const& [file, text] : resources.unified) {
    if (file.empty() || file == "." || file == ".." || file.find('/') != std::string::npos) {
      check.refuse(text, "expected the name of a file in the cgroup, got {}", shown(file));
    }
  }
}

}  // namespace

void check_resources(Resources const& resources, Checker const& check) {
  check_device_rules(resources, check);
  check_memory(resources.memory, check);
  check_cpu(resources.cpu, check);
  if (resources.pids.limit && *resources.pids.limit < -1) {
    check.refuse(resources.pids.limit, "expected a number of tasks, or -1 for no limit, got {}",
                 *resources.pids.limit);
  }
  check_block_io(resources.block_io, check);
  check_hugepages(resources, check);
  check_network(resources.network, check);
  check_rdma(resources, check);
  check_unified(resources, check);
}

}  // namespace proa::spec
