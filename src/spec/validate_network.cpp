// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#sysctl and #network-devices: what a namespace must be there for.

#include <net/if.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/text.hpp"
#include "spec/place.hpp"
#include "spec/rules.hpp"
#include "spec/validate.hpp"
#include "spec/words.hpp"

namespace proa::spec {

namespace {

/// Files below /proc/sys that belong to a namespace, in the words of sysctl_file().
struct Namespaced {
  std::string_view file;  ///< with a '/' at its end: everything below it
  NamespaceType type;
};

constexpr auto namespaced = std::to_array<Namespaced>({
    {"net/", NamespaceType::network},
    {"fs/mqueue/", NamespaceType::ipc},
    {"kernel/msgmax", NamespaceType::ipc},
    {"kernel/msgmnb", NamespaceType::ipc},
    {"kernel/msgmni", NamespaceType::ipc},
    {"kernel/sem", NamespaceType::ipc},
    {"kernel/shmall", NamespaceType::ipc},
    {"kernel/shmmax", NamespaceType::ipc},
    {"kernel/shmmni", NamespaceType::ipc},
    {"kernel/shm_rmid_forced", NamespaceType::ipc},
    {"kernel/domainname", NamespaceType::uts},
    {"user/", NamespaceType::user},
});

Namespaced const* find_namespaced(std::string_view file) {
  auto const at = std::find_if(namespaced.begin(), namespaced.end(), [&](Namespaced const& entry) {
    return entry.file.ends_with('/') ? file.starts_with(entry.file) : file == entry.file;
  });
  return at == namespaced.end() ? nullptr : &*at;
}

/// No step of it leaves the directory, or stays where it is.
bool plain(std::string_view file) {
  auto const parts = text::split(file, '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

void check_sysctl_entry(std::pair<std::string const, std::string> const& entry, Linux const& linux,
                        Checker const& check) {
  auto const file = sysctl_file(entry.first);
  if (!plain(file)) {
    check.refuse(entry.second, "{} is not the name of a sysctl", shown(entry.first));
  }
  if (file == "kernel/hostname") {
    check.refuse(entry.second, "{} is set by the property hostname", shown(entry.first));
  }
  auto const* const known = find_namespaced(file);
  if (known == nullptr) {
    check.refuse(entry.second, "{} belongs to no namespace, it would change the host",
                 shown(entry.first));
  }
  if (find(linux.namespaces, known->type) == nullptr) {
    check.refuse(entry.second, "{} needs a namespace of type {} in /linux/namespaces",
                 shown(entry.first), word_of(known->type));
  }
}

/// dev_valid_name() of the kernel.
bool interface_name(std::string_view name) {
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

/// The kernel fills in the number of "eth%d"; it knows no other template.
bool interface_template(std::string_view name) {
  auto const percent = name.find('%');
  return percent == std::string_view::npos ||
         (percent == name.rfind('%') && name.substr(percent).starts_with("%d"));
}

}  // namespace

void check_sysctl(Linux const& linux, Checker const& check) {
  for (auto const& entry : linux.sysctl) check_sysctl_entry(entry, linux, check);
}

void check_net_devices(Linux const& linux, Checker const& check) {
  if (linux.net_devices.empty()) return;
  if (find(linux.namespaces, NamespaceType::network) == nullptr) {
    check.refuse(linux.net_devices, "needs a network namespace in /linux/namespaces");
  }
  std::map<std::string_view, std::string_view> taken;
  for (auto const& [host_name, device] : linux.net_devices) {
    if (!interface_name(host_name)) {
      check.refuse(device, "invalid network device name {}", shown(host_name));
    }
    if (device.name.empty() ? false
                            : !interface_name(device.name) || !interface_template(device.name)) {
      check.refuse(device.name, "invalid network device name {}", shown(device.name));
    }
    auto const& name = device.name.empty() ? host_name : device.name;
    if (name.find('%') != std::string::npos) continue;
    auto const [at, first] = taken.try_emplace(name, host_name);
    if (!first) {
      check.refuse(device, "{} becomes {}, as {} does", shown(host_name), shown(name),
                   shown(at->second));
    }
  }
}

std::string sysctl_file(std::string_view key) {
  std::string file(key);
  auto const first = file.find_first_of("./");
  if (first == std::string::npos || file[first] == '/') return file;
  for (char& c : file) {
    if (c == '.' || c == '/') c = c == '.' ? '/' : '.';
  }
  return file;
}

}  // namespace proa::spec
