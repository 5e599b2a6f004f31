// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// In which cgroups a container lives and what is written into their files: cgroups(7),
// config-linux.md#control-groups.  Pure: looks at no file.
//
// The three worlds are rows of one table (host/host.hpp): every v1 hierarchy and the v2 one get one
// group each, at the same path below their mount points.  A controller's limits go to the group
// of the hierarchy that has it, in that hierarchy's words.
//
//    world     groups                                 init is born in    limits of memory go to
//    pure v1   cpu memory ... name=systemd            -                  memory/<path>
//    hybrid    cpu memory ... name=systemd unified    unified/<path>     memory/<path>
//    pure v2   the one                                <path>             <path>
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/unit.hpp"
#include "host/host.hpp"
#include "proa/container.hpp"
#include "proa/spec.hpp"

namespace proa::cgroup {

/// What to write where a kernel has not got Write::file.
struct Substitute {
  std::string file;
  std::string value;
};

/// One write(2) into a file of a group.
struct Write {
  std::string file;
  std::string value;
  std::string pointer = {};  ///< what in config.json asked for it; empty: nobody, the runtime's own
  std::optional<Substitute> substitute = {};
  std::vector<int> harmless = {};  ///< errnos after which the container is as asked all the same
};

/// How much a group is wanted.
enum class Need : std::uint8_t {
  nobody,  ///< asked for it: where the caller may not make it, the container does without
  limits,  ///< a limit of its controllers was asked for
  path,    ///< the place itself was asked for, with linux.cgroupsPath
};

/// The container's group in one hierarchy.
struct Group {
  bool v2 = false;
  std::string name;   ///< as CgroupHierarchy::name: "memory", "cpu,cpuacct", "unified", ""
  std::string mount;  ///< where the hierarchy is mounted, absolute
  std::string path;   ///< below it, without a slash at either end
  std::vector<std::string> controllers;  ///< of the hierarchy, as CgroupHierarchy::controllers
  std::vector<std::string> wanted;       ///< v2: controllers to be had in this group, if possible
  std::vector<std::string> needed;       ///< v2: those of them that the writes can't do without
  std::vector<Write> writes;             ///< before any process is in it, in this order
  std::vector<Write> late_writes;        ///< once the first process is in it
  std::vector<Write> devices;            ///< v1: of devices.allow and devices.deny, in this order
  Need need = Need::nobody;

  std::string directory() const { return mount + "/" + path; }
  bool has(std::string_view controller) const;
};

struct Plan {
  CgroupManager manager = CgroupManager::cgroupfs;
  std::optional<Unit> unit;                   ///< of systemd, which makes the group
  std::vector<Group> groups;                  ///< v1 first, the v2 one last, as in CgroupTable
  std::vector<std::uint64_t> device_program;  ///< for the v2 group; empty: none
  bool unprivileged = false;  ///< device lists and changes of owner may be refused with EPERM
  bool required = false;      ///< limits or a path were asked for: to be without is an error
  /// Who gets the v2 group, config-linux.md#cgroup-ownership: an id of the host; absent: nobody.
  std::optional<uid_t> owner;
};

struct Input {
  Spec const& spec;
  Host const& host;
  std::string const& id;
  CgroupManager manager = CgroupManager::cgroupfs;
};

/// Throws Error{config} with the JSON pointer of what makes no sense, Error{unsupported} with that
/// of what this host has no controller for.  What is empty or zero needs no controller.
Plan plan(Input const& input);

}  // namespace proa::cgroup
