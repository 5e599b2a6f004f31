// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/unit.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/properties.hpp"

namespace proa::cgroup {

namespace {

constexpr std::string_view suffix = ".slice";
constexpr std::size_t longest_name = 255;  // of a unit, systemd.unit(5)

bool fit_for_unit(char c) {
  constexpr std::string_view others = ":-_.\\@";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != others.npos;
}

/// Only what systemd takes as a slice: each of its parts names the slice above.
void check_slice(std::string_view slice, std::string const& given) {
  auto const refuse = [&](char const* why) {
    fail(ErrorKind::config, R"(/linux/cgroupsPath: "{}": "{}" {})", given, slice, why);
  };
  if (!slice.ends_with(suffix)) refuse("is no systemd slice: it has to end in .slice");
  if (slice == "-.slice") return;
  auto const name = slice.substr(0, slice.size() - suffix.size());
  if (!std::all_of(name.begin(), name.end(), fit_for_unit)) refuse("is no name of a unit");
  if (name.empty() || name.front() == '-' || name.back() == '-' || name.find("--") != name.npos) {
    refuse("has an empty part between its dashes");
  }
}

struct Parts {
  std::string slice, prefix, name;
};

Parts parts_of(std::string const& given, std::string const& id) {
  if (given.empty()) return {"", "proa", id};
  auto const words = text::split(given, ':');
  if (words.size() != 3 || words[2].empty() || given.find('/') != std::string::npos ||
      given.find('\0') != std::string::npos) {
    fail(ErrorKind::config,
         "/linux/cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for "
         "systemd cgroups, got \"{}\" instead",
         given);
  }
  return {std::string(words[0]), std::string(words[1]), std::string(words[2])};
}

/// "/user.slice/user-1000.slice/user@1000.service", the group of the manager that runs the session
/// that this process belongs to.  A guess only where this process is in no session of a user.
std::string manager_path(Host const& host) {
  constexpr std::string_view key = "user-";
  auto const* const unified = host.cgroups.unified();
  auto const own = unified == nullptr ? std::string_view() : std::string_view(unified->own);
  std::string above;
  for (auto const part : text::split(own, '/')) {
    if (part.empty()) continue;
    if (!above.empty()) above += '/';
    above += part;
    if (!part.starts_with(key) || !part.ends_with(suffix)) continue;
    auto const uid = part.substr(key.size(), part.size() - key.size() - suffix.size());
    if (text::number<uid_t>(uid)) return fmt::format("{}/user@{}.service", above, uid);
  }
  return fmt::format("user.slice/user-{0}.slice/user@{0}.service", host.uid);
}

std::string name_of(Parts const& parts, std::string const& given) {
  if (parts.name.ends_with(suffix)) {
    fail(ErrorKind::config, "/linux/cgroupsPath: \"{}\": a slice holds no processes", given);
  }
  auto const prefix = parts.prefix.empty() ? std::string() : parts.prefix + "-";
  auto name = escaped_for_unit(prefix + parts.name) + ".scope";
  if (name.size() > longest_name) {
    fail(ErrorKind::config, "/linux/cgroupsPath: \"{}\" is too long for the name of a unit", name);
  }
  return name;
}

Properties first_properties(Unit const& unit, std::string const& id) {
  Properties properties{
      {"Description", dbus::string("container " + id)},
      {"Slice", dbus::string(unit.slice)},
      // Its own processes make groups below it, and limits that systemd has no word for are
      // written behind its back.
      {"Delegate", dbus::boolean(true)},
      // Else it is stopped before the service that runs the containers could stop them.
      {"DefaultDependencies", dbus::boolean(false)},
      // Nobody has to reset it when its processes ended badly.
      {"CollectMode", dbus::string("inactive-or-failed")},
  };
  for (auto const* const name :
       {"CPUAccounting", "IOAccounting", "MemoryAccounting", "TasksAccounting"}) {
    properties.push_back({name, dbus::boolean(true)});
  }
  return properties;
}

}  // namespace

void Unit::add(Properties others) {
  for (auto& each : others) {
    bool const known = std::any_of(properties.begin(), properties.end(),
                                   [&](Property const& old) { return old.name == each.name; });
    if (!known) properties.push_back(std::move(each));
  }
}

Unit unit_of(Spec const& spec, Host const& host, std::string const& id) {
  auto const& given = spec.linux.cgroups_path;
  auto const parts = parts_of(given, id);
  Unit unit;
  unit.user = host.rootless || host.user_namespace;
  unit.slice = parts.slice;
  if (unit.slice.empty()) unit.slice = unit.user ? "user.slice" : "system.slice";
  check_slice(unit.slice, given);
  unit.name = name_of(parts, given);
  // An annotation counts more than what is ours here.  The limits count more than either: they come
  // behind both in the call (scope.cpp), and stand in the kernel's files.
  unit.properties = properties_of(spec.annotations);
  unit.add(first_properties(unit, id));
  return unit;
}

std::string path_of(Unit const& unit, Host const& host) {
  auto path = unit.user ? manager_path(host) + "/" : std::string();
  auto const slice = slice_path(unit.slice);
  for (auto const part : text::split(slice, '/')) {
    if (!part.empty()) path += escaped_for_group(part) + "/";
  }
  return path + escaped_for_group(unit.name);
}

std::string escaped_for_group(std::string_view name) {
  constexpr std::string_view files[] = {"notify_on_release", "release_agent", "tasks"};
  constexpr std::string_view owners[] = {"cgroup.", "cpu.",    "cpuacct.", "cpuset.", "io.",
                                         "blkio.",  "memory.", "devices.", "pids."};
  bool const taken = name.starts_with('_') || name.starts_with('.') ||
                     std::find(std::begin(files), std::end(files), name) != std::end(files) ||
                     std::any_of(std::begin(owners), std::end(owners),
                                 [&](std::string_view owner) { return name.starts_with(owner); });
  return fmt::format("{}{}", taken ? "_" : "", name);
}

std::string slice_path(std::string_view slice) {
  if (slice == "-.slice") return {};
  std::string path;
  auto const name = slice.substr(0, slice.size() - suffix.size());
  for (std::size_t end = 0; end != name.npos;) {
    end = name.find('-', end + 1);
    if (!path.empty()) path += '/';
    path += fmt::format("{}{}", name.substr(0, end), suffix);
  }
  return path;
}

std::string escaped_for_unit(std::string_view name) {
  std::string result;
  for (char const c : name) {
    if (fit_for_unit(c)) {
      result += c;
    } else {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

}  // namespace proa::cgroup
