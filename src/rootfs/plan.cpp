// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/plan.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "rootfs/plan_mounts.hpp"

namespace proa::rootfs {

namespace {

constexpr mode_t default_permissions = 0666;

struct DefaultDevice {
  std::string_view path;
  unsigned major;
  unsigned minor;
};
// config-linux.md#default-devices; /dev/console and /dev/ptmx are made otherwise.
constexpr auto default_devices = std::to_array<DefaultDevice>({
    {"/dev/null", 1, 3},
    {"/dev/zero", 1, 5},
    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8},
    {"/dev/urandom", 1, 9},
    {"/dev/tty", 5, 0},
});

// dev_t of the kernel has 12 and 20 bits.
constexpr std::int64_t highest_major = (1 << 12) - 1;
constexpr std::int64_t highest_minor = (1 << 20) - 1;

MountNamespace mount_namespace(Spec const& spec) {
  auto const& namespaces = spec.linux.namespaces;
  auto const found =
      std::ranges::find(namespaces, spec::NamespaceType::mount, &spec::Namespace::type);
  if (found == namespaces.end()) return MountNamespace::host;
  return found->path.empty() ? MountNamespace::created : MountNamespace::joined;
}

Entry entry(MountNamespace mount_namespace, bool no_pivot) {
  if (mount_namespace != MountNamespace::created) return Entry::chroot;
  return no_pivot ? Entry::move : Entry::pivot;
}

/// Without a mount namespace every mount would be one of the host's, so none is made.  That alone
/// takes nothing from the container that it could not do without, and engines' default lists of
/// mounts come along with any choice of namespaces; what is meant to protect the host is refused.
void refuse_protections(Spec const& spec) {
  auto const refuse = [](char const* pointer) {
    fail(ErrorKind::config, "{}: needs a mount namespace", pointer);
  };
  if (!spec.linux.readonly_paths.empty()) refuse("/linux/readonlyPaths/0");
  if (!spec.linux.masked_paths.empty()) refuse("/linux/maskedPaths/0");
  if (spec.linux.rootfs_propagation != spec::Propagation::unset) refuse("/linux/rootfsPropagation");
  if (spec.root->readonly) refuse("/root/readonly");
}

// --- the tree on its own ------------------------------------------------------------------------

/// config.md#posix-platform-hooks: these run in the container's mount namespace with the runtime's
/// paths, or look for it, before its root is entered.
bool hooks_before_root(spec::Hooks const& hooks) {
  return !hooks.prestart.empty() || !hooks.create_runtime.empty() ||
         !hooks.create_container.empty();
}

bool is_within(std::string const& path, std::string const& directory) {
  auto const outer = clean_path(directory);
  return outer == "/" || (clean_path(path) + "/").starts_with(outer + "/");
}

/// What can't be done to a tree that is in no mount namespace yet and will be copied once more: see
/// Step.  A source in the container's root is to show what was mounted there before.
bool in_place_only(Plan const& plan, Step const& step) {
  bool const unbindable = std::ranges::any_of(
      step.propagation, [](unsigned long flags) { return (flags & MS_UNBINDABLE) != 0; });
  bool const own_source = step.action == Action::bind && is_within(step.source, plan.root);
  bool const superblock = step.action == Action::remount && (step.flags & MS_BIND) == 0;
  return step.only_mount2 || superblock || step.readonly_later || step.id_map ||
         step.destination == "/" || unbindable || own_source;
}

/// In a user namespace mounts of the host have locked flags, and the kernel wants to see a procfs
/// that hides nothing before it mounts another: mount_namespaces(7).
bool can_be_aside(Input const& input, Plan const& plan) {
  if (plan.mount_namespace != MountNamespace::created || plan.entry != Entry::pivot) return false;
  if (plan.user_namespace) return false;
  if (plan.propagation == spec::Propagation::shared) return false;
  if (hooks_before_root(input.spec.hooks)) return false;
  return std::ranges::none_of(plan.steps,
                              [&](Step const& step) { return in_place_only(plan, step); });
}

// --- devices ------------------------------------------------------------------------------------

mode_t file_type(spec::DeviceType type) {
  switch (type) {
    case spec::DeviceType::character:
    case spec::DeviceType::unbuffered:
      return S_IFCHR;
    case spec::DeviceType::block:
      return S_IFBLK;
    case spec::DeviceType::fifo:
      return S_IFIFO;
  }
  return S_IFCHR;
}

void check_number(std::int64_t number, std::int64_t highest, std::string const& pointer) {
  if (number < 0 || number > highest) {
    fail(ErrorKind::config, "{}: {} is not between 0 and {}", pointer, number, highest);
  }
}

Node configured_node(spec::Device const& device, std::string const& pointer) {
  if (!device.path.starts_with('/') || device.path.find('\0') != std::string::npos) {
    fail(ErrorKind::config, "{}/path: not an absolute path", pointer);
  }
  Node node;
  node.path = clean_path(device.path);
  node.pointer = pointer;
  // Engines hand over the whole st_mode of a device of the host.
  node.mode = (device.file_mode.value_or(default_permissions) & 07777) | file_type(device.type);
  node.uid = device.uid.value_or(0);
  node.gid = device.gid.value_or(0);
  if (device.type == spec::DeviceType::fifo) return node;
  check_number(device.major, highest_major, pointer + "/major");
  check_number(device.minor, highest_minor, pointer + "/minor");
  node.device = ::makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
  return node;
}

/// Nothing is made in a /dev that is the host's.  /dev/ptmx leads to the container's own devpts,
/// whatever the list says: the host's would open terminals of the host.
bool to_be_made(Node const& node, bool own_dev) {
  if (node.path == "/dev/ptmx") return false;
  return own_dev || !node.path.starts_with("/dev/");
}

std::vector<Node> plan_nodes(Spec const& spec, bool own_dev) {
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < spec.linux.devices.size(); ++i) {
    Node node = configured_node(spec.linux.devices[i], fmt::format("/linux/devices/{}", i));
    if (to_be_made(node, own_dev)) nodes.push_back(std::move(node));
  }
  if (!own_dev) return nodes;
  for (auto const& device : default_devices) {
    if (std::ranges::find(nodes, device.path, &Node::path) != nodes.end()) continue;
    Node node;
    node.path = device.path;
    node.mode = S_IFCHR | default_permissions;
    node.device = ::makedev(device.major, device.minor);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

bool binds_dev(std::vector<Step> const& steps) {
  return std::ranges::any_of(steps, [](Step const& step) {
    return step.action == Action::bind && step.destination == "/dev";
  });
}

// --- paths --------------------------------------------------------------------------------------

/// The paths in order, each once.
std::vector<std::string> plan_paths(std::vector<std::string> const& paths, char const* pointer) {
  std::vector<std::string> planned;
  std::set<std::string> seen;  // hosts with many processors have hundreds of masked paths
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!paths[i].starts_with('/') || paths[i].find('\0') != std::string::npos) {
      fail(ErrorKind::config, "{}/{}: not an absolute path", pointer, i);
    }
    auto path = clean_path(paths[i]);
    if (seen.insert(path).second) planned.push_back(std::move(path));
  }
  return planned;
}

std::string root_path(Spec const& spec, std::string const& bundle) {
  if (!spec.root || spec.root->path.empty()) fail(ErrorKind::config, "/root/path: required");
  if (spec.root->path[0] == '/') return spec.root->path;
  return fmt::format("{}/{}", bundle, spec.root->path);
}

}  // namespace

Plan plan(Input const& input) {
  auto const& spec = input.spec;
  Plan plan;
  plan.root = root_path(spec, input.bundle);
  plan.readonly = spec.root->readonly;
  plan.mount_namespace = mount_namespace(spec);
  plan.entry = entry(plan.mount_namespace, input.no_pivot);
  plan.propagation = spec.linux.rootfs_propagation;

  plan.parent_opens_sources = has_namespace(spec, spec::NamespaceType::user);
  plan.user_namespace = plan.parent_opens_sources || input.host.user_namespace;
  if (plan.mount_namespace != MountNamespace::host) {
    plan.steps = plan_mounts(input);
  } else {
    refuse_protections(spec);
    if (!spec.mounts.empty()) log::warn("/mounts: none is made, for lack of a mount namespace");
  }
  plan.aside = can_be_aside(input, plan);
  plan.own_dev = !binds_dev(plan.steps);
  plan.supply = plan.user_namespace ? Supply::bind : Supply::mknod;
  plan.nodes = plan_nodes(spec, plan.own_dev);
  plan.readonly_paths = plan_paths(spec.linux.readonly_paths, "/linux/readonlyPaths");
  plan.masked_paths = plan_paths(spec.linux.masked_paths, "/linux/maskedPaths");
  plan.label = mount_label(input);
  return plan;
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (auto const part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string clean;
  for (auto const part : kept) clean.append("/").append(part);
  return clean.empty() ? "/" : clean;
}

}  // namespace proa::rootfs
