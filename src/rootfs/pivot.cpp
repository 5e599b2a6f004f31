// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/pivot.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "linux/file.hpp"
#include "linux/mount.hpp"
#include "linux/namespace.hpp"
#include "rootfs/resolve.hpp"

namespace proa::rootfs {

namespace {

using linux::MountCall;

void propagate(std::string const& target, unsigned long flags) {
  linux::mount({"", target, "", flags, ""}).or_fail("set propagation of {}", target);
}

/// With rootfsPropagation "shared" the copies of the host's mounts are still peers of them: what is
/// mounted on them or detached from them would be so on the host.
bool has_peers(Plan const& plan) { return plan.propagation == spec::Propagation::shared; }

/// Only once the new root is no longer in the old one: its mounts keep their peers.
void let_go_of_peers(linux::FdRef old_root) {
  linux::fchdir(old_root).or_fail("change to the old root");
  propagate(".", MS_REC | MS_SLAVE);
}

/// pivot_root(2), NOTES: with "." for both the old root is stacked on top of the new one, where the
/// working directory still is beneath it, and umount2(2) of "." takes the topmost mount there.
void pivot(Plan const& plan, Tree const& tree) {
  linux::Fd old_root;
  if (has_peers(plan)) {
    old_root = linux::open_at(linux::at_cwd, "/", O_PATH | O_DIRECTORY).or_fail("open old root");
  }
  linux::fchdir(tree.root).or_fail("change to the root");
  linux::pivot_root(".", ".").or_fail("pivot_root");
  if (old_root) {
    let_go_of_peers(old_root);
    linux::fchdir(tree.root).or_fail("change to the root");
  }
  linux::unmount(".", MNT_DETACH).or_fail("detach the old root");
}

/// The root of the namespace becomes this process's root and working directory: setns(2).  What was
/// built is not it, but what it is a copy of.
void enter_namespace(Tree& tree) {
  linux::setns(tree.ns, CLONE_NEWNS).or_fail("enter the mount namespace");
  tree.root = linux::open_at(linux::at_cwd, "/", O_PATH | O_DIRECTORY).or_fail("open the root");
  if (tree.dev) tree.dev = look_up(tree.root, "/dev").or_fail("open /dev");
  tree.ns = linux::Fd();
}

// --- without pivot_root -------------------------------------------------------------------------

/// A line of /proc/self/mountinfo, proc(5).
struct MountLine {
  std::string root;
  std::string point;
  std::string type;
};

/// "\040" for a blank and so on.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const code =
        text[i] == '\\' ? text::number<unsigned>(text.substr(i + 1, 3), 8) : std::nullopt;
    plain += code ? static_cast<char>(*code) : text[i];
    if (code) i += 3;
  }
  return plain;
}

MountLine parse(std::string_view line) {
  auto const fields = text::split(line, ' ');
  auto const separator = std::ranges::find(fields, "-");
  if (fields.size() < 6 || fields.end() - separator < 2) return {};
  return {unescape(fields[3]), unescape(fields[4]), std::string(separator[1])};
}

/// proc and sysfs of the host with nothing hidden in them, topmost first.
std::vector<std::string> full_views(std::string const& mountinfo, std::string const& root) {
  std::vector<std::string> points;
  for (auto const text : text::split(mountinfo, '\n')) {
    auto const line = parse(text);
    bool const inside = line.point == root || line.point.starts_with(root + "/");
    if (line.root == "/" && (line.type == "proc" || line.type == "sysfs") && !inside) {
      points.push_back(line.point);
    }
  }
  std::ranges::reverse(points);
  return points;
}

/// Nothing to do where the path has just been covered further up.
void cover(std::string const& point, bool peers) {
  if (peers) {
    auto const alone = linux::mount({"", point, "", MS_SLAVE, ""});
    if (alone.is(ENOENT)) return;
    alone.or_fail("set propagation of {}", point);
  }
  MountCall call;
  call.source = "tmpfs";
  call.target = point;
  call.type = "tmpfs";
  call.flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  auto const covered = linux::mount(call);
  if (!covered.is(ENOENT)) covered.or_fail("cover {}", point);
}

/// The old root stays in the mount namespace, beneath the new one.  The kernel lets a user
/// namespace mount a procfs if it has one to see that hides nothing (mount_namespaces(7)), and a
/// full one in the old root would do, so that masked paths could be had by mounting another.
/// Covered and not detached: to detach one whose parent has peers would detach it on the host.
void hide_full_views(Plan const& plan, Tree const& tree) {
  auto const mountinfo =
      linux::read_file(linux::at_cwd, "/proc/self/mountinfo").or_fail("read /proc/self/mountinfo");
  auto const root = linux::readlink_at(linux::at_cwd, linux::proc_path(tree.root))
                        .or_fail("read the path of {}", plan.root);
  for (auto const& point : full_views(mountinfo, root)) cover(point, has_peers(plan));
}

void change_root(Tree const& tree) {
  linux::fchdir(tree.root).or_fail("change to the root");
  linux::chroot(".").or_fail("chroot");
}

void move(Plan const& plan, Tree const& tree) {
  hide_full_views(plan, tree);
  if (has_peers(plan)) propagate("/", MS_PRIVATE);
  auto const old_root =
      linux::open_at(linux::at_cwd, "/", O_PATH | O_DIRECTORY).or_fail("open old root");
  auto const moved = linux::move_mount(tree.root, old_root);
  // A rootfs of "/" is on top of it already.
  if (moved.is(ELOOP)) return change_root(tree);
  if (moved.is(ENOSYS, EPERM)) {
    linux::fchdir(tree.root).or_fail("change to the root");
    linux::mount({".", "/", "", MS_MOVE, ""}).or_fail("move the root");
  } else {
    moved.or_fail("move the root");
  }
  change_root(tree);
}

/// Not before the root is entered: pivot_root(2) does not take a shared root, and an unbindable one
/// could not have been bound.
void set_propagation(spec::Propagation wanted) {
  if (wanted == spec::Propagation::shared) propagate("/", MS_SHARED);
  if (wanted == spec::Propagation::unbindable) propagate("/", MS_UNBINDABLE);
}

}  // namespace

void enter(Plan const& plan, Tree& tree) {
  Context at("enter rootfs {}", plan.root);
  switch (plan.entry) {
    case Entry::pivot:
      tree.ns ? enter_namespace(tree) : pivot(plan, tree);
      break;
    case Entry::move:
      move(plan, tree);
      break;
    case Entry::chroot:
      change_root(tree);
      break;
  }
  set_propagation(plan.propagation);
}

}  // namespace proa::rootfs
