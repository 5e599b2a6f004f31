// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/plan_mounts.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "rootfs/options.hpp"
#include "rootfs/plan_id_map.hpp"

namespace proa::rootfs {

namespace {

// What programs that emulate /proc for a container (lxcfs), checkpointing and FIPS mode need.
constexpr auto coverable_in_proc = std::to_array<std::string_view>({
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
});
static_assert(std::ranges::is_sorted(coverable_in_proc));

// SELinux contexts make no sense on these, or are set otherwise.
constexpr auto unlabelled =
    std::to_array<std::string_view>({"cgroup", "cgroup2", "mqueue", "proc", "sysfs"});

// fsconfig(2) takes no longer strings: VFS copies at most 256 bytes with the terminator.
constexpr std::size_t longest_parameter = 255;

/// An entry of config.json's mounts with what its options mean.
struct MountEntry {
  Input const& input;
  spec::Mount const& mount;
  std::string pointer;
  Options options;
};

void check_text(std::string const& text, std::string const& pointer) {
  if (text.find('\0') != std::string::npos) {
    fail(ErrorKind::config, "{}: contains a null character", pointer);
  }
}

void check_fields(MountEntry const& entry) {
  auto const& mount = entry.mount;
  check_text(mount.destination, entry.pointer + "/destination");
  check_text(mount.source, entry.pointer + "/source");
  check_text(mount.type, entry.pointer + "/type");
  for (auto const i : entry.options.unknown) {
    check_text(mount.options[i], fmt::format("{}/options/{}", entry.pointer, i));
  }
  if (mount.destination.empty()) fail(ErrorKind::config, "{}/destination: empty", entry.pointer);
  if (mount.destination[0] != '/') {
    log::warn("{}/destination: {} is relative, which is deprecated; taken relative to /",
              entry.pointer, mount.destination);
  }
}

/// "/mounts/3/options/2" of a word that is known to be there.
std::string option_pointer(MountEntry const& entry, std::string_view word) {
  auto const& options = entry.mount.options;
  auto const found = std::ranges::find(options, word);
  return fmt::format("{}/options/{}", entry.pointer, found - options.begin());
}

/// What has a mount of its own: neither what a remount changes nor the host's cgroups.
void set_id_map(MountEntry const& entry, IdMap const& map, std::span<Step> steps) {
  for (auto& step : steps) {
    bool const own = step.action == Action::bind || step.action == Action::filesystem;
    if (!own || entry.mount.type.starts_with("cgroup")) {
      fail(ErrorKind::config,
           "{}: only a bind mount or a new file system can show other ids "
           "(config.md#linux-mount-options)",
           entry.pointer);
    }
    step.id_map = map;
  }
}

void check_behaviours(MountEntry const& entry) {
  auto const& options = entry.options;
  if (options.has(Behaviour::copy_up) &&
      (entry.mount.type != "tmpfs" || (options.flags & MS_BIND) != 0)) {
    fail(ErrorKind::config, "{}: only a tmpfs can start as a copy",
         option_pointer(entry, "tmpcopyup"));
  }
  if (options.has(Behaviour::copy_symlink) &&
      (options.has(Behaviour::source_itself) || options.has(Behaviour::target_itself))) {
    fail(ErrorKind::config, "{}: excludes src-nofollow and dest-nofollow",
         option_pointer(entry, "copy-symlink"));
  }
}

/// /proc takes only a procfs, and what is inside it is covered only where that is harmless: a file
/// of the image's choosing over /proc/self/attr/exec would swallow a security label.
void check_proc(MountEntry const& entry, Step& step) {
  bool const over = step.destination == "/proc";
  if (!over && !step.destination.starts_with("/proc/")) return;
  if (over) {
    if (step.action == Action::filesystem && step.type != "proc") {
      fail(ErrorKind::config, "{}/type: {} cannot be mounted on /proc, only proc can",
           entry.pointer, step.type);
    }
    step.over_proc = step.action == Action::bind ? OverProc::proc_only : OverProc::yes;
    return;
  }
  bool const harmless =
      weakened("nothing-over-proc") ||
      std::ranges::binary_search(coverable_in_proc, std::string_view(step.destination));
  if (!harmless) {
    fail(ErrorKind::config, "{}/destination: {} is inside /proc", entry.pointer, step.destination);
  }
  step.over_proc = OverProc::yes;
}

// --- parameters of a file system ----------------------------------------------------------------

Parameter parameter(std::string_view text) {
  auto const equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return {std::string(text), std::nullopt};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

bool too_long(Parameter const& parameter) {
  return parameter.key.size() > longest_parameter ||
         (parameter.value && parameter.value->size() > longest_parameter);
}

bool has_parameter(Step const& step, std::string_view key) {
  return std::ranges::find(step.parameters, key, &Parameter::key) != step.parameters.end();
}

/// One option may hold several parameters, as it would in mount(2)'s data.  Quotes and backslashes
/// protect commas in a manner that only the file system itself knows.
void add_parameters(std::string const& option, Step& step) {
  bool const comma = option.find(',') != std::string::npos;
  if (comma && option.find_first_of("\\\"") != std::string::npos) {
    step.parameters.push_back({option, std::nullopt});
    step.only_mount2 = true;
    return;
  }
  for (auto const part : text::split(option, ',')) {
    if (!part.empty()) step.parameters.push_back(parameter(part));
  }
}

bool maps(std::vector<spec::IdMapping> const& mappings, std::uint32_t id) {
  return std::ranges::any_of(mappings, [id](spec::IdMapping const& map) {
    return id >= map.container_id && id - map.container_id < map.size;
  });
}

/// gid=5, the group tty, is in nearly every config; a user namespace that maps few ids may not have
/// it, and devpts then refuses to be mounted.
void drop_unmapped_group(MountEntry const& entry, Step& step) {
  auto const& mappings = entry.input.spec.linux.gid_mappings;
  if (step.type != "devpts" || mappings.empty()) return;
  if (!has_namespace(entry.input.spec, spec::NamespaceType::user)) return;
  std::erase_if(step.parameters, [&](Parameter const& given) {
    if (given.key != "gid" || !given.value) return false;
    auto const gid = text::number<std::uint32_t>(*given.value);
    if (!gid || maps(mappings, *gid)) return false;
    log::warn("{}/options: gid={} is left out, the user namespace does not map it", entry.pointer,
              *gid);
    return true;
  });
}

void add_label(MountEntry const& entry, Step& step) {
  auto const label = mount_label(entry.input);
  if (!label) return;
  if (step.type == "mqueue") step.label = *label->value;
  if (std::ranges::find(unlabelled, step.type) != unlabelled.end()) return;
  if (!has_parameter(step, label->key)) step.parameters.push_back(*label);
}

/// What fsconfig(2) cannot say, mount(2) can.
bool needs_mount2(Step const& step) {
  return (step.flags & (MS_SILENT | MS_I_VERSION)) != 0 || step.source.size() > longest_parameter ||
         step.type.find('.') != std::string::npos ||  // "fuse.sshfs": a subtype
         std::ranges::any_of(step.parameters, too_long);
}

// --- one Step -----------------------------------------------------------------------------------

Step step_for(MountEntry const& entry) {
  auto const& options = entry.options;
  Step step;
  step.pointer = entry.pointer;
  step.type = entry.mount.type;
  step.source = entry.mount.source;
  step.destination = clean_path(entry.mount.destination);
  step.flags = options.flags;
  step.cleared = options.cleared;
  step.recursive = options.recursive;
  step.propagation = options.propagation;
  if (options.has(Behaviour::target_itself)) step.lookup = Lookup::itself;
  return step;
}

/// Mount points and device nodes are still to be made in a tmpfs and in /dev.
void delay_readonly(Step& step) {
  if ((step.flags & MS_RDONLY) == 0 || (step.type != "tmpfs" && step.destination != "/dev")) return;
  step.readonly_later = true;
  step.flags &= ~static_cast<unsigned long>(MS_RDONLY);
  step.superblock &= ~static_cast<unsigned long>(MS_RDONLY);
  step.top.set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
}

Step remount_step(MountEntry const& entry) {
  Step step = step_for(entry);
  step.action = Action::remount;
  for (auto const i : entry.options.unknown) add_parameters(entry.mount.options[i], step);
  if ((step.flags & MS_BIND) != 0) step.top = bind_attributes(step.flags, step.cleared);
  return step;
}

Step bind_step(MountEntry const& entry) {
  Step step = step_for(entry);
  step.action = Action::bind;
  step.type = "bind";
  if (step.source.empty()) {
    fail(ErrorKind::config, "{}/source: required for a bind mount", entry.pointer);
  }
  if (step.source[0] != '/') step.source = fmt::format("{}/{}", entry.input.bundle, step.source);
  step.top = bind_attributes(step.flags, step.cleared);
  step.source_itself = entry.options.has(Behaviour::source_itself);
  step.copy_symlink = entry.options.has(Behaviour::copy_symlink);
  for (auto const i : entry.options.unknown) {
    log::warn("{}/options/{}: {} is left out, a bind mount has no file system of its own",
              entry.pointer, i, entry.mount.options[i]);
  }
  delay_readonly(step);
  return step;
}

Step filesystem_step(MountEntry const& entry) {
  Step step = step_for(entry);
  step.action = Action::filesystem;
  if (step.type.empty()) fail(ErrorKind::config, "{}/type: required", entry.pointer);
  if (step.type == "bind" || step.type == "rbind") {
    fail(ErrorKind::config, "{}/options: a bind mount has bind or rbind among them", entry.pointer);
  }
  if (step.source.empty()) step.source = step.type;
  step.superblock = step.flags & superblock_flags;
  step.top.set = attributes_of(step.flags);
  for (auto const i : entry.options.unknown) add_parameters(entry.mount.options[i], step);
  drop_unmapped_group(entry, step);
  step.inherit_mode = step.type == "tmpfs" && !has_parameter(step, "mode");
  step.copy_up = entry.options.has(Behaviour::copy_up);
  add_label(entry, step);
  if (step.type == "proc" || step.type == "sysfs") step.lookup = Lookup::plain;
  // sysfs shows the network namespace: only its owner may mount it.
  if (step.type == "sysfs" && has_namespace(entry.input.spec, spec::NamespaceType::user)) {
    step.instead = {"/sys", true};
  }
  step.only_mount2 = step.only_mount2 || needs_mount2(step);
  delay_readonly(step);
  return step;
}

// --- cgroups(7) ---------------------------------------------------------------------------------

/// Where a container is that could not have a group of its own: in its caller's.
std::string own_group(CgroupTable const& table, CgroupView const& view) {
  auto const found = std::ranges::find(table.hierarchies, view.mount, &CgroupHierarchy::mount);
  return found == table.hierarchies.end() ? view.mount : clean_path(found->mount + found->own);
}

/// A hierarchy's root is the container's cgroup only for those in a cgroup namespace.  The
/// superblock is shared with the host, so that nothing is ever set on it: in the initial namespace
/// even mounting cgroup2 would reset the host's mount options.
Step hierarchy_step(MountEntry const& entry, CgroupView const& view, std::string destination) {
  Step step = step_for(entry);
  step.if_missing = own_group(entry.input.host.cgroups, view);
  step.destination = std::move(destination);
  step.type = view.v2 ? "cgroup2" : "cgroup";
  if (!has_namespace(entry.input.spec, spec::NamespaceType::cgroup)) {
    step.action = Action::bind;
    step.source = view.host_path;
    step.flags |= MS_BIND;
    step.top = bind_attributes(step.flags, step.cleared);
    return step;
  }
  step.action = Action::filesystem;
  step.source = "cgroup";
  step.top.set = attributes_of(step.flags);
  step.instead = {view.host_path, false};
  if (!view.v2) add_parameters(view.controllers, step);
  return step;
}

/// The view of the v2 hierarchy, or one that stands for all of it.
CgroupView unified_view(Input const& input) {
  auto const view = std::ranges::find(input.cgroups, true, &CgroupView::v2);
  if (view != input.cgroups.end()) return *view;
  auto const* const hierarchy = input.host.cgroups.unified();
  CgroupView whole;
  whole.v2 = true;
  if (hierarchy != nullptr) whole.host_path = whole.mount = hierarchy->mount;
  return whole;
}

Step unified_step(MountEntry const& entry) {
  Step step = hierarchy_step(entry, unified_view(entry.input), clean_path(entry.mount.destination));
  if (step.action == Action::bind && step.source.empty()) {
    fail(ErrorKind::unsupported, "{}/type: this host has no cgroup v2 hierarchy", entry.pointer);
  }
  if (step.action == Action::filesystem) {
    for (auto const i : entry.options.unknown) add_parameters(entry.mount.options[i], step);
  }
  return step;
}

/// "cpu,cpuacct" is found under the names "cpu" and "cpuacct" too, as distributions have it.
void add_links(MountEntry const& entry, std::string const& base, std::string const& name,
               std::vector<Step>& steps) {
  if (name.find(',') == std::string::npos) return;
  for (auto const controller : text::split(name, ',')) {
    Step link;
    link.pointer = entry.pointer;
    link.action = Action::link;
    link.source = name;
    link.destination = fmt::format("{}/{}", base, controller);
    steps.push_back(std::move(link));
  }
}

/// A tmpfs with a directory for each hierarchy.
void add_hierarchies(MountEntry const& entry, std::vector<Step>& steps) {
  std::string const base = clean_path(entry.mount.destination);
  Step step = step_for(entry);
  step.action = Action::filesystem;
  step.type = "tmpfs";
  step.source = "tmpfs";
  step.flags |= MS_NOSUID | MS_NODEV | MS_NOEXEC;
  step.top.set = attributes_of(step.flags);
  step.parameters = {{"mode", "755"}};
  add_label(entry, step);
  delay_readonly(step);
  steps.push_back(std::move(step));
  for (auto const& view : entry.input.cgroups) {
    std::string const name = view.name.empty() ? "unified" : view.name;
    steps.push_back(hierarchy_step(entry, view, fmt::format("{}/{}", base, name)));
    add_links(entry, base, name, steps);
  }
}

void add_cgroup(MountEntry const& entry, std::vector<Step>& steps) {
  if (entry.mount.type == "cgroup2" || entry.input.host.cgroups.pure_v2()) {
    steps.push_back(unified_step(entry));
  } else {
    add_hierarchies(entry, steps);
  }
}

void add_steps(MountEntry const& entry, std::vector<Step>& steps) {
  auto const first = steps.size();
  auto const flags = entry.options.flags;
  if ((flags & MS_REMOUNT) != 0) {
    steps.push_back(remount_step(entry));
  } else if ((flags & MS_BIND) != 0) {
    steps.push_back(bind_step(entry));
  } else if (entry.mount.type == "cgroup" || entry.mount.type == "cgroup2") {
    add_cgroup(entry, steps);
  } else {
    steps.push_back(filesystem_step(entry));
  }
  for (auto step = first; step < steps.size(); ++step) check_proc(entry, steps[step]);
}

}  // namespace

std::vector<Step> plan_mounts(Input const& input) {
  std::vector<Step> steps;
  steps.reserve(input.spec.mounts.size());
  for (std::size_t i = 0; i < input.spec.mounts.size(); ++i) {
    auto const& mount = input.spec.mounts[i];
    MountEntry entry{input, mount, fmt::format("/mounts/{}", i), parse_options(mount.options)};
    check_fields(entry);
    check_behaviours(entry);
    auto const first = steps.size();
    auto const map = plan_id_map(input.spec.linux, mount, entry.pointer, entry.options);
    add_steps(entry, steps);
    if (map)
      set_id_map(entry, *map, {steps.begin() + static_cast<std::ptrdiff_t>(first), steps.end()});
  }
  return steps;
}

std::optional<Parameter> mount_label(Input const& input) {
  auto const& label = input.spec.linux.mount_label;
  if (label.empty() || !input.selinux) return std::nullopt;
  // An annotation of crun that podman writes: which of mount(8)'s four contexts it is.
  constexpr auto annotation = "run.oci.mount_context_type";
  constexpr auto kinds =
      std::to_array<std::string_view>({"context", "fscontext", "defcontext", "rootcontext"});
  auto const given = input.spec.annotations.find(annotation);
  if (given == input.spec.annotations.end()) return Parameter{"context", label};
  if (std::ranges::find(kinds, given->second) == kinds.end()) {
    fail(ErrorKind::config, "/annotations/{}: unknown context type {}", annotation, given->second);
  }
  return Parameter{given->second, label};
}

bool has_namespace(Spec const& spec, spec::NamespaceType type) {
  return std::ranges::find(spec.linux.namespaces, type, &spec::Namespace::type) !=
         spec.linux.namespaces.end();
}

}  // namespace proa::rootfs
