// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/seal.hpp"

#include <linux/magic.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/weaken.hpp"
#include "linux/file.hpp"
#include "linux/mount.hpp"
#include "rootfs/attributes.hpp"
#include "rootfs/devices.hpp"
#include "rootfs/mount2.hpp"
#include "rootfs/mounts.hpp"
#include "rootfs/resolve.hpp"

namespace proa::rootfs {

namespace {

using linux::Errno;
using linux::Fd;
using linux::FdRef;
using linux::Outcome;

Outcome<void> set_readonly(FdRef mount) {
  linux::MountAttributes attributes;
  attributes.set = MOUNT_ATTR_RDONLY;
  return linux::mount_setattr(mount, "", AT_EMPTY_PATH, attributes);
}

/// Of an attached mount.
void make_readonly(Tree const& tree, FdRef mount) {
  auto const set = set_readonly(mount);
  if (set) return;
  if (!may_be_missing(set)) set.or_fail("make read-only");
  mount2::set_readonly(tree, mount);
}

/// Whether nobody in the container may reach what its root may not.  Without a user namespace that
/// holds for procfs and sysfs alone: elsewhere it is the file system that denies root what its
/// capabilities allow, and lets others in: NFS with root_squash, FUSE without allow_other.
bool closed_to_all(Plan const& plan, std::string const& path) {
  auto const directory = path + "/";
  return plan.user_namespace || directory.starts_with("/proc/") || directory.starts_with("/sys/");
}

/// The root of a file system of the kernel's, where the container sees one.
struct View {
  std::string path;
  Fd root;
};

/// Nothing where the plan mounts something else there, or nothing.
std::optional<View> view_of(Plan const& plan, Tree const& tree, std::string const& path,
                            std::string_view type) {
  auto const step = std::find_if(plan.steps.rbegin(), plan.steps.rend(),
                                 [&](Step const& each) { return each.destination == path; });
  if (step == plan.steps.rend() || step->type != type) return std::nullopt;
  Context at("{}", path);
  auto root = look_up(tree.root, path).or_fail("open");
  auto const magic = type == "proc" ? PROC_SUPER_MAGIC : SYSFS_MAGIC;
  if (linux::statfs(root).or_fail("read file system type").f_type != magic) {
    // The host's, which stands in for one that init may not mount, may be anything.
    if (!step->instead.source.empty()) return std::nullopt;
    fail(ErrorKind::failed, "was moved meanwhile");
  }
  return View{path, std::move(root)};
}

/// Looks for what is to be protected.  Where the root directory is shared with a running container,
/// that one can move what a mount stands on, and have a path lead past it: what is in /proc and
/// /sys is looked for in the file systems themselves.
class Finder {
 public:
  Finder(Plan const& plan, Tree const& tree) : plan_(plan), tree_(tree) {
    for (auto const& [path, type] : {std::pair("/proc", "proc"), std::pair("/sys", "sysfs")}) {
      if (auto view = view_of(plan, tree, path, type)) views_.push_back(*std::move(view));
    }
  }

  /// What the path is, or nothing where there is nothing to protect.
  std::optional<Fd> find(std::string const& path) const {
    auto found = look_up_in_view(path);
    if (found.is(ENOENT, ENOTDIR)) return std::nullopt;
    if (found.is(EACCES) && closed_to_all(plan_, path)) return std::nullopt;
    return std::move(found).or_fail("open");
  }

  Tree const& tree() const { return tree_; }

 private:
  Outcome<Fd> look_up_in_view(std::string const& path) const {
    for (auto const& view : views_) {
      if (path.starts_with(view.path + "/")) {
        return look_up(view.root, path.substr(view.path.size()));
      }
    }
    return look_up(tree_.root, path);
  }

  Plan const& plan_;
  Tree const& tree_;
  std::vector<View> views_;
};

// --- read-only paths ----------------------------------------------------------------------------

/// One descriptor from the lookup to the end: whoever swaps the path meanwhile, in a volume that is
/// shared with a running container, gains nothing (GHSA-3q8j-pf29-vwv8).
void protect(Finder const& finder, std::string const& path) {
  Context at("read-only path {}", path);
  auto const& tree = finder.tree();
  auto const target = finder.find(path);
  if (!target) return;
  auto const mount = linux::open_tree(*target, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
  if (mount.is(ENOSYS, EPERM)) {
    mount2::bind(tree, *target, *target, MS_REC);
    return mount2::set_readonly(tree, mount2::reopen(tree, path, Lookup::follow, *target));
  }
  if (!mount) fail_errno(mount.error(), "clone mount");
  auto const set = set_readonly(*mount);
  if (!may_be_missing(set)) set.or_fail("make read-only");
  if (weakened("protect-once")) {
    Fd again;
    for (int i = 0; i < 1000; ++i) {  // as slow as a busy machine may be
      again = linux::open_at(tree.root, "./" + path, O_PATH).or_fail("open again");
    }
    return linux::move_mount(*mount, again).or_fail("attach");
  }
  linux::move_mount(*mount, *target).or_fail("attach");
  if (!set) mount2::set_readonly(tree, *mount);
}

// --- masked paths -------------------------------------------------------------------------------

/// A mount that covers many places: the first time itself, then clones of it.
class Cover {
 public:
  Cover(Tree const& tree, Fd mount) : tree_(tree), mount_(std::move(mount)) {}

  void over(FdRef target) {
    if (!attached_) {
      linux::move_mount(mount_, target).or_fail("attach");
      attached_ = true;
      return;
    }
    // Only an attached mount can be cloned before Linux 6.15.
    auto const clone = linux::open_tree(mount_, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    if (clone) return linux::move_mount(*clone, target).or_fail("attach");
    if (!clone.is(ENOSYS, EPERM)) fail_errno(clone.error(), "clone mount");
    mount2::bind(tree_, mount_, target, 0);
  }

 private:
  Tree const& tree_;
  Fd mount_;
  bool attached_ = false;
};

Step empty_directory(Plan const& plan, char const* inodes) {
  Step step;
  step.type = step.source = "tmpfs";
  step.flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  step.parameters = {{"nr_blocks", "1"}, {"nr_inodes", inodes}};
  if (plan.label) step.parameters.push_back(*plan.label);
  return step;
}

Outcome<Fd> create_empty(FdRef context, Step const& step) {
  linux::fsconfig_string(context, "source", step.source).or_fail("set source");
  linux::fsconfig_flag(context, "ro").or_fail("set ro");
  for (auto const& parameter : step.parameters) {
    auto const set = linux::fsconfig_string(context, parameter.key, *parameter.value);
    if (!set) return Errno{set.error()};
  }
  if (auto const created = linux::fsconfig_create(context); !created) return Errno{created.error()};
  return linux::fsmount(
      context, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

// Ubuntu's Linux 5.4 refuses a single inode: https://github.com/opencontainers/runc/pull/5348
constexpr char const* inode_counts[] = {"1", "2"};

/// An empty read-only tmpfs; ENOSYS where fsopen(2) is missing.
Outcome<Fd> new_empty_directory(Plan const& plan) {
  int refusal = 0;
  for (auto const* const inodes : inode_counts) {
    auto const context = linux::fsopen("tmpfs");
    if (context.is(ENOSYS, EPERM)) return Errno{ENOSYS};
    if (!context) fail_errno(context.error(), "open file system type tmpfs");
    auto mount = create_empty(*context, empty_directory(plan, inodes));
    if (mount) return mount;
    if (!mount.is(EINVAL)) fail_in_context(*context, mount.error(), "create tmpfs");
    refusal = mount.error();
  }
  fail_errno(refusal, "create tmpfs");
}

class Masks {
 public:
  Masks(Plan const& plan, Tree& tree) : plan_(plan), tree_(tree) {}

  void mask(Finder const& finder, std::string const& path) {
    Context at("masked path {}", path);
    auto const target = finder.find(path);
    if (!target) return;
    auto const mode = linux::stat(*target).or_fail("read file type").st_mode;
    if (S_ISDIR(mode)) {
      mask_directory(*target);
    } else {
      mask_file(*target, path);
    }
  }

 private:
  void mask_directory(FdRef target) {
    if (!directories_) {
      auto mount = new_empty_directory(plan_);
      if (mount.is(ENOSYS)) return mask_directory_by_path(target);
      directories_.emplace(tree_, std::move(mount).or_fail("create mount"));
    }
    directories_->over(target);
  }

  void mask_directory_by_path(FdRef target) {
    Outcome<void> mounted;
    for (auto const* const inodes : inode_counts) {
      mounted = mount2::filesystem(tree_, target, empty_directory(plan_, inodes));
      if (!mounted.is(EINVAL)) break;
    }
    mounted.or_fail("mount tmpfs");
  }

  /// The host's null device, which build() took along: the container's may be anything
  /// (CVE-2025-31133).
  void mask_file(FdRef target, std::string const& path) {
    if (!files_ && !tree_.null) return mask_file_by_path(target, path);
    if (weakened("null-device")) {
      auto const found =
          linux::open_tree(dev(tree_), "null", OPEN_TREE_CLONE).or_fail("open /dev/null");
      return linux::move_mount(found, target).or_fail("attach");
    }
    if (!files_) files_.emplace(tree_, std::move(tree_.null));
    files_->over(target);
  }

  /// Without open_tree(2) or mount_setattr(2): the container's, if it is one.  It may be the host's
  /// as well, bound there.
  void mask_file_by_path(FdRef target, std::string const& path) {
    auto const null =
        linux::open_at(dev(tree_), "null", O_PATH | O_NOFOLLOW).or_fail("open /dev/null");
    if (!is_null_device(null)) fail(ErrorKind::failed, "container's /dev/null is invalid");
    mount2::bind(tree_, null, target, 0);
    mount2::set_readonly(tree_, mount2::reopen(tree_, path, Lookup::follow, null));
  }

  Plan const& plan_;
  Tree& tree_;
  std::optional<Cover> directories_;
  std::optional<Cover> files_;
};

}  // namespace

void seal(Plan const& plan, Tree& tree) {
  for (auto const& later : tree.readonly_later) {
    Context at("mount on {}", later.destination);
    make_readonly(tree, later.mount);
  }
  tree.readonly_later.clear();
  if (!plan.readonly_paths.empty() || !plan.masked_paths.empty()) {
    Finder const finder(plan, tree);
    for (auto const& path : plan.readonly_paths) protect(finder, path);
    Masks masks(plan, tree);
    for (auto const& path : plan.masked_paths) masks.mask(finder, path);
  }
  if (plan.readonly) {
    Context at("root");
    make_readonly(tree, tree.root);
  }
  // Init may wait for its start for days; it needs nothing of the host any more.
  tree.null = linux::Fd();
  tree.descriptors = linux::Fd();
}

}  // namespace proa::rootfs
