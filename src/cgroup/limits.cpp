// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace proa::cgroup {

namespace {

constexpr std::string_view base = "/linux/resources";

/// RFC 6901: "~" and "/" within one part of a pointer.
std::string escaped(std::string_view part) {
  std::string result;
  for (char const c : part) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::string pointer(std::string_view part) { return fmt::format("{}/{}", base, part); }

/// One controller's limits on their way into its group.
class Target {
 public:
  Target(std::vector<Group>& groups, std::string_view controller)
      : groups_(groups), controller_(controller) {}

  /// The group that has the controller; `part` of linux.resources needs it.
  Group& group(std::string_view part) const {
    auto const found = std::find_if(groups_.begin(), groups_.end(),
                                    [&](Group const& group) { return group.has(controller_); });
    if (found == groups_.end()) {
      fail(ErrorKind::unsupported, "{}: this host has no cgroup controller {}", pointer(part),
           controller_);
    }
    return *found;
  }
  bool v2(std::string_view part) const { return group(part).v2; }

  /// `file` and `value` for v1 and v2.
  struct Words {
    std::string v1, v2;
  };
  Write& add(std::string_view part, Words const& file, Words const& value) const {
    auto& in = group(part);
    return add_to(in.writes, part,
                  in.v2 ? Substitute{file.v2, value.v2} : Substitute{file.v1, value.v1});
  }
  /// Where both have the same value.
  Write& add(std::string_view part, Words const& file, std::string const& value) const {
    return add(part, file, Words{value, value});
  }
  Write& add_late(std::string_view part, std::string const& file, std::string const& value) const {
    return add_to(group(part).late_writes, part, {file, value});
  }
  /// For what v2 has nothing alike.
  Write& add_v1(std::string_view part, std::string const& file, std::string const& value) const {
    if (v2(part)) fail(ErrorKind::unsupported, "{}: cgroup v2 has nothing alike", pointer(part));
    return add(part, {file, ""}, value);
  }

 private:
  static Write& add_to(std::vector<Write>& writes, std::string_view part, Substitute what) {
    return writes.emplace_back(
        Write{std::move(what.file), std::move(what.value), pointer(part), {}, {}});
  }

  std::vector<Group>& groups_;
  std::string_view controller_;
};

/// A number that is given and says something.
template <class Number>
std::optional<Number> meant(std::optional<Number> given) {
  return given && *given != 0 ? given : std::nullopt;
}

/// A limit that may be -1.
std::optional<std::int64_t> limit(std::optional<std::int64_t> given, std::string_view part) {
  if (given && *given < -1) {
    fail(ErrorKind::config, "{}: {} is neither a limit nor -1", pointer(part), *given);
  }
  return meant(given);
}

std::string v2_text(std::int64_t limit) { return limit < 0 ? "max" : std::to_string(limit); }

Target::Words limit_words(std::int64_t limit) { return {std::to_string(limit), v2_text(limit)}; }

// --- memory -------------------------------------------------------------------------------------

/// memory.swap of the spec, and of v1, is memory and swap together; v2 has swap alone.
std::int64_t swap_alone(std::int64_t swap, std::optional<std::int64_t> memory) {
  if (swap < 0 || (memory && *memory < 0)) return swap;
  if (!memory) {
    fail(ErrorKind::config, "{}: a swap limit needs a memory limit", pointer("memory/swap"));
  }
  if (swap < *memory) {
    fail(ErrorKind::config, "{}: memory+swap limit should be >= memory limit",
         pointer("memory/swap"));
  }
  return swap - *memory;
}

void add_swap(Target const& target, spec::Memory const& memory) {
  auto const most = limit(memory.limit, "memory/limit");
  auto swap = limit(memory.swap, "memory/swap");
  bool const asked = swap.has_value();
  // Without a limit of memory a smaller one of both would be left over from before: none at all is
  // what "unlimited" means to everybody.
  if (!swap && most && *most < 0) swap = -1;
  if (!swap) return;
  auto const alone = swap_alone(*swap, most);
  auto& write = target.add(asked ? "memory/swap" : "memory/limit",
                           {"memory.memsw.limit_in_bytes", "memory.swap.max"},
                           Target::Words{std::to_string(*swap), v2_text(alone)});
  // A kernel that does not account for swap has no such file.  All of it, or none, can be had.
  if (alone <= 0) write.harmless = {ENOENT};
}

void add_memory(std::vector<Group>& groups, spec::Memory const& memory) {
  Target const target(groups, "memory");
  if (auto const most = limit(memory.limit, "memory/limit")) {
    target.add("memory/limit", {"memory.limit_in_bytes", "memory.max"}, limit_words(*most));
  }
  add_swap(target, memory);
  if (auto const low = limit(memory.reservation, "memory/reservation")) {
    target.add("memory/reservation", {"memory.soft_limit_in_bytes", "memory.low"},
               limit_words(*low));
  }
  // Unlimited is what v2 has anyway.
  auto const kernel_limit = [&](std::optional<std::int64_t> given, char const* part,
                                char const* file) {
    auto const most = limit(given, part);
    if (most && (*most > 0 || !target.v2(part))) {
      target.add_v1(part, file, std::to_string(*most));
    }
  };
  kernel_limit(memory.kernel, "memory/kernel", "memory.kmem.limit_in_bytes");
  kernel_limit(memory.kernel_tcp, "memory/kernelTCP", "memory.kmem.tcp.limit_in_bytes");
  if (memory.swappiness) {
    if (*memory.swappiness > 100) {
      fail(ErrorKind::config, "{}: {} is not between 0 and 100", pointer("memory/swappiness"),
           *memory.swappiness);
    }
    target.add_v1("memory/swappiness", "memory.swappiness", std::to_string(*memory.swappiness));
  }
  if (memory.disable_oom_killer.value_or(false)) {
    target.add_v1("memory/disableOOMKiller", "memory.oom_control", "1");
  }
  // Always so with v2, and with v1 since Linux 5.11.
  if (memory.use_hierarchy && !(*memory.use_hierarchy && target.v2("memory/useHierarchy"))) {
    target.add_v1("memory/useHierarchy", "memory.use_hierarchy", *memory.use_hierarchy ? "1" : "0");
  }
}

// --- cpu, cpuset --------------------------------------------------------------------------------

void add_shares(Target const& target, std::uint64_t shares) {
  constexpr std::uint64_t fewest = 2, most = 262144;
  // The kernel takes the nearest possible number of shares in silence.
  if (!target.v2("cpu/shares") && (shares < fewest || shares > most)) {
    fail(ErrorKind::config, "{}: the {} allowed cpu-shares is {}", pointer("cpu/shares"),
         shares < fewest ? "minimum" : "maximum", shares < fewest ? fewest : most);
  }
  target.add("cpu/shares", {"cpu.shares", "cpu.weight"},
             Target::Words{std::to_string(shares), std::to_string(cpu_weight(shares))});
}

void add_bandwidth(Target const& target, spec::Cpu const& cpu) {
  constexpr std::uint64_t usual_period = 100'000;  // microseconds, cgroup-v2.rst
  auto const quota = limit(cpu.quota, "cpu/quota");
  auto const period = meant(cpu.period);
  if (cpu.burst && quota && *quota > 0 && *cpu.burst > static_cast<std::uint64_t>(*quota)) {
    fail(ErrorKind::config, "{}: a burst of {} is more than the quota of {}", pointer("cpu/burst"),
         *cpu.burst, *quota);
  }
  char const* const part = quota ? "cpu/quota" : "cpu/period";
  if (quota || period) {
    if (target.v2(part)) {
      target.add(part, {"", "cpu.max"},
                 fmt::format("{} {}", v2_text(quota.value_or(-1)), period.value_or(usual_period)));
    } else {
      if (period) target.add_v1("cpu/period", "cpu.cfs_period_us", std::to_string(*period));
      if (quota) target.add_v1(part, "cpu.cfs_quota_us", std::to_string(*quota));
    }
  }
  if (cpu.burst) {
    auto& write =
        target.add("cpu/burst", {"cpu.cfs_burst_us", "cpu.max.burst"}, std::to_string(*cpu.burst));
    if (*cpu.burst == 0) write.harmless = {ENOENT};  // the file is there since 5.14
  }
}

/// A group that is idle has no weight to change: idleness ends before the weight is set, and begins
/// after it.
void add_idle(Target const& target, std::int64_t idle) {
  auto& write = target.add("cpu/idle", {"cpu.idle", "cpu.idle"}, std::to_string(idle));
  if (idle == 0) write.harmless = {ENOENT};  // the file is there since 5.15
}

void add_cpu(std::vector<Group>& groups, spec::Cpu const& cpu) {
  Target const target(groups, "cpu");
  if (cpu.idle == 0) add_idle(target, *cpu.idle);
  if (auto const shares = meant(cpu.shares)) add_shares(target, *shares);
  add_bandwidth(target, cpu);
  if (auto const period = meant(cpu.realtime_period)) {
    target.add_v1("cpu/realtimePeriod", "cpu.rt_period_us", std::to_string(*period));
  }
  if (auto const runtime = meant(cpu.realtime_runtime)) {
    target.add_v1("cpu/realtimeRuntime", "cpu.rt_runtime_us", std::to_string(*runtime));
  }
  if (cpu.idle.value_or(0) != 0) add_idle(target, *cpu.idle);
  Target const set(groups, "cpuset");
  if (!cpu.cpus.empty()) set.add("cpu/cpus", {"cpuset.cpus", "cpuset.cpus"}, cpu.cpus);
  if (!cpu.mems.empty()) set.add("cpu/mems", {"cpuset.mems", "cpuset.mems"}, cpu.mems);
}

// --- pids ---------------------------------------------------------------------------------------

void add_pids(std::vector<Group>& groups, spec::Pids const& pids) {
  if (!pids.limit) return;
  // 0 is a limit (config-linux.md#pids): one process, which can make no other.  It is written as 1,
  // as runc does: the same for the container, but `exec` can still be born in the group.
  auto const most = *pids.limit == 0 ? 1 : *pids.limit;
  // Late: the helper process that makes init is in the group too, for a moment.
  Target(groups, "pids").add_late("pids/limit", "pids.max", v2_text(most));
}

// --- blkio and io -------------------------------------------------------------------------------

std::string device_number(auto const& device) {
  return fmt::format("{}:{}", device.major, device.minor);
}

/// io.max has one line for a device, each write of which leaves unnamed keys alone; v1 has a file
/// for each kind of limit.
struct Throttle {
  std::vector<spec::ThrottleDevice> spec::BlockIo::*list;
  char const* part;
  char const* v1_file;
  char const* v2_key;
};
constexpr Throttle throttles[] = {
    {&spec::BlockIo::throttle_read_bps_device, "throttleReadBpsDevice",
     "blkio.throttle.read_bps_device", "rbps"},
    {&spec::BlockIo::throttle_write_bps_device, "throttleWriteBpsDevice",
     "blkio.throttle.write_bps_device", "wbps"},
    {&spec::BlockIo::throttle_read_iops_device, "throttleReadIOPSDevice",
     "blkio.throttle.read_iops_device", "riops"},
    {&spec::BlockIo::throttle_write_iops_device, "throttleWriteIOPSDevice",
     "blkio.throttle.write_iops_device", "wiops"},
};

std::string rate_part(Throttle const& throttle, std::size_t index) {
  return fmt::format("blockIO/{}/{}/rate", throttle.part, index);
}

/// The whole of a device's limits in one write of io.max.
void merge_io_max(Group& group, std::string const& number, std::string const& setting,
                  std::string pointer) {
  auto const line = std::find_if(group.writes.begin(), group.writes.end(), [&](Write const& write) {
    return write.file == "io.max" && write.value.starts_with(number + " ");
  });
  if (line == group.writes.end()) {
    group.writes.push_back({"io.max", number + " " + setting, std::move(pointer)});
  } else {
    line->value += " " + setting;
  }
}

void add_v1_throttle(Target const& target, Throttle const& throttle, spec::BlockIo const& io) {
  auto const& list = io.*throttle.list;
  for (std::size_t i = 0; i < list.size(); ++i) {
    target.add_v1(rate_part(throttle, i), throttle.v1_file,
                  fmt::format("{} {}", device_number(list[i]), list[i].rate));
  }
}

void add_v2_throttle(Target const& target, Throttle const& throttle, spec::BlockIo const& io) {
  auto const& list = io.*throttle.list;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto const part = rate_part(throttle, i);
    // 0 is no limit with v1, and EINVAL with v2.
    auto const rate = list[i].rate == 0 ? "max" : std::to_string(list[i].rate);
    merge_io_max(target.group(part), device_number(list[i]),
                 fmt::format("{}={}", throttle.v2_key, rate), pointer(part));
  }
}

// The weights are the scheduler's: of CFQ until Linux 4.20, of BFQ under its own name, and with v2
// also of the io.cost controller, whose numbers are others.
void add_weight(Target const& target, std::string const& part, std::uint16_t weight,
                std::string const& number) {
  auto const prefix = number.empty() ? "" : number + " ";
  auto const value = prefix + std::to_string(weight);
  if (target.v2(part)) {
    auto& write = target.add(part, {"", "io.bfq.weight"}, value);
    write.substitute = {"io.weight", prefix + std::to_string(io_weight(weight))};
  } else {
    std::string const suffix = number.empty() ? "weight" : "weight_device";
    auto& write = target.add_v1(part, "blkio." + suffix, value);
    write.substitute = {"blkio.bfq." + suffix, value};
  }
}

void add_block_io(std::vector<Group>& groups, spec::BlockIo const& io) {
  Target const v1(groups, "blkio"), v2(groups, "io");
  bool const is_v2 = std::none_of(groups.begin(), groups.end(),
                                  [](Group const& group) { return group.has("blkio"); });
  auto const& target = is_v2 ? v2 : v1;
  if (auto const weight = meant(io.weight)) add_weight(target, "blockIO/weight", *weight, "");
  if (auto const weight = meant(io.leaf_weight)) {
    target.add_v1("blockIO/leafWeight", "blkio.leaf_weight", std::to_string(*weight));
  }
  for (std::size_t i = 0; i < io.weight_device.size(); ++i) {
    auto const& device = io.weight_device[i];
    auto const part = fmt::format("blockIO/weightDevice/{}", i);
    auto const number = device_number(device);
    if (!device.weight && !device.leaf_weight) {
      fail(ErrorKind::config, "{}: neither weight nor leafWeight is given", pointer(part));
    }
    if (auto const weight = meant(device.weight)) {
      add_weight(target, part + "/weight", *weight, number);
    }
    if (auto const weight = meant(device.leaf_weight)) {
      target.add_v1(part + "/leafWeight", "blkio.leaf_weight_device",
                    fmt::format("{} {}", number, *weight));
    }
  }
  for (auto const& throttle : throttles) {
    if (is_v2) {
      add_v2_throttle(v2, throttle, io);
    } else {
      add_v1_throttle(v1, throttle, io);
    }
  }
}

// --- hugetlb, net_cls, net_prio, rdma -----------------------------------------------------------

void add_hugepages(std::vector<Group>& groups, std::vector<spec::HugepageLimit> const& limits) {
  Target const target(groups, "hugetlb");
  for (std::size_t i = 0; i < limits.size(); ++i) {
    auto const& size = limits[i].page_size;
    if (size.empty() || size.find('/') != std::string::npos) {
      fail(ErrorKind::config, "{}: \"{}\" is no page size",
           pointer(fmt::format("hugepageLimits/{}/pageSize", i)), size);
    }
    auto const part = fmt::format("hugepageLimits/{}/limit", i);
    auto const value = std::to_string(limits[i].limit);
    // Reservations where the kernel accounts for them (5.7), and in any case what is in use, which
    // can't be more than what was reserved.
    auto const add = [&](char const* rsvd) -> Write& {
      return target.add(part,
                        {fmt::format("hugetlb.{}{}.limit_in_bytes", size, rsvd),
                         fmt::format("hugetlb.{}{}.max", size, rsvd)},
                        value);
    };
    add(".rsvd").harmless = {ENOENT};
    add("");
  }
}

void add_network(std::vector<Group>& groups, spec::Network const& network) {
  // Neither controller has a successor in v2: packets are classified by BPF programs there.
  if (auto const id = meant(network.class_id)) {
    Target(groups, "net_cls").add_v1("network/classID", "net_cls.classid", std::to_string(*id));
  }
  for (std::size_t i = 0; i < network.priorities.size(); ++i) {
    auto const& priority = network.priorities[i];
    Target(groups, "net_prio")
        .add_v1(fmt::format("network/priorities/{}", i), "net_prio.ifpriomap",
                fmt::format("{} {}", priority.name, priority.priority));
  }
}

void add_rdma(std::vector<Group>& groups, std::map<std::string, spec::Rdma> const& devices) {
  Target const target(groups, "rdma");
  for (auto const& [name, most] : devices) {
    auto const part = "rdma/" + escaped(name);
    if (!most.hca_handles && !most.hca_objects) {
      fail(ErrorKind::config, "{}: neither hcaHandles nor hcaObjects is given", pointer(part));
    }
    auto value = name;
    if (most.hca_handles) value += fmt::format(" hca_handle={}", *most.hca_handles);
    if (most.hca_objects) value += fmt::format(" hca_object={}", *most.hca_objects);
    target.add(part, {"rdma.max", "rdma.max"}, value);
  }
}

// --- unified ------------------------------------------------------------------------------------

/// The v2 group that has the file, config-linux.md#unified.
Group& unified_group(std::vector<Group>& groups, std::string const& file,
                     std::string const& pointer) {
  auto const dot = file.find('.');
  if (dot == 0 || dot == std::string::npos || file.find('/') != std::string::npos) {
    fail(ErrorKind::config, "{}: \"{}\" is not of the form CONTROLLER.FILE", pointer, file);
  }
  auto const v2 =
      std::find_if(groups.begin(), groups.end(), [](Group const& group) { return group.v2; });
  auto const controller = file.substr(0, dot);
  // The files of cgroup itself are in every group.
  if (v2 == groups.end() || (controller != "cgroup" && !v2->has(controller))) {
    fail(ErrorKind::unsupported,
         "invalid configuration: {}: this host has no cgroup v2 controller {}", pointer,
         controller);
  }
  return *v2;
}

void add_unified(std::vector<Group>& groups, std::map<std::string, std::string> const& files) {
  for (auto const& [file, value] : files) {
    auto const where = pointer("unified/" + escaped(file));
    auto& group = unified_group(groups, file, where);
    // As late as pids.limit, and behind it.
    auto& writes = file == "pids.max" ? group.late_writes : group.writes;
    // The kernel reads one line of a write: "io.max" for two devices is two writes.
    for (auto const line : text::split(value, '\n')) {
      if (!line.empty()) writes.push_back({file, std::string(line), where});
    }
  }
}

}  // namespace

void add_limits(std::vector<Group>& groups, spec::Resources const& resources) {
  add_memory(groups, resources.memory);
  add_cpu(groups, resources.cpu);
  add_pids(groups, resources.pids);
  add_block_io(groups, resources.block_io);
  add_hugepages(groups, resources.hugepage_limits);
  add_network(groups, resources.network);
  add_rdma(groups, resources.rdma);
  add_unified(groups, resources.unified);
}

std::string first_limit(spec::Resources resources) {
  auto const unified = std::exchange(resources.unified, {});
  // The same table as for a host with every controller.
  constexpr char const* names[] = {"memory",  "cpu",     "cpuset",   "pids", "blkio",
                                   "hugetlb", "net_cls", "net_prio", "rdma"};
  Group every;
  for (auto const* name : names) every.controllers.emplace_back(name);
  std::vector<Group> groups{std::move(every)};
  add_limits(groups, resources);
  for (auto const* const writes : {&groups[0].writes, &groups[0].late_writes}) {
    if (!writes->empty()) return writes->front().pointer;
  }
  return unified.empty() ? "" : pointer("unified/" + escaped(unified.begin()->first));
}

std::uint64_t cpu_weight(std::uint64_t shares) {
  constexpr std::uint64_t fewest_shares = 2, most_shares = 262144, least = 1, most = 10000;
  if (shares <= fewest_shares) return least;
  if (shares >= most_shares) return most;
  // The quadratic curve through the ends and the middle of both ranges: 2 -> 1, 1024 -> 100,
  // 262144 -> 10000.
  auto const l = std::log2(static_cast<double>(shares));
  return static_cast<std::uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612 - 7.0 / 34)));
}

std::uint64_t io_weight(std::uint64_t weight) {
  constexpr std::uint64_t lightest = 10;  // linearly, 10 ... 1000 to 1 ... 10000
  return weight <= lightest ? 1 : 1 + (weight - lightest) * 9999 / 990;
}

}  // namespace proa::cgroup
