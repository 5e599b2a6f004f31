// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/apply.hpp"

#include <optional>
#include <string>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/weaken.hpp"
#include "linux/file.hpp"
#include "linux/mount.hpp"
#include "linux/namespace.hpp"
#include "linux/process.hpp"
#include "rootfs/attributes.hpp"
#include "rootfs/devices.hpp"
#include "rootfs/mount2.hpp"
#include "rootfs/mounts.hpp"

namespace proa::rootfs {

namespace {

using linux::Fd;
using linux::FdRef;
using linux::MountAttributes;
using linux::Outcome;

MountAttributes propagation(std::uint64_t flag) {
  MountAttributes attributes;
  attributes.propagation = flag;
  return attributes;
}

// --- propagation --------------------------------------------------------------------------------

/// What becomes of the copies of the host's mounts: nothing that is mounted here may appear there.
/// With "shared" they are left alone: a bind with "rshared" is only two-way if its source is.
std::uint64_t host_propagation(spec::Propagation wanted) {
  switch (wanted) {
    case spec::Propagation::unset:
    case spec::Propagation::slave:
      return MS_SLAVE;
    case spec::Propagation::private_:
    case spec::Propagation::unbindable:
      return MS_PRIVATE;
    case spec::Propagation::shared:
      return 0;
  }
  return MS_SLAVE;
}

/// This is also the first call of mount_setattr(2): where it is missing, mount(2) is prepared for
/// all that follows.
void isolate(Plan const& plan, Tree& tree) {
  auto const flag = host_propagation(plan.propagation);
  if (plan.mount_namespace != MountNamespace::created || flag == 0) return;
  if (linux::mount_setattr(linux::at_cwd, "/", AT_RECURSIVE, propagation(flag))) return;
  mount2::prepare(tree);
  linux::mount({"", "/", "", MS_REC | static_cast<unsigned long>(flag), ""})
      .or_fail("set propagation of all mounts");
}

// A path has at most PATH_MAX / 2 components.
constexpr int deepest = 2048;

Outcome<void> set_propagation(Tree& tree, FdRef mount, std::uint64_t flag) {
  auto const set = linux::mount_setattr(mount, "", AT_EMPTY_PATH, propagation(flag));
  if (!set.is(ENOSYS, EPERM)) return set;
  mount2::prepare(tree);
  linux::MountCall call;
  call.flags = flag;
  return mount2::call(tree, mount, std::move(call));
}

/// What the mounts about the root have to become that isolate() left shared; 0: none are.
std::uint64_t shielding(Plan const& plan) {
  // Others live in a namespace that was joined: they go on receiving what the host mounts.
  if (plan.mount_namespace == MountNamespace::joined) return MS_SLAVE;
  if (host_propagation(plan.propagation) == 0) return MS_PRIVATE;
  return 0;
}

/// The mount that the root directory is in must not be shared: what is attached there would show up
/// at its peers, and pivot_root(2) refuses it.  Only the root of a mount can be changed, EINVAL
/// says that it is further up.
void shield_parent(Plan const& plan, Tree& tree, FdRef root) {
  auto const flag = shielding(plan);
  if (flag == 0) return;
  auto at = linux::open_at(root, ".", O_PATH | O_DIRECTORY).or_fail("open rootfs");
  for (int level = 0; level < deepest; ++level) {
    auto const set = set_propagation(tree, at, flag);
    if (!set.is(EINVAL)) return set.or_fail("set propagation of the mount below rootfs");
    at = linux::open_at(at, "..", O_PATH | O_DIRECTORY).or_fail("open parent of rootfs");
  }
  fail_errno(EINVAL, "set propagation of the mount below rootfs");
}

// --- the root -----------------------------------------------------------------------------------

Fd open_root(Plan const& plan) {
  return linux::open_at(linux::at_cwd, plan.root, O_PATH | O_DIRECTORY)
      .or_fail("/root/path: rootfs {}", plan.root);
}

/// The copy of a shared mount is its peer.
void shield_copy(Plan const& plan, Tree& tree, FdRef copy) {
  auto const flag = shielding(plan);
  if (flag == 0) return;
  auto const set = linux::mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, propagation(flag));
  if (set) return;
  if (!may_be_missing(set)) set.or_fail("set propagation of rootfs");
  linux::MountCall call;
  call.flags = MS_REC | static_cast<unsigned long>(flag);
  mount2::call(tree, copy, std::move(call)).or_fail("set propagation of rootfs");
}

Fd bind_root_by_path(Plan const& plan, Tree& tree, FdRef root) {
  mount2::prepare(tree);
  mount2::bind(tree, root, root, MS_REC);
  return open_root(plan);
}

/// The root directory as a mount of its own, on top of itself: pivot_root(2) wants one.
Fd mount_root(Plan const& plan, Tree& tree) {
  auto const root = open_root(plan);
  Context at("rootfs {}", plan.root);
  shield_parent(plan, tree, root);
  auto copy = linux::open_tree(root, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
  if (copy.is(ENOSYS, EPERM)) {
    auto bound = bind_root_by_path(plan, tree, root);
    shield_copy(plan, tree, bound);
    return bound;
  }
  auto mount = std::move(copy).or_fail("clone mount");
  linux::move_mount(mount, root).or_fail("attach");
  shield_copy(plan, tree, mount);
  return mount;
}

/// See Tree::null.  A device can be written to on a read-only mount, but its node can't be changed,
/// which is the host's: root without a user namespace owns it.
Fd take_null(Plan const& plan, Tree& tree) {
  if (plan.masked_paths.empty()) return {};
  auto null = clone_mount(linux::at_cwd, "/dev/null", AT_SYMLINK_NOFOLLOW, tree.aside);
  if (null.is(ENOSYS, EPERM)) return {};
  auto mount = std::move(null).or_fail("open /dev/null");
  if (!is_null_device(mount)) fail(ErrorKind::failed, "the host's /dev/null is invalid");
  MountAttributes attributes;
  attributes.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  auto const set = linux::mount_setattr(mount, "", AT_EMPTY_PATH, attributes);
  if (may_be_missing(set)) {
    mount2::prepare(tree);
    return {};
  }
  set.or_fail("make /dev/null read-only");
  return mount;
}

/// A detached copy of what a bind binds.
Outcome<Fd> copy_source(Step const& step, std::uint64_t propagation) {
  unsigned flags = 0;
  if ((step.flags & MS_REC) != 0) flags |= AT_RECURSIVE;
  if (step.source_itself) flags |= AT_SYMLINK_NOFOLLOW;
  return clone_mount(linux::at_cwd, step.source, flags, propagation);
}

/// A copy for init, or nothing.  The copy of a shared mount is its peer, and what is mounted there
/// would appear on the host: without mount_setattr(2) init sees to that, see Tree::lent.
Fd lend(Plan const& plan, Step const& step) {
  auto copy = copy_source(step, host_propagation(plan.propagation));
  if (copy.is(ENOSYS, EPERM)) copy = copy_source(step, 0);
  return std::move(copy).value_or(Fd());
}

/// Only who has CAP_SYS_ADMIN over the file system may map its ids, and only while nothing of the
/// mount is visible.  A file system that init makes is init's own.
Fd map_ids(Plan const& plan, Step const& step, Fd user_namespace) {
  if (step.action != Action::bind) return user_namespace;
  Context at("mount {} on {}", step.source, step.destination);
  auto source = copy_source(step, host_propagation(plan.propagation))
                    .or_fail("clone mount of source to map its ids");
  set_id_map(source, step, user_namespace);
  return source;
}

Fd source_of(std::vector<Fd>& sources, std::size_t step) {
  return step < sources.size() ? std::move(sources[step]) : Fd();
}

// --- the tree -----------------------------------------------------------------------------------

void fill(Plan const& plan, std::vector<Fd> sources, Tree& tree) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    perform(plan.steps[i], source_of(sources, i), tree);
  }
  supply_devices(plan, tree);
}

Tree build_in_place(Plan const& plan, std::vector<Fd> sources) {
  Tree tree;
  if (plan.mount_namespace == MountNamespace::host) {
    tree.root = open_root(plan);
  } else {
    isolate(plan, tree);
    tree.lent = host_propagation(plan.propagation);
    tree.root = mount_root(plan, tree);
    tree.null = take_null(plan, tree);
  }
  fill(plan, std::move(sources), tree);
  return tree;
}

/// Before anything is made in the root: without a descriptor the call fails in another way where
/// the kernel knows the flag, and a filter that denies new file systems leaves only mount(2) for
/// them.
bool can_work_aside() {
  return linux::open_tree(FdRef(-1), "", OPEN_TREE_NAMESPACE | AT_EMPTY_PATH).is(EBADF) &&
         linux::fsopen("tmpfs");
}

/// The tree on its own and a mount namespace of it, so that none of the host's mounts is copied and
/// let go of again: they may be thousands.  Until the tree is in its namespace nobody but init has
/// it.  Nothing where the kernel or a filter does not allow all of this.
std::optional<Tree> build_aside(Plan const& plan) {
  if (!can_work_aside()) return std::nullopt;
  try {
    Tree tree;
    tree.aside = host_propagation(plan.propagation);
    auto root = clone_mount(open_root(plan), "", AT_EMPTY_PATH | AT_RECURSIVE, tree.aside);
    if (may_be_missing(root)) return std::nullopt;
    tree.root = std::move(root).or_fail("rootfs {}: clone mount", plan.root);
    tree.null = take_null(plan, tree);
    fill(plan, {}, tree);
    auto ns = linux::open_tree(tree.root, "", OPEN_TREE_NAMESPACE | AT_EMPTY_PATH | AT_RECURSIVE);
    if (may_be_missing(ns)) return std::nullopt;
    tree.ns = std::move(ns).or_fail("make a mount namespace");
    tree.aside = 0;
    return tree;
  } catch (NotAside const&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<Fd> open_sources(Plan const& plan, std::vector<Fd> id_namespaces) {
  std::vector<Fd> sources;
  bool const maps = !id_namespaces.empty();
  if (!plan.parent_opens_sources && !maps) return sources;
  sources.resize(plan.steps.size());
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    auto const& step = plan.steps[i];
    if (step.id_map) {
      sources[i] = map_ids(plan, step, std::move(id_namespaces.at(i)));
    } else if (plan.parent_opens_sources && step.action == Action::bind) {
      sources[i] = lend(plan, step);
    }
  }
  return sources;
}

Tree build(Plan const& plan, std::vector<Fd> sources) {
  // Modes are as the plan has them, not as the caller's umask(2) would.
  auto const mask = linux::set_umask(0);
  Undo const restore([mask] { linux::set_umask(mask); });
  if (plan.aside) {
    if (auto tree = build_aside(plan)) return std::move(*tree);
    linux::unshare(CLONE_NEWNS).or_fail("make a mount namespace");
  }
  return build_in_place(plan, std::move(sources));
}

void mount_console(Tree& tree, FdRef slave) {
  Context at("console");
  auto const& directory = dev(tree);
  int const nofollow = weakened("console-is-ours") ? 0 : O_NOFOLLOW;
  auto target = linux::open_at(directory, "console", O_PATH | nofollow);
  if (target.is(ENOENT)) {
    target = linux::open_at(directory, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  }
  if (!target) fail_errno(target.error(), "open /dev/console");
  if (weakened("console-is-ours")) {
    auto const named = linux::open_tree(directory, "pts/0", OPEN_TREE_CLONE).or_fail("clone mount");
    return linux::move_mount(named, *target).or_fail("attach");
  }
  auto const mount = linux::open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  if (mount.is(ENOSYS, EPERM)) return mount2::bind(tree, slave, *target, 0);
  if (!mount) fail_errno(mount.error(), "clone mount of the terminal");
  linux::move_mount(*mount, *target).or_fail("attach");
}

}  // namespace proa::rootfs
