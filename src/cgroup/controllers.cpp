// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/controllers.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/directory.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

using linux::FdRef;

Names words_of(std::string_view text) {
  Names names;
  for (auto const word : text::split(text::trim(text), ' ')) names.emplace_back(word);
  return names;
}

Names common(Names names, Names const& others) {
  std::erase_if(names, [&](auto const& name) {
    return std::find(others.begin(), others.end(), name) == others.end();
  });
  return names;
}

Names except(Names names, Names const& others) {
  std::erase_if(names, [&](auto const& name) {
    return std::find(others.begin(), others.end(), name) != others.end();
  });
  return names;
}

linux::Outcome<void> add_to_subtree(FdRef dir, Names const& names) {
  return linux::write_file(dir, "cgroup.subtree_control",
                           fmt::format("+{}", text::join(names, " +")));
}

}  // namespace

linux::Outcome<void> enable_controllers(FdRef dir, Names const& wanted, Names const& needed) {
  if (wanted.empty()) return {};
  // Read first: in all but the first containers there is nothing to do, and writing takes the
  // kernel's cgroup lock.
  auto const enabled = linux::read_file(dir, "cgroup.subtree_control");
  if (!enabled) return linux::Errno{enabled.error()};
  auto const missing = except(wanted, words_of(*enabled));
  if (missing.empty()) return {};
  auto const had = linux::read_file(dir, "cgroup.controllers");
  if (!had) return linux::Errno{had.error()};
  auto const available = common(missing, words_of(*had));
  auto const missed = common(missing, needed);
  if (!except(missed, available).empty()) return linux::Errno{ENOENT};
  if (available.empty()) return {};
  auto const added = add_to_subtree(dir, available);
  if (added || missed.empty()) return {};
  // EBUSY: there are processes in `dir`.  Some controllers could be had all the same, but then all
  // children would be threaded, and no container could live in one: cgroup-v2.rst, "Threads".
  if (added.is(EBUSY)) return added;
  return add_to_subtree(dir, missed);  // without one that has spoilt the whole write
}

void have_controllers(std::string const& group, Names const& needed) {
  auto const there = linux::read_file(linux::at_cwd, group + "/cgroup.controllers");
  if (there && except(needed, words_of(*there)).empty()) return;
  for (auto slash = group.find('/', 1); slash != std::string::npos;
       slash = group.find('/', slash + 1)) {
    auto const path = group.substr(0, slash);
    auto const above = open_group(linux::at_cwd, path).or_fail("open {}", path);
    // What is above the hierarchy's root is no group.
    if (!linux::access_at(above, "cgroup.subtree_control", F_OK)) continue;
    auto const enabled = enable_controllers(above, needed, needed);
    if (enabled.is(ENOENT)) {
      fail(ErrorKind::unsupported, "cgroup {}: controllers {} are not to be had below {}", group,
           text::join(needed, ", "), path);
    }
    enabled.or_fail("cgroup {}: enable controllers {} below {}", group, text::join(needed, ", "),
                    path);
  }
}

}  // namespace proa::cgroup
