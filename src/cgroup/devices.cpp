// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/devices.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"

namespace proa::cgroup {

namespace {

using spec::DeviceRuleType;

// A device number of the kernel has 12 bits of major and 20 of minor: <linux/kdev_t.h>.
constexpr std::int64_t last_major = (1 << 12) - 1;
constexpr std::int64_t last_minor = (1 << 20) - 1;

// What every container gets: the devices of config-linux.md#default-devices, its terminals, and
// making any device node, which is of no use without a right to open it.  /dev/net/tun is here
// because runc took it out once and had to put it back for the VPNs that relied on it.
constexpr auto character = DeviceRuleType::character;
constexpr auto block = DeviceRuleType::block;
constexpr auto any = std::nullopt;
constexpr std::array<DeviceRule, 11> defaults{{
    {true, character, any, any, access_mknod},
    {true, block, any, any, access_mknod},
    {true, character, 1, 3, access_all},      // /dev/null
    {true, character, 1, 5, access_all},      // /dev/zero
    {true, character, 1, 7, access_all},      // /dev/full
    {true, character, 1, 8, access_all},      // /dev/random
    {true, character, 1, 9, access_all},      // /dev/urandom
    {true, character, 5, 0, access_all},      // /dev/tty
    {true, character, 5, 2, access_all},      // /dev/ptmx
    {true, character, 136, any, access_all},  // /dev/pts/*, /dev/console
    {true, character, 10, 200, access_all},   // /dev/net/tun
}};

/// A number of the configuration; engines of old write -1 where they mean all.
std::optional<std::uint32_t> number(std::optional<std::int64_t> given, std::int64_t last,
                                    std::string const& pointer) {
  if (!given || *given == -1) return std::nullopt;
  if (*given < 0 || *given > last) {
    fail(ErrorKind::config, "{}: {} is no device number", pointer, *given);
  }
  return static_cast<std::uint32_t>(*given);
}

std::uint8_t access_bits(std::string_view letters, std::string const& pointer) {
  if (letters.empty()) return access_all;
  std::uint8_t bits = 0;
  for (char const letter : letters) {
    constexpr std::string_view known = "mrw";  // in the order of the bits
    auto const bit = known.find(letter);
    if (bit == std::string_view::npos) {
      fail(ErrorKind::config, "{}: invalid device access \"{}\"", pointer, letters);
    }
    bits = static_cast<std::uint8_t>(bits | 1U << bit);
  }
  return bits;
}

DeviceRule rule_of(spec::DeviceRule const& given, int index) {
  auto const pointer = fmt::format("/linux/resources/devices/{}", index);
  return {given.allow,
          given.type,
          number(given.major, last_major, pointer + "/major"),
          number(given.minor, last_minor, pointer + "/minor"),
          access_bits(given.access, pointer + "/access"),
          index};
}

bool same_devices(DeviceRule const& one, DeviceRule const& other) {
  return one.type == other.type && one.major == other.major && one.minor == other.minor;
}

bool speaks_of_all(DeviceRule const& rule) {
  return rule.type == DeviceRuleType::all && !rule.major && !rule.minor &&
         rule.access == access_all;
}

}  // namespace

DeviceList device_list(std::vector<spec::DeviceRule> const& rules) {
  DeviceList list;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    auto const rule = rule_of(rules[i], static_cast<int>(i));
    if (speaks_of_all(rule)) {
      list = {rule.allow, {}};  // nothing before it matters any more
    } else {
      list.rules.push_back(rule);
    }
  }
  if (list.allow && list.rules.empty()) return list;
  auto const asked = list.rules;
  // The defaults come last, so that the user's rules keep their places in devices.list.  Of a
  // device that the user's rules name as such their word holds, be it the same or a denial.
  for (auto rule : defaults) {
    for (auto const& other : asked) {
      if (same_devices(rule, other)) rule.access &= static_cast<std::uint8_t>(~other.access);
    }
    if (rule.access != 0) list.rules.push_back(rule);
  }
  return list;
}

// --- cgroup v1 ----------------------------------------------------------------------------------

namespace {

std::string text(std::optional<std::uint32_t> number) {
  return number ? std::to_string(*number) : "*";
}

}  // namespace

std::string letters(std::uint8_t access) {
  std::string result;
  if ((access & access_read) != 0) result += 'r';
  if ((access & access_write) != 0) result += 'w';
  if ((access & access_mknod) != 0) result += 'm';
  return result;
}

std::vector<DeviceLine> device_lines(DeviceList const& list) {
  std::vector<DeviceLine> lines{{list.allow, "a", -1}};
  for (auto const& rule : list.rules) {
    auto const rest =
        fmt::format(" {}:{} {}", text(rule.major), text(rule.minor), letters(rule.access));
    // The kernel takes "a" for everything, whatever numbers and letters follow it.
    if (rule.type != character) lines.push_back({rule.allow, "b" + rest, rule.index});
    if (rule.type != block) lines.push_back({rule.allow, "c" + rest, rule.index});
  }
  return lines;
}

}  // namespace proa::cgroup
