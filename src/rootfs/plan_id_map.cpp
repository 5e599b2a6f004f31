// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/plan_id_map.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace proa::rootfs {

namespace {

using Mappings = std::vector<spec::IdMapping>;

/// One kind of ids: its word in the option and the container's mappings.
struct Kind {
  std::string_view word;
  Mappings IdMap::*mappings;
  Mappings spec::Linux::*containers;
};
constexpr auto kinds = std::to_array<Kind>({
    {"uids", &IdMap::uids, &spec::Linux::uid_mappings},
    {"gids", &IdMap::gids, &spec::Linux::gid_mappings},
});

struct Place {
  std::string pointer;
  spec::Linux const& linux;
};

bool contains(spec::IdMapping const& map, spec::IdMapping const& wanted) {
  return wanted.host_id >= map.container_id &&
         std::uint64_t{wanted.host_id} + wanted.size <= std::uint64_t{map.container_id} + map.size;
}

/// `relative` with its ids of the container as ids of the host.
spec::IdMapping absolute(spec::IdMapping relative, Mappings const& containers, Place const& place) {
  auto const map = std::ranges::find_if(
      containers, [&](spec::IdMapping const& each) { return contains(each, relative); });
  if (map == containers.end()) {
    fail(ErrorKind::config, "{}: no mapping of the user namespace has the container's ids {} to {}",
         place.pointer, relative.host_id, std::uint64_t{relative.host_id} + relative.size - 1);
  }
  relative.host_id = map->host_id + (relative.host_id - map->container_id);
  return relative;
}

/// "START-HOST-COUNT", with an @ in front or not.
spec::IdMapping parse_mapping(std::string_view text, Mappings const& containers,
                              Place const& place) {
  bool const relative = text.starts_with('@');
  auto const parts = text::split(relative ? text.substr(1) : text, '-');
  std::array<std::uint32_t, 3> numbers{};
  bool valid = parts.size() == numbers.size();
  for (std::size_t i = 0; valid && i < numbers.size(); ++i) {
    auto const number = text::number<std::uint32_t>(parts[i]);
    valid = number.has_value();
    numbers[i] = number.value_or(0);
  }
  if (!valid || numbers[2] == 0) {
    fail(ErrorKind::config, "{}: expected START-HOST-COUNT, got \"{}\"", place.pointer, text);
  }
  spec::IdMapping const mapping{numbers[0], numbers[1], numbers[2]};
  return relative ? absolute(mapping, containers, place) : mapping;
}

void parse_part(std::string_view part, IdMap& map, Place const& place) {
  for (auto const& kind : kinds) {
    if (!part.starts_with(kind.word) || part.substr(kind.word.size(), 1) != "=") continue;
    for (auto const text : text::split(part.substr(kind.word.size() + 1), '#')) {
      (map.*kind.mappings).push_back(parse_mapping(text, place.linux.*kind.containers, place));
    }
    return;
  }
  fail(ErrorKind::config, "{}: expected uids=... or gids=..., got \"{}\"", place.pointer, part);
}

void parse_value(std::string_view value, IdMap& map, Place const& place) {
  for (auto const part : text::split(value, ';')) parse_part(part, map, place);
  if (map.uids.empty() || map.gids.empty()) {
    fail(ErrorKind::config, "{}: uids and gids have to be given together", place.pointer);
  }
}

/// idmap=VALUE or ridmap=VALUE among the words that are nobody's.
bool take_option(spec::Mount const& mount, Options& options, IdMap& map, Place place) {
  for (auto at = options.unknown.begin(); at != options.unknown.end(); ++at) {
    std::string_view word = mount.options[*at];
    bool const whole = word.starts_with("ridmap=");
    if (!whole && !word.starts_with("idmap=")) continue;
    place.pointer = fmt::format("{}/options/{}", place.pointer, *at);
    map.whole_tree = map.whole_tree || whole;
    parse_value(word.substr(word.find('=') + 1), map, place);
    options.unknown.erase(at);
    return true;
  }
  return false;
}

}  // namespace

std::optional<IdMap> plan_id_map(spec::Linux const& linux, spec::Mount const& mount,
                                 std::string const& pointer, Options& options) {
  IdMap map;
  map.whole_tree = options.has(Behaviour::id_map_whole);
  if (take_option(mount, options, map, {pointer, linux})) return map;
  bool const own = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
  // Without the option too: what is given must not be ignored.  config.md#posix-mounts
  if (!own && !map.whole_tree && !options.has(Behaviour::id_map)) return std::nullopt;
  map.uids = own ? mount.uid_mappings : linux.uid_mappings;
  map.gids = own ? mount.gid_mappings : linux.gid_mappings;
  return map;
}

}  // namespace proa::rootfs
