// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/id_namespaces.hpp"

#include <algorithm>

#include "linux/file.hpp"

namespace proa::phase {

namespace {

using Steps = std::vector<rootfs::Step>;

bool same_ids(rootfs::IdMap const& one, rootfs::IdMap const& other) {
  return one.uids == other.uids && one.gids == other.gids;
}

linux::Fd make(rootfs::IdMap const& map, Plan const& plan, linux::FdRef joined) {
  if (map.uids.empty()) {
    return linux::duplicate(joined).or_fail("duplicate the user namespace's descriptor");
  }
  auto const writer =
      plan.namespaces.maps ? plan.namespaces.maps->writer : namespaces::MapWriter::direct;
  return namespaces::make_user_namespace({writer, map.uids, map.gids});
}

}  // namespace

std::vector<linux::Fd> make_id_namespaces(Plan const& plan, namespaces::Handles const& handles) {
  auto const& steps = plan.rootfs.steps;
  std::vector<linux::Fd> made;
  if (std::ranges::none_of(steps, [](auto const& step) { return step.id_map.has_value(); })) {
    return made;
  }
  made.resize(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].id_map) continue;
    auto const alike = std::find_if(
        steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(i),
        [&](auto const& step) { return step.id_map && same_ids(*step.id_map, *steps[i].id_map); });
    auto const first = static_cast<std::size_t>(alike - steps.begin());
    made[i] = first < i ? linux::duplicate(made[first]).or_fail("duplicate descriptor")
                        : make(*steps[i].id_map, plan, handles.user);
  }
  return made;
}

}  // namespace proa::phase
