// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/devices.hpp"

#include <sys/sysmacros.h>

#include <array>
#include <string>

#include "base/error.hpp"
#include "linux/file.hpp"
#include "linux/mount.hpp"
#include "rootfs/attributes.hpp"
#include "rootfs/mount2.hpp"
#include "rootfs/resolve.hpp"

namespace proa::rootfs {

namespace {

using linux::Fd;
using linux::FdRef;

struct DevLink {
  char const* target;
  char const* name;
};
constexpr auto dev_links = std::to_array<DevLink>({
    {"/proc/self/fd", "fd"},
    {"/proc/self/fd/0", "stdin"},
    {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"},
});

bool matches(struct ::stat const& info, Node const& node) {
  if ((info.st_mode & S_IFMT) != (node.mode & S_IFMT)) return false;
  return S_ISFIFO(node.mode) || info.st_rdev == node.device;
}

/// Whom an error blames: config.json, or nobody's wish for a default device.
std::string const& blamed(Node const& node) {
  return node.pointer.empty() ? node.path : node.pointer;
}

/// Where a node goes: a directory and a name in it.
struct Place {
  Fd opened;  ///< owner of `dir` unless it is /dev
  FdRef dir{-1};
  std::string name;
};

Place place_of(Node const& node, Tree& tree) {
  auto const slash = node.path.rfind('/');
  Place place;
  place.name = node.path.substr(slash + 1);
  auto const parent = node.path.substr(0, slash);
  if (parent == "/dev") {
    place.dir = dev(tree);
    return place;
  }
  auto found = look_up_or_make(tree.root, parent.empty() ? "/" : parent, Kind::directory);
  place.opened = std::move(found).or_fail("open {}", parent).fd;
  place.dir = FdRef(place.opened);
  return place;
}

// --- binding what the host has ------------------------------------------------------------------

/// The host's device under the same path, or by its number, as udev lists them.
Fd host_device(Node const& node) {
  char const* const list = S_ISBLK(node.mode) ? "block" : "char";
  std::string const by_number =
      fmt::format("/dev/{}/{}:{}", list, ::major(node.device), ::minor(node.device));
  for (auto const& path : {node.path, by_number}) {
    auto device = linux::open_at(linux::at_cwd, path, O_PATH);
    if (!device) continue;
    auto const info = linux::stat(*device);
    if (info && matches(*info, node)) return std::move(*device);
  }
  fail(ErrorKind::unsupported, "{}: the host has no such device to bind", blamed(node));
}

/// An empty file to mount on, or the one that is there.
Fd bind_target(Place const& place) {
  auto made = linux::open_at(place.dir, place.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0);
  if (!made.is(EEXIST)) return std::move(made).or_fail("make file");
  return linux::open_at(place.dir, place.name, O_PATH | O_NOFOLLOW).or_fail("open file");
}

void bind_device(Node const& node, Place const& place, Tree& tree) {
  auto const device = host_device(node);
  auto const target = bind_target(place);
  auto const mount = clone_mount(device, "", AT_EMPTY_PATH, tree.aside);
  if (mount) return linux::move_mount(*mount, target).or_fail("attach");
  if (!mount.is(ENOSYS, EPERM)) fail_errno(mount.error(), "clone mount");
  mount2::prepare(tree);
  mount2::bind(tree, device, target, 0);
}

// --- one node -----------------------------------------------------------------------------------

/// What to do about a node.
enum class Verdict : std::uint8_t { done, bind };

/// config-linux.md#devices: a file that does not match MUST be an error.  An empty file may be left
/// from where a device was bound before.
Verdict judge_existing(Node const& node, Place const& place, Supply supply) {
  auto const info = linux::stat_at(place.dir, place.name).or_fail("read file type");
  if (matches(info, node)) return Verdict::done;
  bool const covers = supply == Supply::bind || node.pointer.empty();
  if (covers && S_ISREG(info.st_mode) && info.st_size == 0) return Verdict::bind;
  fail(ErrorKind::config, "{}: {} exists and is another file", blamed(node), node.path);
}

Verdict make_node(Node const& node, Place const& place, Supply supply) {
  // Anybody may make a FIFO.
  bool const bind = supply == Supply::bind && !S_ISFIFO(node.mode);
  if (bind) {
    auto const present = linux::stat_at(place.dir, place.name);
    return present ? judge_existing(node, place, supply) : Verdict::bind;
  }
  auto const made = linux::mknod_at(place.dir, place.name, node.mode, node.device);
  if (made.is(EEXIST)) return judge_existing(node, place, supply);
  // In a container of another runtime, or by its device cgroup.
  if (made.is(EPERM)) return Verdict::bind;
  made.or_fail("make node");
  if (node.uid != 0 || node.gid != 0) {
    linux::chown_at(place.dir, place.name, node.uid, node.gid).or_fail("change owner");
  }
  return Verdict::done;
}

void supply_node(Node const& node, Plan const& plan, Tree& tree) {
  Context at("device {}", node.path);
  auto const place = place_of(node, tree);
  if (make_node(node, place, plan.supply) == Verdict::done) return;
  if (plan.mount_namespace == MountNamespace::host) fail_errno(EPERM, "make node");
  bind_device(node, place, tree);
}

// --- links --------------------------------------------------------------------------------------

/// runtime-linux.md#dev-symbolic-links: "if the source file exists after processing mounts".
bool in_proc(Tree const& tree, char const* path) { return bool(look_up(tree.root, path)); }

void make_ptmx(Tree& tree) {
  auto const made = linux::symlink_at("pts/ptmx", dev(tree), "ptmx");
  if (!made.is(EEXIST)) return made.or_fail("link ptmx");
  auto const present = linux::readlink_at(dev(tree), "ptmx");
  if (present && *present == "pts/ptmx") return;
  linux::unlink_at(dev(tree), "ptmx").or_fail("remove ptmx");
  linux::symlink_at("pts/ptmx", dev(tree), "ptmx").or_fail("link ptmx");
}

void make_links(Tree& tree) {
  Context at("links in /dev");
  auto const link = [&](char const* target, char const* name) {
    auto const made = linux::symlink_at(target, dev(tree), name);
    if (!made.is(EEXIST)) made.or_fail("link {}", name);
  };
  if (in_proc(tree, "/proc/self/fd")) {
    for (auto const& each : dev_links) link(each.target, each.name);
  }
  if (in_proc(tree, "/proc/kcore")) link("/proc/kcore", "core");
  make_ptmx(tree);
}

}  // namespace

void supply_devices(Plan const& plan, Tree& tree) {
  for (auto const& node : plan.nodes) supply_node(node, plan, tree);
  if (plan.own_dev) make_links(tree);
}

FdRef dev(Tree& tree) {
  if (!tree.dev) {
    tree.dev = look_up_or_make(tree.root, "/dev", Kind::directory).or_fail("open /dev").fd;
  }
  return tree.dev;
}

bool is_null_device(FdRef file) {
  auto const info = linux::stat(file).or_fail("read file type of /dev/null");
  return S_ISCHR(info.st_mode) && info.st_rdev == ::makedev(1, 3);
}

}  // namespace proa::rootfs
