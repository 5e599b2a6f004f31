// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of the cgroup hierarchies.  /proc/self/cgroup lists every hierarchy that the kernel
// has, mounted here or not; which of them can be reached, and where, the directories say.  Core
// files tell a cgroup directory from an ordinary one: "cgroup.controllers" is in every v2 one,
// "cgroup.procs" in every one.

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "host/host.hpp"
#include "linux/file.hpp"

namespace proa {

namespace {

using Words = std::vector<std::string>;

bool exists(std::string const& path) {
  return static_cast<bool>(linux::access_at(linux::at_cwd, path, F_OK));
}

Words words(std::string_view text, char separator) {
  Words result;
  for (auto word : text::split(text::trim(text), separator)) {
    if (!word.empty()) result.emplace_back(word);
  }
  return result;
}

/// One line of /proc/self/cgroup: "4:cpu,cpuacct:/user.slice", cgroups(7).
struct Line {
  std::string_view controllers;  ///< empty for v2
  std::string_view path;
};

std::optional<Line> parse(std::string_view line) {
  auto const first = line.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  auto const second = line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Line{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

/// Octal escapes as the kernel writes them in /proc/self/mountinfo: "\040" is a blank.
std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto const code =
        text[at] == '\\' ? text::number<unsigned>(text.substr(at + 1, 3), 8) : std::nullopt;
    if (code) at += 3;
    result += code ? static_cast<char>(*code) : text[at];
  }
  return result;
}

/// Where a v1 hierarchy with these controllers is mounted, proc_pid_mountinfo(5); empty: nowhere.
std::string mounted_at(std::string_view mountinfo, Words const& controllers) {
  for (auto line : text::split(mountinfo, '\n')) {
    auto const dash = line.find(" - cgroup ");
    if (dash == std::string_view::npos) continue;
    auto const options = words(line.substr(line.rfind(' ') + 1), ',');
    bool const all = std::all_of(controllers.begin(), controllers.end(), [&](auto const& name) {
      return std::find(options.begin(), options.end(), name) != options.end();
    });
    constexpr std::size_t mount_point = 4;
    auto const fields = text::split(line.substr(0, dash), ' ');
    if (all && fields.size() > mount_point) return unescaped(fields[mount_point]);
  }
  return {};
}

/// The directory names that a v1 hierarchy usually has: all its controllers, or a link of one.
Words usual_names(std::string_view controllers) {
  constexpr std::string_view named = "name=";
  if (controllers.starts_with(named)) return {std::string(controllers.substr(named.size()))};
  Words names{std::string(controllers)};
  for (auto& name : words(controllers, ',')) names.push_back(std::move(name));
  return names;
}

class Probe {
 public:
  Probe(std::string const& root, std::string const& mountinfo) : root_(root), file_(mountinfo) {}

  std::optional<CgroupHierarchy> v1(Line const& line) {
    CgroupHierarchy hierarchy;
    hierarchy.own = line.path;
    hierarchy.controllers = words(line.controllers, ',');
    for (auto const& name : usual_names(line.controllers)) {
      hierarchy.mount = root_ + "/" + name;
      hierarchy.name = name;
      if (exists(hierarchy.mount + "/cgroup.procs")) return hierarchy;
    }
    hierarchy.mount = mounted_at(mountinfo(), hierarchy.controllers);
    hierarchy.name = hierarchy.mount.substr(hierarchy.mount.rfind('/') + 1);
    if (hierarchy.mount.empty()) return std::nullopt;
    return hierarchy;
  }

  std::optional<CgroupHierarchy> v2(Line const& line, std::string const& name) const {
    auto const mount = name.empty() ? root_ : root_ + "/" + name;
    auto const controllers = linux::read_file(linux::at_cwd, mount + "/cgroup.controllers");
    if (!controllers) return std::nullopt;
    return CgroupHierarchy{true, name, mount, std::string(line.path), words(*controllers, ' ')};
  }

 private:
  std::string const& mountinfo() {
    if (!mountinfo_) {
      mountinfo_ = linux::read_file(linux::at_cwd, file_).or_fail("read {}", file_);
    }
    return *mountinfo_;
  }

  std::string const& root_;
  std::string const& file_;
  std::optional<std::string> mountinfo_;
};

}  // namespace

CgroupTable probe_cgroups(std::string_view self_cgroup, std::string const& root,
                          std::string const& mountinfo) {
  std::vector<Line> lines;
  for (auto text : text::split(self_cgroup, '\n')) {
    if (auto const line = parse(text)) lines.push_back(*line);
  }
  auto const unified = std::find_if(lines.begin(), lines.end(),
                                    [](auto const& line) { return line.controllers.empty(); });
  Probe probe(root, mountinfo);
  if (unified != lines.end()) {
    if (auto pure = probe.v2(*unified, "")) return {{std::move(*pure)}};
  }
  CgroupTable table;
  for (auto const& line : lines) {
    if (line.controllers.empty()) continue;
    if (auto hierarchy = probe.v1(line)) table.hierarchies.push_back(std::move(*hierarchy));
  }
  if (unified != lines.end()) {
    if (auto v2 = probe.v2(*unified, "unified")) table.hierarchies.push_back(std::move(*v2));
  }
  return table;
}

}  // namespace proa
