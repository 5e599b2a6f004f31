// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/mounts.hpp"

#include <linux/magic.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "linux/file.hpp"
#include "rootfs/attributes.hpp"
#include "rootfs/copy_up.hpp"
#include "rootfs/mount2.hpp"
#include "rootfs/options.hpp"
#include "rootfs/resolve.hpp"

namespace proa::rootfs {

namespace {

using linux::Errno;
using linux::Fd;
using linux::FdRef;
using linux::MountAttributes;
using linux::Outcome;

// --- the destination ----------------------------------------------------------------------------

bool is_procfs(FdRef file) {
  return linux::statfs(file).or_fail("read file system type").f_type == PROC_SUPER_MAGIC;
}

/// The plan has refused what is inside /proc by name; this is for links of the image that lead
/// there, and for a procfs elsewhere.
void check_procfs(Step const& step, FdRef target) {
  if (weakened("nothing-over-proc")) return;
  if (step.over_proc == OverProc::no && is_procfs(target)) {
    fail(ErrorKind::config, "{}/destination: {} is inside /proc", step.pointer, step.destination);
  }
}

/// An image with a link for /proc would have a procfs anywhere (CVE-2019-19921, CVE-2025-54867).
void check_ordinary(Step const& step, Outcome<Found>& found) {
  bool const directory = found && S_ISDIR(linux::stat(found->fd).or_fail("read file type").st_mode);
  if (found.is(ELOOP, ENOTDIR) || (found && !directory)) {
    fail(ErrorKind::config,
         "{}/destination: filesystem \"{}\" must be mounted on ordinary directory", step.pointer,
         step.type);
  }
}

Found find_target(Step const& step, Kind kind, Tree const& tree) {
  auto const lookup = weakened("no-link-at-proc") ? Lookup::follow : step.lookup;
  auto found = look_up_or_make(tree.root, step.destination, kind, lookup);
  if (lookup == Lookup::plain) check_ordinary(step, found);
  auto target = std::move(found).or_fail("open destination");
  check_procfs(step, target.fd);
  if (weakened("target-once")) {
    target.fd = linux::open_at(tree.root, "./" + step.destination, O_PATH).or_fail("open again");
  }
  return target;
}

Kind kind_of(FdRef source) {
  return S_ISDIR(linux::stat(source).or_fail("read file type of source").st_mode) ? Kind::directory
                                                                                  : Kind::file;
}

// --- attaching ----------------------------------------------------------------------------------

/// What is left to do with a mount that is in its place.
void settle(Step const& step, Fd mount, Tree& tree) {
  if (step.readonly_later) {
    tree.readonly_later.push_back(
        {linux::duplicate(mount).or_fail("duplicate descriptor"), step.destination});
  }
  // What is mounted on / is the root from now on, for all later steps too.
  if (step.destination == "/") tree.root = std::move(mount);
}

bool is_directory(FdRef file) {
  auto const info = linux::stat(file);
  return info && S_ISDIR((*info).st_mode);
}

// move_mount(2) says EINVAL of a directory on a file and of a file on a directory, as of much else;
// ENOTDIR is what mount(2) says, and what dockerd looks for to explain it to its user.
void put(FdRef mount, FdRef target, Tree const& tree) {
  auto const moved = linux::move_mount(mount, target);
  // It has a mount namespace in it, which the kernel leaves out of a copy of the host's mounts.
  if (moved.is(ELOOP) && tree.aside != 0) throw NotAside();
  if (moved.is(EINVAL) && is_directory(mount) != is_directory(target)) {
    fail_errno(ENOTDIR, "attach");
  }
  moved.or_fail("attach");
}

/// A detached mount and where it goes.
struct Placement {
  Fd mount;
  FdRef target;
  bool peer = false;  ///< see Source
};

/// Nothing has been mounted on it meanwhile, so that nothing has appeared on the host.
void part_from_peers(FdRef mount, Tree& tree) {
  mount2::prepare(tree);
  linux::MountCall call;
  call.flags = MS_REC | static_cast<unsigned long>(tree.lent);
  mount2::call(tree, mount, std::move(call)).or_fail("set propagation");
}

/// Nobody in the container ever sees the mount without its flags: they are set before it is
/// attached, except where the kernel lacks mount_setattr(2), which nothing else does on a detached
/// mount.
void attach(Step const& step, Placement placement, Tree& tree, MountAttributes const& top) {
  auto& [mount, target, peer] = placement;
  auto const set = set_attributes(mount, step, top);
  if (!may_be_missing(set)) set.or_fail("set mount flags");
  put(mount, target, tree);
  if (peer) part_from_peers(mount, tree);
  if (!set) {
    mount2::prepare(tree);
    mount2::set_attributes(tree, mount, step, set.error());
  }
  settle(step, std::move(mount), tree);
}

/// The flags of a mount that is in its place already: by mount(2) only where mount_setattr(2) is
/// missing, which alone reaches a whole tree.
void set_in_place(Step const& step, FdRef mount, Tree& tree) {
  auto const set = set_attributes(mount, step, step.top);
  if (set) return;
  if (!may_be_missing(set)) set.or_fail("set mount flags");
  mount2::prepare(tree);
  mount2::set_attributes(tree, mount, step, set.error());
}

// --- binds --------------------------------------------------------------------------------------

/// What to bind: a detached mount, or a plain descriptor where open_tree(2) is missing.
struct Source {
  Fd fd;
  bool detached = true;
  bool peer = false;  ///< of the host's mount, until it is attached: mount_setattr(2) is missing
};

/// What the parent lent is no peer of the host's unless mount_setattr(2) is missing, for the parent
/// as for this process.
Source take(Fd lent, Tree const& tree) {
  if (tree.lent == 0) return {std::move(lent)};
  MountAttributes attributes;
  attributes.propagation = tree.lent;
  auto const set = linux::mount_setattr(lent, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes);
  return {std::move(lent), true, !set};
}

/// Opened by init itself if possible: the source may be in the container's root, as earlier steps
/// made it, and what init has in a user namespace of its own has its flags locked.  `lent` comes
/// from the parent, which may reach what init may not, and maps ids.
Source open_source(Step const& step, Fd lent, Tree const& into) {
  unsigned flags = 0;
  if ((step.flags & MS_REC) != 0) flags |= AT_RECURSIVE;
  if (step.source_itself) flags |= AT_SYMLINK_NOFOLLOW;
  if (step.id_map) return {std::move(lent)};
  auto tree = clone_mount(linux::at_cwd, step.source, flags, into.aside);
  if (tree.is(ENOENT) && !step.if_missing.empty()) {
    tree = clone_mount(linux::at_cwd, step.if_missing, flags, into.aside);
  }
  if (tree.is(EACCES, EPERM) && lent) return take(std::move(lent), into);
  if (tree.is(ENOSYS, EPERM)) {
    int const nofollow = step.source_itself ? O_NOFOLLOW : 0;
    return {linux::open_at(linux::at_cwd, step.source, O_PATH | nofollow).or_fail("open source"),
            false};
  }
  return {std::move(tree).or_fail("open source"), true};
}

void attach(Step const& step, Source source, FdRef target, Tree& tree) {
  if (source.detached) {
    return attach(step, {std::move(source.fd), target, source.peer}, tree, step.top);
  }
  mount2::prepare(tree);
  mount2::bind(tree, source.fd, target, step.flags);
  auto mount = mount2::reopen(tree, step.destination, step.lookup, source.fd);
  set_in_place(step, mount, tree);
  settle(step, std::move(mount), tree);
}

void make_link(Step const& step, std::string const& text, Tree const& tree) {
  auto const slash = step.destination.rfind('/');
  auto const dir = look_up_or_make(tree.root, step.destination.substr(0, slash), Kind::directory)
                       .or_fail("open directory");
  auto const name = step.destination.substr(slash + 1);
  auto const made = linux::symlink_at(text, dir.fd, name);
  if (!made.is(EEXIST)) return made.or_fail("make link");
  auto const present = linux::readlink_at(dir.fd, name);
  if (!present || *present != text) {
    fail(ErrorKind::config, "{}/destination: exists and is not a link to {}", step.pointer, text);
  }
}

void bind(Step const& step, Fd lent, Tree& tree) {
  if (step.copy_symlink) {
    auto const link = linux::readlink_at(linux::at_cwd, step.source);
    if (link) return make_link(step, *link, tree);
  }
  auto source = open_source(step, std::move(lent), tree);
  if (step.over_proc == OverProc::proc_only && !is_procfs(source.fd)) {
    fail(ErrorKind::config, "{}/source: {} cannot be mounted on /proc, it is not of type proc",
         step.pointer, step.source);
  }
  auto const target = find_target(step, kind_of(source.fd), tree);
  attach(step, std::move(source), target.fd, tree);
}

// --- file systems -------------------------------------------------------------------------------

struct SuperblockFlag {
  unsigned long flag;
  char const* key;
};
constexpr auto superblock_keys = std::to_array<SuperblockFlag>({
    {MS_RDONLY, "ro"},
    {MS_SYNCHRONOUS, "sync"},
    {MS_DIRSYNC, "dirsync"},
    {MS_LAZYTIME, "lazytime"},
});

void configure(FdRef context, Parameter const& parameter) {
  auto const set = parameter.value
                       ? linux::fsconfig_string(context, parameter.key, *parameter.value)
                       : linux::fsconfig_flag(context, parameter.key);
  if (set) return;
  auto const text = parameter.value ? parameter.key + "=" + *parameter.value : parameter.key;
  fail_in_context(context, set.error(), "set " + text);
}

void configure(FdRef context, Step const& step) {
  configure(context, {"source", step.source});
  for (auto const& known : superblock_keys) {
    if ((step.superblock & known.flag) != 0) configure(context, {known.key, std::nullopt});
  }
  for (auto const& parameter : step.parameters) configure(context, parameter);
}

/// A new mount of the configured file system, or the errno that a caller can do something about.
Outcome<Fd> create(FdRef context, Step const& step) {
  bool const replaceable = !step.instead.source.empty();
  if (auto const created = linux::fsconfig_create(context); !created) {
    if (replaceable && created.is(EPERM, EBUSY)) return Errno{created.error()};
    fail_in_context(context, created.error(), "create");
  }
  auto mount = linux::fsmount(context, static_cast<unsigned>(step.top.set));
  if (mount || (replaceable && mount.is(EPERM, EBUSY))) return mount;
  // Linux before 5.14 does not have all flags here.
  if (mount.is(EINVAL)) return Errno{ENOSYS};
  fail_in_context(context, mount.error(), "create mount");
}

Outcome<Fd> new_filesystem(Step const& step) {
  if (step.only_mount2) return Errno{ENOSYS};
  auto const context = linux::fsopen(step.type);
  // EPERM: a filter, or else mount(2) will say so too.
  if (context.is(ENOSYS, EPERM)) return Errno{ENOSYS};
  if (!context) fail_errno(context.error(), "open file system type {}", step.type);
  configure(*context, step);
  return create(*context, step);
}

/// The directory of the host that stands in for a file system that may not be mounted.
void bind_instead(Step const& step, FdRef target, Tree& tree, int refusal) {
  log::debug("{} is bound instead: {}", step.instead.source, errno_text(refusal));
  Step bound = step;
  bound.action = Action::bind;
  bound.source = step.instead.source;
  bound.flags = (step.flags & simple_flags) | MS_BIND;
  bound.top = {};
  bound.top.set = attributes_of(step.flags & simple_flags);
  if (step.instead.whole_tree) {
    // What is mounted below is no more harmless: /sys/fs/cgroup, CVE-2023-25809.
    bound.flags |= MS_REC;
    if (!weakened("whole-sys-readonly")) bound.recursive.set |= bound.top.set;
  }
  attach(bound, open_source(bound, {}, tree), target, tree);
}

/// mqueue takes no context as parameter: its root is labelled as a file.
void label_root(Step const& step, FdRef mount) {
  if (step.label.empty()) return;
  auto const root = linux::open_at(mount, ".", O_RDONLY | O_DIRECTORY).or_fail("open to label");
  linux::set_xattr(root, "security.selinux", step.label).or_fail("label with {}", step.label);
}

void mount_by_path(Step const& step, FdRef target, Tree& tree) {
  mount2::prepare(tree);
  auto const mounted = mount2::filesystem(tree, target, step);
  if (mounted.is(EPERM, EBUSY) && !step.instead.source.empty()) {
    return bind_instead(step, target, tree, mounted.error());
  }
  mounted.or_fail("mount");
  auto mount = mount2::reopen(tree, step.destination, step.lookup);
  if (step.copy_up) copy_up(target, mount);
  label_root(step, mount);
  set_in_place(step, mount, tree);
  settle(step, std::move(mount), tree);
}

/// The target of a file system, and the user namespace of its IdMap if it has one.
struct Site {
  FdRef target;
  FdRef id_namespace;
};

void mount_on(Step const& step, Site const& site, Tree& tree) {
  auto const target = site.target;
  auto mount = new_filesystem(step);
  if (step.id_map && !mount) fail_errno(mount.error(), "{}: map ids", step.pointer);
  if (mount.is(ENOSYS)) return mount_by_path(step, target, tree);
  if (!mount) return bind_instead(step, target, tree, mount.error());
  if (step.copy_up) copy_up(target, *mount);
  label_root(step, *mount);
  if (step.id_map) set_id_map(*mount, step, site.id_namespace);
  attach(step, {std::move(*mount), target}, tree, {});
}

/// Not in the spec, but so everywhere: a tmpfs takes the mode of the directory that it covers.
Step with_mode(Step step, FdRef target) {
  auto const mode = linux::stat(target).or_fail("read mode").st_mode & 07777;
  step.parameters.push_back({"mode", fmt::format("{:04o}", mode)});
  return step;
}

void mount_filesystem(Step const& step, Fd const& id_namespace, Tree& tree) {
  auto const target = find_target(step, Kind::directory, tree);
  Site const site{target.fd, id_namespace};
  if (step.inherit_mode && target.existed) {
    mount_on(with_mode(step, target.fd), site, tree);
  } else {
    mount_on(step, site, tree);
  }
}

// --- remount ------------------------------------------------------------------------------------

/// mount(8) remount: of the mount alone with "bind", else of the superblock too.  Only mount(2)
/// does both at once.
void remount(Step const& step, Tree& tree) {
  auto const mount = look_up(tree.root, step.destination, step.lookup).or_fail("open destination");
  set_in_place(step, mount, tree);
  if ((step.flags & MS_BIND) != 0) return;
  mount2::prepare(tree);
  linux::MountCall call;
  call.flags = step.flags;
  call.data = mount2::data_of(step.parameters);
  mount2::call(tree, mount, std::move(call)).or_fail("remount");
}

}  // namespace

void perform(Step const& step, Fd source, Tree& tree) {
  Context at("mount {} on {}", step.action == Action::filesystem ? step.type : step.source,
             step.destination);
  switch (step.action) {
    case Action::bind:
      return bind(step, std::move(source), tree);
    case Action::filesystem:
      return mount_filesystem(step, source, tree);
    case Action::remount:
      return remount(step, tree);
    case Action::link:
      return make_link(step, step.source, tree);
  }
}

void fail_in_context(FdRef context, int number, std::string const& what) {
  std::string words = what;
  // "e tmpfs: Bad value for 'mode'": a letter for the level, a blank, then the words.
  constexpr std::size_t level = 2;
  while (auto message = linux::fs_message(context)) {
    words.append(": ").append(text::trim(message->erase(0, level)));
  }
  fail_errno(number, "{}", words);
}

}  // namespace proa::rootfs
