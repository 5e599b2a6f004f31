// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "linux/file.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"resources", "r", "FILE", "read a linux.resources object; - is standard input",
     &UpdateOptions::resources},
    {"blkio-weight", "", "NUMBER", "weight for block devices, 10 to 1000",
     &UpdateOptions::blkio_weight},
    {"cpu-burst", "", "USEC", "time beyond the quota that may be saved up",
     &UpdateOptions::cpu_burst},
    {"cpu-idle", "", "0|1", "1: run only when nothing else does", &UpdateOptions::cpu_idle},
    {"cpu-period", "", "USEC", "length of the period of --cpu-quota", &UpdateOptions::cpu_period},
    {"cpu-quota", "", "USEC", "CPU time in a period; -1 for no limit", &UpdateOptions::cpu_quota},
    {"cpu-rt-period", "", "USEC", "length of the period of --cpu-rt-runtime",
     &UpdateOptions::cpu_rt_period},
    {"cpu-rt-runtime", "", "USEC", "real-time CPU time in a period",
     &UpdateOptions::cpu_rt_runtime},
    {"cpu-share", "", "NUMBER", "weight for CPU time, 2 to 262144", &UpdateOptions::cpu_share},
    {"cpuset-cpus", "", "LIST", "CPUs to run on: 0-2,7", &UpdateOptions::cpuset_cpus},
    {"cpuset-mems", "", "LIST", "memory nodes to use", &UpdateOptions::cpuset_mems},
    {"kernel-memory", "", "BYTES", "without effect: no kernel limits it any more",
     &UpdateOptions::kernel_memory},
    {"kernel-memory-tcp", "", "BYTES", "without effect, as --kernel-memory",
     &UpdateOptions::kernel_memory_tcp},
    {"l3-cache-schema", "", "SCHEMA", "share of the L3 caches: L3:0=7f0;1=1f",
     &UpdateOptions::l3_cache_schema},
    {"mem-bw-schema", "", "SCHEMA", "share of the memory bandwidth: MB:0=20;1=70",
     &UpdateOptions::mem_bw_schema},
    {"memory", "", "BYTES", "memory; -1 for no limit", &UpdateOptions::memory},
    {"memory-reservation", "", "BYTES", "memory that is spared when there is little",
     &UpdateOptions::memory_reservation},
    {"memory-swap", "", "BYTES", "memory and swap together; -1 for no limit",
     &UpdateOptions::memory_swap},
    {"pids-limit", "", "NUMBER", "number of tasks; -1 for no limit", &UpdateOptions::pids_limit},
});

[[noreturn]] void refuse(std::string const& text, std::string_view option, char const* what) {
  fail(ErrorKind::usage, "invalid value \"{}\" of --{}: not {}", text, option, what);
}

template <class Number>
void set_number(std::optional<Number>& to, std::string const& text, std::string_view option) {
  if (text.empty()) return;
  to = text::number<Number>(text);
  if (!to) refuse(text, option, "a number of that range");
}

/// 2^n of "k", "M", "Gi", "tb"; nothing for another word.
std::optional<int> unit_shift(std::string_view unit) {
  auto const word = text::lower(unit);
  static constexpr std::string_view letters = "kmgtp";
  if (word.empty() || word == "b") return 0;
  auto const at = letters.find(word[0]);
  auto const rest = std::string_view(word).substr(1);
  bool const known = rest.empty() || rest == "b" || rest == "i" || rest == "ib";
  if (at == std::string_view::npos || !known) return std::nullopt;
  return 10 * (static_cast<int>(at) + 1);
}

/// "64M": units are powers of 1024, as docker's and runc's are.
void set_bytes(std::optional<std::int64_t>& to, std::string const& text, std::string_view option) {
  if (text.empty()) return;
  if (text == "-1") {
    to = -1;
    return;
  }
  auto const digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto const count = text::number<std::int64_t>(std::string_view(text).substr(0, digits));
  auto const shift = unit_shift(std::string_view(text).substr(digits));
  if (!count || !shift || *count > (std::numeric_limits<std::int64_t>::max() >> *shift)) {
    refuse(text, option, "a number of bytes");
  }
  to = *count << *shift;
}

spec::Resources read_resources(std::string const& file) {
  if (file == "-") {
    auto const text = linux::read_all(linux::FdRef(STDIN_FILENO)).or_fail("read standard input");
    return resources_from_json(text, "standard input");
  }
  return resources_from_json(linux::read_file(linux::at_cwd, file).or_fail("open {}", file), file);
}

void add_options(spec::Resources& resources, Call const& call) {
  set_number(resources.block_io.weight, call.blkio_weight, "blkio-weight");
  set_number(resources.cpu.burst, call.cpu_burst, "cpu-burst");
  set_number(resources.cpu.idle, call.cpu_idle, "cpu-idle");
  set_number(resources.cpu.period, call.cpu_period, "cpu-period");
  set_number(resources.cpu.quota, call.cpu_quota, "cpu-quota");
  set_number(resources.cpu.realtime_period, call.cpu_rt_period, "cpu-rt-period");
  set_number(resources.cpu.realtime_runtime, call.cpu_rt_runtime, "cpu-rt-runtime");
  set_number(resources.cpu.shares, call.cpu_share, "cpu-share");
  if (!call.cpuset_cpus.empty()) resources.cpu.cpus = call.cpuset_cpus;
  if (!call.cpuset_mems.empty()) resources.cpu.mems = call.cpuset_mems;
  set_bytes(resources.memory.limit, call.memory, "memory");
  set_bytes(resources.memory.reservation, call.memory_reservation, "memory-reservation");
  set_bytes(resources.memory.swap, call.memory_swap, "memory-swap");
  set_number(resources.pids.limit, call.pids_limit, "pids-limit");
}

/// config-linux.md#intelrdt: the cache first.
std::vector<std::string> schemata_of(Call const& call) {
  std::vector<std::string> lines;
  if (!call.l3_cache_schema.empty()) lines.push_back(call.l3_cache_schema);
  auto const& bandwidth = call.mem_bw_schema;
  if (bandwidth.empty()) return lines;
  if (!bandwidth.starts_with("MB:") || bandwidth.find('\n') != std::string::npos) {
    refuse(bandwidth, "mem-bw-schema", "one line that starts with MB:");
  }
  lines.push_back(bandwidth);
  return lines;
}

void warn_of_ineffective(Call const& call) {
  if (!call.kernel_memory.empty() || !call.kernel_memory_tcp.empty()) {
    log::warn("--kernel-memory and --kernel-memory-tcp have no effect");
  }
}

int perform(Call const& call) {
  warn_of_ineffective(call);
  auto const schemata = schemata_of(call);
  auto container = runtime(call).open(call.words[0]);
  auto resources = call.resources.empty() ? spec::Resources() : read_resources(call.resources);
  add_options(resources, call);
  container.update(resources, schemata);
  return 0;
}

}  // namespace

constexpr Command verb::update{
    .name = "update",
    .summary = "change the limits of a container",
    .arguments = "CONTAINER",
    .description =
        "Sets limits of a container that has not ended; what is not named stays as it\n"
        "is. When one of them is refused, none is changed. BYTES may have a unit: 64M.\n"
        "Options count more than --resources.",
    .options = options,
    .run = perform,
};

}  // namespace proa::cli
