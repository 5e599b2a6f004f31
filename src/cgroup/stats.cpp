// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/stats.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/files.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

constexpr std::uint64_t ns_in_usec = 1000;
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

// --- pressure, v2 only --------------------------------------------------------------------------

/// "12.50": the kernel writes two digits behind the point, and the C library would ask the locale.
double percent_of(std::string_view text) {
  auto const dot = std::min(text.find('.'), text.size());
  auto const whole = text::number<std::uint32_t>(text.substr(0, dot)).value_or(0);
  auto const rest = dot == text.size() ? std::string_view() : text.substr(dot + 1);
  double scale = 1;
  for (std::size_t i = 0; i < rest.size(); ++i) scale *= 10;
  return whole + text::number<std::uint32_t>(rest).value_or(0) / scale;
}

Stats::PressureLine pressure_line(std::vector<std::string_view> const& words) {
  Stats::PressureLine line;
  for (auto const word : words) {
    auto const equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    auto const key = word.substr(0, equals);
    auto const value = word.substr(equals + 1);
    if (key == "avg10") line.avg10 = percent_of(value);
    if (key == "avg60") line.avg60 = percent_of(value);
    if (key == "avg300") line.avg300 = percent_of(value);
    if (key == "total") line.total = value_of(value);
  }
  return line;
}

/// Absent where the kernel keeps no account: no such file, or EOPNOTSUPP.
std::optional<Stats::Pressure> pressure_in(linux::FdRef group, std::string const& file) {
  auto const text = linux::read_file(group, file);
  if (text.is(ENOENT, ENODEV, EOPNOTSUPP)) return std::nullopt;
  if (!text) fail_errno(text.error(), "read {}", file);
  Stats::Pressure pressure;
  for (auto const line : text::split(*text, '\n')) {
    auto const words = words_of(line);
    if (words.empty()) continue;
    if (words[0] == "some") pressure.some = pressure_line(words);
    if (words[0] == "full") pressure.full = pressure_line(words);
  }
  return pressure;
}

// --- cpu ----------------------------------------------------------------------------------------

using Map = std::map<std::string, std::uint64_t>;

Stats::Throttling throttling_of(Map& stat, std::uint64_t nanoseconds) {
  return {stat["nr_periods"], stat["nr_throttled"], nanoseconds};
}

void add_cpu_v2(Stats::Cpu& cpu, linux::FdRef group) {
  auto stat = Files(group).map("cpu.stat");
  cpu.usage.total = stat["usage_usec"] * ns_in_usec;
  cpu.usage.user = stat["user_usec"] * ns_in_usec;
  cpu.usage.kernel = stat["system_usec"] * ns_in_usec;
  cpu.throttling = throttling_of(stat, stat["throttled_usec"] * ns_in_usec);
  cpu.pressure = pressure_in(group, "cpu.pressure");
}

void add_cpu_v1(Stats::Cpu& cpu, linux::FdRef group) {
  auto stat = Files(group).map("cpu.stat");
  cpu.throttling = throttling_of(stat, stat["throttled_time"]);
}

void add_cpuacct(Stats::CpuUsage& cpu, linux::FdRef group) {
  constexpr std::uint64_t ns_in_tick = 1'000'000'000 / 100;  // USER_HZ is 100 everywhere
  Files const files(group);
  cpu.total = files.value("cpuacct.usage");
  auto stat = files.map("cpuacct.stat");
  cpu.user = stat["user"] * ns_in_tick;
  cpu.kernel = stat["system"] * ns_in_tick;
  auto const percpu = files.text("cpuacct.usage_percpu");
  for (auto const word : words_of(percpu)) cpu.percpu.push_back(value_of(word));
  auto const all = files.text("cpuacct.usage_all");  // "cpu user system", then numbers
  for (auto const line : text::split(all, '\n')) {
    auto const words = words_of(line);
    if (words.size() < 3 || words[0] == "cpu") continue;
    cpu.percpu_user.push_back(value_of(words[1]));
    cpu.percpu_kernel.push_back(value_of(words[2]));
  }
}

// --- cpuset, v1 only ----------------------------------------------------------------------------

void add_cpuset(Stats::Cpuset& set, linux::FdRef group) {
  Files const files(group);
  set.cpus = list_of(files.text("cpuset.cpus"));
  set.mems = list_of(files.text("cpuset.mems"));
  constexpr std::pair<char const*, std::uint64_t Stats::Cpuset::*> flags[] = {
      {"cpuset.cpu_exclusive", &Stats::Cpuset::cpu_exclusive},
      {"cpuset.mem_hardwall", &Stats::Cpuset::mem_hardwall},
      {"cpuset.mem_exclusive", &Stats::Cpuset::mem_exclusive},
      {"cpuset.memory_migrate", &Stats::Cpuset::memory_migrate},
      {"cpuset.memory_spread_page", &Stats::Cpuset::memory_spread_page},
      {"cpuset.memory_spread_slab", &Stats::Cpuset::memory_spread_slab},
      {"cpuset.memory_pressure", &Stats::Cpuset::memory_pressure},
      {"cpuset.sched_load_balance", &Stats::Cpuset::sched_load_balance},
  };
  for (auto const& [file, member] : flags) set.*member = files.value(file);
  auto const level = files.text("cpuset.sched_relax_domain_level");
  set.sched_relax_domain_level = text::number<std::int64_t>(text::trim(level)).value_or(0);
}

// --- memory -------------------------------------------------------------------------------------

/// Absent where the kernel keeps no such account.
std::optional<Stats::MemoryUse> use_v2(Files const& files, std::string const& name) {
  if (files.text(name + ".current").empty()) return std::nullopt;
  return Stats::MemoryUse{files.value(name + ".max"), files.value(name + ".current"),
                          files.value(name + ".peak"), 0};
}

/// v1 counts memory and swap together, and so do those who read this.
Stats::MemoryUse together(Stats::MemoryUse const& memory, Stats::MemoryUse const& swap) {
  bool const none = memory.limit == unlimited || swap.limit == unlimited;
  Stats::MemoryUse both;
  both.limit = none ? unlimited : memory.limit + swap.limit;
  both.usage = memory.usage + swap.usage;
  return both;  // without a peak: the two need not have been at the same time
}

void add_memory_v2(Stats::Memory& memory, linux::FdRef group) {
  Files const files(group);
  memory.raw = files.map("memory.stat");
  memory.cache = memory.raw["file"];
  memory.usage = use_v2(files, "memory");
  memory.swap = use_v2(files, "memory.swap");
  if (memory.usage && memory.swap) memory.swap = together(*memory.usage, *memory.swap);
  memory.pressure = pressure_in(group, "memory.pressure");
}

std::optional<Stats::MemoryUse> use_v1(Files const& files, std::string const& name) {
  if (files.text(name + ".usage_in_bytes").empty()) return std::nullopt;
  return Stats::MemoryUse{
      files.value(name + ".limit_in_bytes"), files.value(name + ".usage_in_bytes"),
      files.value(name + ".max_usage_in_bytes"), files.value(name + ".failcnt")};
}

void add_memory_v1(Stats::Memory& memory, linux::FdRef group) {
  Files const files(group);
  memory.raw = files.map("memory.stat");
  memory.cache = memory.raw["cache"];
  memory.usage = use_v1(files, "memory");
  memory.swap = use_v1(files, "memory.memsw");
  memory.kernel = use_v1(files, "memory.kmem");
  memory.kernel_tcp = use_v1(files, "memory.kmem.tcp");
}

// --- pids ---------------------------------------------------------------------------------------

void add_pids(Stats::Pids& pids, linux::FdRef group) {
  Files const files(group);
  pids.current = files.value("pids.current");
  auto const limit = files.value("pids.max");
  pids.limit = limit == unlimited ? 0 : limit;
}

// --- block devices ------------------------------------------------------------------------------

/// "8:16" into an entry.
bool read_device(std::string_view text, Stats::BlockIoEntry& entry) {
  auto const colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  auto const major = text::number<std::uint64_t>(text.substr(0, colon));
  auto const minor = text::number<std::uint64_t>(text.substr(colon + 1));
  entry.major = major.value_or(0);
  entry.minor = minor.value_or(0);
  return major && minor;
}

/// The number of "key=number" in a line of io.stat, none where the kernel does not say it.
std::optional<std::uint64_t> keyed(std::vector<std::string_view> const& words,
                                   std::string_view key) {
  for (auto const word : words) {
    if (word.starts_with(key) && word.substr(key.size()).starts_with('=')) {
      return value_of(word.substr(key.size() + 1));
    }
  }
  return std::nullopt;
}

/// io.stat: "8:16 rbytes=1 wbytes=2 rios=3 wios=4 ..."
void add_io(Stats::BlockIo& io, linux::FdRef group) {
  struct Key {
    std::string_view key;
    char const* op;
    Stats::BlockIoEntries Stats::BlockIo::*list;
  };
  constexpr Key keys[] = {
      {"rbytes", "Read", &Stats::BlockIo::service_bytes},
      {"wbytes", "Write", &Stats::BlockIo::service_bytes},
      {"rios", "Read", &Stats::BlockIo::serviced},
      {"wios", "Write", &Stats::BlockIo::serviced},
  };
  auto const text = Files(group).text("io.stat");
  for (auto const line : text::split(text, '\n')) {
    auto const words = words_of(line);
    Stats::BlockIoEntry entry;
    if (words.empty() || !read_device(words[0], entry)) continue;
    for (auto const& [key, op, list] : keys) {
      auto const value = keyed(words, key);
      if (!value) continue;
      entry.op = op;
      entry.value = *value;
      (io.*list).push_back(entry);
    }
  }
  io.pressure = pressure_in(group, "io.pressure");
}

/// "8:16 Read 4096", or "8:16 4096" where there are no kinds; and "Total 4096".
Stats::BlockIoEntries entries_of(std::string_view text) {
  Stats::BlockIoEntries entries;
  for (auto const line : text::split(text, '\n')) {
    auto const words = words_of(line);
    Stats::BlockIoEntry entry;
    if (words.size() < 2 || !read_device(words[0], entry)) continue;
    if (words.size() > 2) entry.op = words[1];
    entry.value = value_of(words.back());
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// Each scheduler counts in files of its own, and only for its devices; the throttling layer counts
/// for all devices, of which it knows the fewest things.
void add_blkio(Stats::BlockIo& io, linux::FdRef group) {
  struct Kind {
    char const* file;
    Stats::BlockIoEntries Stats::BlockIo::*list;
  };
  constexpr Kind kinds[] = {
      {"io_service_bytes_recursive", &Stats::BlockIo::service_bytes},
      {"io_serviced_recursive", &Stats::BlockIo::serviced},
      {"io_queued_recursive", &Stats::BlockIo::queued},
      {"io_service_time_recursive", &Stats::BlockIo::service_time},
      {"io_wait_time_recursive", &Stats::BlockIo::wait_time},
      {"io_merged_recursive", &Stats::BlockIo::merged},
      {"time_recursive", &Stats::BlockIo::time},
      {"sectors_recursive", &Stats::BlockIo::sectors},
  };
  Files const files(group);
  for (auto const* prefix : {"blkio.bfq.", "blkio.", "blkio.throttle."}) {
    for (auto const& [file, list] : kinds) {
      if ((io.*list).empty()) io.*list = entries_of(files.text(std::string(prefix) + file));
    }
    if (!io.serviced.empty()) return;
  }
}

// --- huge pages ---------------------------------------------------------------------------------

/// The page sizes that the group has files for: "2MB" of "hugetlb.2MB.<file>".
std::vector<std::string> page_sizes(Files const& files, std::string const& file) {
  constexpr std::string_view prefix = "hugetlb.";
  std::vector<std::string> sizes;
  for (auto const& name : files.names()) {
    if (!name.starts_with(prefix) || !name.ends_with("." + file)) continue;
    auto const size = name.substr(prefix.size(), name.size() - prefix.size() - file.size() - 1);
    if (size.find('.') == std::string::npos) sizes.push_back(size);
  }
  return sizes;
}

void add_hugetlb_v2(Stats& stats, linux::FdRef group) {
  Files const files(group);
  for (auto const& size : page_sizes(files, "events")) {
    auto const prefix = "hugetlb." + size;
    auto& pages = stats.hugetlb[size];
    auto const reserved = files.text(prefix + ".rsvd.current");  // since Linux 5.7
    pages.usage = reserved.empty() ? files.value(prefix + ".current") : value_of(reserved);
    pages.failcnt = files.map(prefix + ".events")["max"];
  }
}

void add_hugetlb_v1(Stats& stats, linux::FdRef group) {
  Files const files(group);
  for (auto const& size : page_sizes(files, "usage_in_bytes")) {
    auto prefix = "hugetlb." + size;
    if (!files.text(prefix + ".rsvd.usage_in_bytes").empty()) prefix += ".rsvd";
    stats.hugetlb[size] = {files.value(prefix + ".usage_in_bytes"),
                           files.value(prefix + ".max_usage_in_bytes"),
                           files.value(prefix + ".failcnt")};
  }
}

// --- the table ----------------------------------------------------------------------------------

/// What to ask the group that has the controller.
struct Source {
  char const* controller;
  void (*v1)(Stats& stats, linux::FdRef group);
  void (*v2)(Stats& stats, linux::FdRef group);
};

void nothing(Stats&, linux::FdRef) {}

constexpr Source sources[] = {
    {"cpu", [](Stats& s, linux::FdRef g) { add_cpu_v1(s.cpu, g); },
     [](Stats& s, linux::FdRef g) { add_cpu_v2(s.cpu, g); }},
    {"cpuacct", [](Stats& s, linux::FdRef g) { add_cpuacct(s.cpu.usage, g); }, nothing},
    {"cpuset", [](Stats& s, linux::FdRef g) { add_cpuset(s.cpuset, g); }, nothing},
    {"memory", [](Stats& s, linux::FdRef g) { add_memory_v1(s.memory, g); },
     [](Stats& s, linux::FdRef g) { add_memory_v2(s.memory, g); }},
    {"pids", [](Stats& s, linux::FdRef g) { add_pids(s.pids, g); },
     [](Stats& s, linux::FdRef g) { add_pids(s.pids, g); }},
    {"blkio", [](Stats& s, linux::FdRef g) { add_blkio(s.block_io, g); }, nothing},
    {"io", nothing, [](Stats& s, linux::FdRef g) { add_io(s.block_io, g); }},
    {"hugetlb", add_hugetlb_v1, add_hugetlb_v2},
};

}  // namespace

Stats stats(Records const& records) {
  Stats stats;
  for (auto const& source : sources) {
    auto const* record = record_of(records, source.controller);
    // cpu.stat is a file of v2's core: it is there without the controller as well.
    bool const core = std::string_view(source.controller) == "cpu";
    if (record == nullptr && core) record = v2_record(records);
    auto const group = open_record(record);
    if (!group) continue;
    (record->v2 ? source.v2 : source.v1)(stats, group);
  }
  return stats;
}

}  // namespace proa::cgroup
