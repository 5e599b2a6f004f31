// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/validate.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "spec/place.hpp"
#include "spec/rules.hpp"
#include "spec/version.hpp"

namespace proa::spec {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool numeric(std::string_view text) {
  return all_digits(text) && (text.size() == 1 || text[0] != '0');
}

/// SemVer 2.0.0, 9 and 10: dot-separated names of letters, digits and hyphens.  Only in a
/// pre-release version are numbers compared, and must not start with 0.
bool identifiers(std::string_view list, bool prerelease) {
  auto const parts = text::split(list, '.');
  return std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    constexpr std::string_view allowed =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    if (part.empty() || part.find_first_not_of(allowed) != std::string_view::npos) return false;
    return !prerelease || !all_digits(part) || numeric(part);
  });
}

bool is_semver(std::string_view version) {
  if (auto const plus = version.find('+'); plus != std::string_view::npos) {
    if (!identifiers(version.substr(plus + 1), false)) return false;
    version = version.substr(0, plus);
  }
  if (auto const hyphen = version.find('-'); hyphen != std::string_view::npos) {
    if (!identifiers(version.substr(hyphen + 1), true)) return false;
    version = version.substr(0, hyphen);
  }
  auto const core = text::split(version, '.');
  return core.size() == 3 && std::all_of(core.begin(), core.end(), numeric);
}

void check_version(Spec const& spec, Checker const& check) {
  auto const& version = spec.oci_version;
  if (!is_semver(version)) {
    check.refuse(version, "expected a SemVer 2.0.0 version, got {}", shown(version));
  }
  // Within a major version all are compatible, also those that are not yet written.
  if (!version.starts_with("1.")) {
    check.refuse(version, "unsupported version {}, expected {} to {} or another 1.x",
                 shown(version), version_min, version_max);
  }
}

void check_root(Spec const& spec, Checker const& check) {
  if (!spec.root) check.refuse(spec.root, "missing, but REQUIRED on Linux");
  if (spec.root->path.empty())
    check.refuse(spec.root->path, "expected a path, got an empty string");
}

/// uts_namespaces(7); the longest name is the kernel's __NEW_UTS_LEN.
void check_uts_name(std::string const& name, Spec const& spec, Checker const& check) {
  constexpr std::size_t longest = 64;
  if (name.empty()) return;
  if (find(spec.linux.namespaces, NamespaceType::uts) == nullptr) {
    check.refuse(name, "needs a uts namespace in /linux/namespaces");
  }
  if (name.size() > longest) {
    check.refuse(name, "longer than the {} bytes that the kernel takes", longest);
  }
}

void check_mount_mappings(Mount const& mount, bool user_namespace, Checker const& check) {
  auto const& uids = mount.uid_mappings;
  auto const& gids = mount.gid_mappings;
  if (uids.empty() && !gids.empty()) check.refuse(uids, "missing, but gidMappings are given");
  if (gids.empty() && !uids.empty()) check.refuse(gids, "missing, but uidMappings are given");
  check_id_map(uids, check);
  check_id_map(gids, check);
  if (!uids.empty() || user_namespace) return;
  for (auto const& option : mount.options) {
    if (option != "idmap" && option != "ridmap") continue;
    check.refuse(option, "{} needs uidMappings and gidMappings of the mount, or a user namespace",
                 option);
  }
}

void check_mounts(Spec const& spec, Checker const& check) {
  bool const user_namespace = find(spec.linux.namespaces, NamespaceType::user) != nullptr;
  for (auto const& mount : spec.mounts) {
    if (mount.destination.empty()) {
      check.refuse(mount.destination, "expected a path, got an empty string");
    }
    check_mount_mappings(mount, user_namespace, check);
  }
}

void check_hook(Hook const& hook, Checker const& check) {
  if (!absolute(hook.path)) {
    check.refuse(hook.path, "expected an absolute path, got {}", shown(hook.path));
  }
  if (hook.timeout && *hook.timeout <= 0) {
    check.refuse(hook.timeout, "expected a number of seconds above 0, got {}", *hook.timeout);
  }
}

void check_hooks(Hooks const& hooks, Checker const& check) {
  for (auto const* list : {&hooks.prestart, &hooks.create_runtime, &hooks.create_container,
                           &hooks.start_container, &hooks.poststart, &hooks.poststop}) {
    for (auto const& hook : *list) check_hook(hook, check);
  }
}

void check_annotations(Spec const& spec, Checker const& check) {
  auto const nameless = spec.annotations.find("");
  if (nameless != spec.annotations.end()) check.refuse(nameless->second, "the key is empty");
}

}  // namespace

void validate(Spec const& spec, std::string const& source) {
  Checker const check(spec, source);
  check_version(spec, check);
  check_root(spec, check);
  if (spec.process) check_process(*spec.process, check);
  check_uts_name(spec.hostname, spec, check);
  check_uts_name(spec.domainname, spec, check);
  check_mounts(spec, check);
  check_hooks(spec.hooks, check);
  check_annotations(spec, check);
  check_linux(spec, check);
}

void validate(Process const& process, std::string const& source) {
  check_process(process, Checker(process, source));
}

void validate(Resources const& resources, std::string const& source) {
  check_resources(resources, Checker(resources, source));
}

Namespace const* find(std::vector<Namespace> const& namespaces, NamespaceType type) {
  auto const at = std::find_if(namespaces.begin(), namespaces.end(),
                               [&](Namespace const& entry) { return entry.type == type; });
  return at == namespaces.end() ? nullptr : &*at;
}

std::optional<std::size_t> listed(std::string_view list) {
  std::size_t count = 0;
  if (list.empty()) return count;
  for (auto const range : text::split(list, ',')) {
    auto const dash = range.find('-');
    auto const first = text::number<std::uint16_t>(range.substr(0, dash));
    auto const last = dash == std::string_view::npos
                          ? first
                          : text::number<std::uint16_t>(range.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    count += static_cast<std::size_t>(*last - *first) + 1;
  }
  return count;
}

}  // namespace proa::spec
