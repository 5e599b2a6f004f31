// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/features.hpp"

#include <algorithm>
#include <utility>

#include "spec/fields.hpp"
#include "spec/version.hpp"
#include "spec/words.hpp"

namespace proa::spec {

namespace {

/// What is not done yet: set to true together with the code that does it.
constexpr bool intel_rdt = true;
constexpr bool memory_policy = true;
constexpr bool idmap_mounts = true;
constexpr bool net_devices = true;

std::vector<std::string> sorted(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return words;
}

/// A visitor of spec/fields.hpp that collects the names of properties.
struct Keys {
  std::vector<std::string> names;
  void clause(char const*) {}
  void optional(char const* key, auto const&) { names.emplace_back(key); }
};

/// In the order in which they run, as features.md has them.
std::vector<std::string> hook_names() {
  Keys keys;
  Hooks const hooks;
  visit(keys, hooks);
  return std::move(keys.names);
}

Features::Seccomp seccomp(std::vector<std::string> archs) {
  Features::Seccomp seccomp;
  seccomp.enabled = true;
  seccomp.actions = sorted_words<SeccompAction>();
  seccomp.operators = sorted_words<SeccompOperator>();
  seccomp.archs = sorted(std::move(archs));
  seccomp.known_flags = sorted_words<SeccompFlag>();
  seccomp.supported_flags = seccomp.known_flags;
  return seccomp;
}

}  // namespace

Features features(std::vector<std::string> mount_options, std::vector<std::string> capabilities,
                  std::vector<std::string> seccomp_archs) {
  Features features;
  features.oci_version_min = version_min;
  features.oci_version_max = version_max;
  features.hooks = hook_names();
  // What a unit may ask of systemd is more than a container may; groups of the caller's may open
  // files of the host; and a mount's label decides who may touch it.
  features.potentially_unsafe_config_annotations = {
      "org.systemd.property.", "run.oci.keep_original_groups", "run.oci.mount_context_type"};
  features.mount_options = sorted(std::move(mount_options));
  auto& linux = features.linux;
  linux.namespaces = sorted_words<NamespaceType>();
  linux.capabilities = sorted(std::move(capabilities));
  linux.cgroup = {.v1 = true, .v2 = true, .systemd = true, .systemd_user = true, .rdma = true};
  linux.seccomp = seccomp(std::move(seccomp_archs));
  linux.apparmor = true;
  linux.selinux = true;
  linux.intel_rdt = {.enabled = intel_rdt, .schemata = intel_rdt, .monitoring = intel_rdt};
  if (memory_policy) {
    linux.memory_policy = {sorted_words<MemoryPolicyMode>(), sorted_words<MemoryPolicyFlag>()};
  }
  linux.idmap_mounts = idmap_mounts;
  linux.net_devices = net_devices;
  return features;
}

}  // namespace proa::spec
