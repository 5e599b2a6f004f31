// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a container uses and has used, in the words of runc's `events`, which engines read. Counters
// that the cgroup version or the kernel has not got are zero or absent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace proa {

struct Stats {
  /// Pressure stall information, Documentation/accounting/psi.rst.
  struct PressureLine {
    double avg10 = 0, avg60 = 0, avg300 = 0;  ///< per cent of the last so many seconds
    std::uint64_t total = 0;                  ///< microseconds
  };
  struct Pressure {
    PressureLine some, full;
  };

  /// Nanoseconds.
  struct CpuUsage {
    std::uint64_t total = 0;
    std::vector<std::uint64_t> percpu, percpu_kernel, percpu_user;  ///< v1
    std::uint64_t kernel = 0, user = 0;
  };
  struct Throttling {
    std::uint64_t periods = 0, throttled_periods = 0;
    std::uint64_t throttled_time = 0;  ///< nanoseconds
  };
  struct Cpu {
    CpuUsage usage;
    Throttling throttling;
    std::optional<Pressure> pressure;  ///< v2
  };

  /// v1 only.
  struct Cpuset {
    std::vector<std::uint32_t> cpus, mems;
    std::uint64_t cpu_exclusive = 0, mem_hardwall = 0, mem_exclusive = 0, memory_migrate = 0;
    std::uint64_t memory_spread_page = 0, memory_spread_slab = 0, memory_pressure = 0;
    std::uint64_t sched_load_balance = 0;
    std::int64_t sched_relax_domain_level = 0;
  };

  /// Bytes.
  struct MemoryUse {
    std::uint64_t limit = 0;  ///< the greatest number there is: none
    std::uint64_t usage = 0, max = 0;
    std::uint64_t failcnt = 0;  ///< how often the limit was in the way
  };
  struct Memory {
    std::uint64_t cache = 0;
    std::optional<MemoryUse> usage;
    std::optional<MemoryUse> swap;                ///< memory and swap together, with v2 as well
    std::optional<MemoryUse> kernel, kernel_tcp;  ///< v1
    std::map<std::string, std::uint64_t> raw;     ///< memory.stat
    std::optional<Pressure> pressure;             ///< v2
  };

  struct Pids {
    std::uint64_t current = 0;
    std::uint64_t limit = 0;  ///< 0: none
  };

  struct BlockIoEntry {
    std::uint64_t major = 0, minor = 0;
    std::string op;  ///< "Read", "Write", "Sync" ...
    std::uint64_t value = 0;
  };
  using BlockIoEntries = std::vector<BlockIoEntry>;
  struct BlockIo {
    BlockIoEntries service_bytes, serviced;
    BlockIoEntries queued, service_time, wait_time, merged, time, sectors;  ///< v1, some schedulers
    std::optional<Pressure> pressure;                                       ///< v2
  };

  struct Hugepages {
    std::uint64_t usage = 0, max = 0;  ///< bytes
    std::uint64_t failcnt = 0;
  };

  Cpu cpu;
  Cpuset cpuset;
  Memory memory;
  Pids pids;
  BlockIo block_io;
  std::map<std::string, Hugepages> hugetlb;     ///< by page size: "2MB"
  std::vector<std::string> network_interfaces;  ///< none: who wants them asks the network namespace
};

/// What `events` reports.
struct Event {
  std::string type;           ///< "stats"; "oom": memory was short and a process had to die
  std::string id;             ///< of the container
  std::optional<Stats> data;  ///< of "stats"
};

}  // namespace proa
