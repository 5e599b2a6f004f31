// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/properties.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/limits.hpp"
#include "cgroup/variant.hpp"

namespace proa::cgroup {

namespace {

using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();

Number number(std::string_view text) {
  if (text == "max" || text == "-1") return infinity;
  return text::number<std::uint64_t>(text);
}

void set(Properties& properties, std::string name, dbus::Value value) {
  std::erase_if(properties, [&](Property const& each) { return each.name == name; });
  properties.push_back({std::move(name), std::move(value)});
}

// Each of these turns the text of a file into what the property takes.  Text that it can't read is
// left to the kernel, whose answer is the better error.
using Translation = void (*)(Properties& properties, char const* name, std::string_view text);

void as_number(Properties& properties, char const* name, std::string_view text) {
  if (auto const value = number(text)) set(properties, name, dbus::uint64(*value));
}

/// "64M": memory controllers read their files with the kernel's memparse().
void as_bytes(Properties& properties, char const* name, std::string_view text) {
  constexpr std::string_view units = "kmgtpe";  // each of them 1024 of the one before
  constexpr unsigned bits = 10;
  if (text.empty()) return;
  auto const unit = units.find(text::lower(text.substr(text.size() - 1)));
  if (unit == units.npos) return as_number(properties, name, text);
  auto const shift = bits * static_cast<unsigned>(unit + 1);
  auto const value = text::number<std::uint64_t>(text.substr(0, text.size() - 1));
  if (value && *value <= infinity >> shift) set(properties, name, dbus::uint64(*value << shift));
}

/// systemd refuses a limit of 0.  The file has it all the same, and 1 comes to the same: no fork.
void as_tasks(Properties& properties, char const* name, std::string_view text) {
  auto const value = number(text);
  if (value) set(properties, name, dbus::uint64(std::max<std::uint64_t>(*value, 1)));
}

/// An idle group is one with the weight 0 for systemd; one that is idle no more has its weight
/// back.
void as_idle(Properties& properties, char const* name, std::string_view text) {
  auto const is_set = [&](Property const& each) { return each.name == name; };
  if (text == "1") set(properties, name, dbus::uint64(idle_weight));
  if (text != "0" || std::any_of(properties.begin(), properties.end(), is_set)) return;
  set(properties, name, dbus::uint64(infinity));  // the usual one
}

/// "50000 100000": quota and period.
void as_quota(Properties& properties, char const* name, std::string_view text) {
  constexpr std::uint64_t second = 1'000'000, percent = second / 100, usual_period = 100'000;
  auto const words = text::split(text, ' ');
  auto const quota = number(words[0]);
  auto const period = words.size() > 1 ? number(words[1]) : usual_period;
  if (!quota || !period || *period == 0 || *period > second || words.size() > 2) return;
  auto each_second = infinity;
  // In whole percents of a processor, as systemd keeps it; upwards, as nobody may get less.
  if (*quota != infinity) {
    if (*quota > infinity / second) return;
    auto const share = (*quota * second + *period - 1) / *period;
    each_second = (share + percent - 1) / percent * percent;
  }
  set(properties, name, dbus::uint64(each_second));
  set(properties, "CPUQuotaPeriodUSec", dbus::uint64(*period));
}

/// "0-3,7" as a mask of bits, the lowest byte first.
void as_mask(Properties& properties, char const* name, std::string_view text) {
  constexpr unsigned most = 1 << 16;
  std::vector<std::uint8_t> mask;
  for (auto const range : text::split(text, ',')) {
    auto const ends = text::split(text::trim(range), '-');
    auto const first = text::number<unsigned>(ends.front());
    auto const last = text::number<unsigned>(ends.back());
    if (!first || !last || ends.size() > 2 || *last < *first || *last >= most) return;
    if (mask.size() <= *last / 8) mask.resize(*last / 8 + 1);
    for (auto bit = *first; bit <= *last; ++bit) {
      mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 1U << bit % 8);
    }
  }
  set(properties, name, dbus::byte_array(mask));
}

/// One more device for a property that is a list of them.
void add_device(Properties& properties, char const* name, std::string_view device,
                std::uint64_t value) {
  auto const row = std::find_if(properties.begin(), properties.end(),
                                [&](Property const& each) { return each.name == name; });
  auto entry =
      dbus::structure({dbus::string(fmt::format("/dev/block/{}", device)), dbus::uint64(value)});
  if (row == properties.end()) {
    properties.push_back({name, dbus::array("(st)", {std::move(entry)})});
  } else {
    std::get<dbus::Values>(row->value.content).push_back(std::move(entry));
  }
}

/// "8:0 rbps=1048576 wiops=max"
void as_rates(Properties& properties, char const*, std::string_view text) {
  struct Row {
    std::string_view key;
    char const* property;
  };
  constexpr Row rows[] = {{"rbps", "IOReadBandwidthMax"},
                          {"wbps", "IOWriteBandwidthMax"},
                          {"riops", "IOReadIOPSMax"},
                          {"wiops", "IOWriteIOPSMax"}};
  auto const words = text::split(text, ' ');
  for (auto const word : words) {
    auto const equals = word.find('=');
    auto const value = equals == word.npos ? std::nullopt : number(word.substr(equals + 1));
    auto const row = std::find_if(std::begin(rows), std::end(rows), [&](Row const& each) {
      return each.key == word.substr(0, equals);
    });
    if (value && row != std::end(rows)) add_device(properties, row->property, words[0], *value);
  }
}

/// "500", "default 500" or "8:0 500"; `scale` makes it a weight of io.weight.
void add_weight(Properties& properties, std::string_view text,
                std::uint64_t (*scale)(std::uint64_t)) {
  auto const words = text::split(text, ' ');
  auto const value = number(words.back());
  if (!value || words.size() > 2) return;
  if (words.size() == 2 && words[0] != "default") {
    add_device(properties, "IODeviceWeight", words[0], scale(*value));
  } else {
    set(properties, "IOWeight", dbus::uint64(scale(*value)));
  }
}

void as_weight(Properties& properties, char const*, std::string_view text) {
  add_weight(properties, text, [](std::uint64_t weight) { return weight; });
}

void as_bfq_weight(Properties& properties, char const*, std::string_view text) {
  add_weight(properties, text, io_weight);
}

struct Row {
  std::string_view file;
  char const* property;
  Translation translation;
};
// The v1 files have no other meaning than those of v2, but for the properties that only a systemd
// that knows v1 has.  What v1 calls low and high is nothing that systemd sets there.
constexpr Row rows[] = {
    {"cpu.idle", "CPUWeight", as_idle},
    {"cpu.max", "CPUQuotaPerSecUSec", as_quota},
    {"cpu.weight", "CPUWeight", as_number},
    {"cpuset.cpus", "AllowedCPUs", as_mask},
    {"cpuset.mems", "AllowedMemoryNodes", as_mask},
    {"io.bfq.weight", "IOWeight", as_bfq_weight},
    {"io.max", "IOReadBandwidthMax", as_rates},
    {"io.weight", "IOWeight", as_weight},
    {"memory.high", "MemoryHigh", as_bytes},
    {"memory.low", "MemoryLow", as_bytes},
    {"memory.max", "MemoryMax", as_bytes},
    {"memory.min", "MemoryMin", as_bytes},
    {"memory.swap.max", "MemorySwapMax", as_bytes},
    {"pids.max", "TasksMax", as_tasks},
    {"blkio.weight", "BlockIOWeight", as_number},
    {"cpu.shares", "CPUShares", as_number},
    {"memory.limit_in_bytes", "MemoryLimit", as_bytes},
};

Write const* last(std::vector<Write> const& writes, std::string_view file) {
  auto const found = std::find_if(writes.rbegin(), writes.rend(),
                                  [&](Write const& write) { return write.file == file; });
  return found == writes.rend() ? nullptr : &*found;
}

/// The quota and the period of v1, which are files of their own, as the text of cpu.max.
std::optional<std::string> bandwidth(std::vector<Write> const& writes) {
  auto const* const quota = last(writes, "cpu.cfs_quota_us");
  auto const* const period = last(writes, "cpu.cfs_period_us");
  if (quota == nullptr && period == nullptr) return std::nullopt;
  return fmt::format("{} {}", quota == nullptr ? "max" : quota->value,
                     period == nullptr ? "100000" : period->value);
}

// --- the device list of v1 ----------------------------------------------------------------------

/// Of one type.
struct Device {
  bool block = false;
  std::optional<std::uint32_t> major;
  std::optional<std::uint32_t> minor;
  std::uint8_t access = 0;
};

/// How systemd.resource-control(5) names it in DeviceAllow=; empty where it can't.
std::string name_of(Device const& device) {
  constexpr std::uint32_t first_pts = 136, last_pts = 143;  // devices.rst of the kernel
  char const* const type = device.block ? "block" : "char";
  if (device.major && device.minor) {
    return fmt::format("/dev/{}/{}:{}", type, *device.major, *device.minor);
  }
  if (!device.major && !device.minor) return fmt::format("{}-*", type);
  bool const pts = !device.block && device.major.value_or(0) >= first_pts &&
                   device.major.value_or(0) <= last_pts && !device.minor;
  return pts ? "char-pts" : "";
}

bool concerns(std::optional<std::uint32_t> rule, std::optional<std::uint32_t> device) {
  return !rule || !device || *rule == *device;
}

/// systemd has no rule that takes something away, so that what is denied is taken from what was
/// allowed before: from a whole range too where only a part of it is denied.
void deny(std::vector<Device>& devices, DeviceRule const& rule, bool block) {
  for (auto& device : devices) {
    if (device.block == block && concerns(rule.major, device.major) &&
        concerns(rule.minor, device.minor)) {
      device.access &= static_cast<std::uint8_t>(~rule.access);
    }
  }
}

void apply(std::vector<Device>& devices, DeviceRule const& rule, bool block) {
  auto const other = block ? spec::DeviceRuleType::character : spec::DeviceRuleType::block;
  if (rule.type == other) return;
  if (!rule.allow) return deny(devices, rule, block);
  devices.push_back({block, rule.major, rule.minor, rule.access});
}

std::vector<Device> allowed(DeviceList const& list) {
  std::vector<Device> devices;
  for (auto const& rule : list.rules) {
    for (bool const block : {true, false}) apply(devices, rule, block);
  }
  return devices;
}

// --- annotations --------------------------------------------------------------------------------

constexpr std::string_view prefix = "org.systemd.property.";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Seconds of any kind of number as microseconds.
std::optional<std::uint64_t> microseconds(dbus::Value const& seconds) {
  constexpr std::uint64_t second = 1'000'000;
  if (auto const* const number = std::get_if<double>(&seconds.content)) {
    auto const scaled = *number * static_cast<double>(second);
    if (!(scaled >= 0 && scaled < 1e18)) return std::nullopt;
    return static_cast<std::uint64_t>(scaled);
  }
  auto const* const number = std::get_if<std::uint64_t>(&seconds.content);
  // A negative one is a huge number here.
  if (number == nullptr || seconds.type == "b" || *number > infinity / second) return std::nullopt;
  return *number * second;
}

Property property_of(std::string name, std::string const& text) {
  constexpr std::size_t fewest_letters = 3;
  if (name.size() < fewest_letters || !std::all_of(name.begin(), name.end(), is_letter)) {
    fail(ErrorKind::config, "\"{}\" is no name of a systemd property", name);
  }
  auto value = variant_from_text(text);
  if (name.ends_with("Sec") && !name.ends_with("USec")) {
    auto const time = microseconds(value);
    if (!time) fail(ErrorKind::config, "\"{}\" is no number of seconds", text);
    name = fmt::format("{}USec", std::string_view(name).substr(0, name.size() - 3));
    value = dbus::uint64(*time);
  }
  return {std::move(name), std::move(value)};
}

}  // namespace

Properties properties_of(std::vector<Write> const& writes) {
  Properties properties;
  for (auto const& write : writes) {
    auto const row = std::find_if(std::begin(rows), std::end(rows),
                                  [&](Row const& each) { return each.file == write.file; });
    if (row != std::end(rows)) row->translation(properties, row->property, write.value);
  }
  if (auto const text = bandwidth(writes)) as_quota(properties, "CPUQuotaPerSecUSec", *text);
  return properties;
}

Properties limits_of(std::vector<Group> const& groups) {
  // systemd leaves cpuset and idle groups of v1 alone, and knows the words for cpuset only since
  // version 244.
  auto const unknown = [](Write const& write) {
    return write.file.starts_with("cpuset.") || write.file == "cpu.idle";
  };
  Properties limits;
  for (auto const& group : groups) {
    auto writes = group.writes;
    writes.insert(writes.end(), group.late_writes.begin(), group.late_writes.end());
    if (!group.v2) std::erase_if(writes, unknown);
    for (auto& each : properties_of(writes)) limits.push_back(std::move(each));
  }
  return limits;
}

Properties properties_of(DeviceList const& list) {
  if (list.allow) return {};
  dbus::Values values;
  for (auto const& device : allowed(list)) {
    auto const name = name_of(device);
    if (name.empty() || device.access == 0) continue;
    values.push_back(dbus::structure({dbus::string(name), dbus::string(letters(device.access))}));
  }
  return {{"DevicePolicy", dbus::string("strict")},
          {"DeviceAllow", dbus::array("(ss)", std::move(values))}};
}

Properties properties_of(std::map<std::string, std::string> const& annotations) {
  Properties properties;
  for (auto const& [key, text] : annotations) {
    if (!key.starts_with(prefix)) continue;
    Context at("/annotations/{}", key);
    properties.push_back(property_of(key.substr(prefix.size()), text));
  }
  return properties;
}

dbus::Value as_value(Properties const& properties) {
  dbus::Values values;
  for (auto const& each : properties) {
    values.push_back(dbus::structure({dbus::string(each.name), dbus::variant(each.value)}));
  }
  return dbus::array("(sv)", std::move(values));
}

}  // namespace proa::cgroup
