// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The three worlds as values, and small questions to a plan.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cgroup/plan.hpp"

namespace hosts {

using Words = std::vector<std::string>;

inline proa::CgroupHierarchy v1_row(std::string const& name) {
  auto const controllers = name == "cpu,cpuacct" ? Words{"cpu", "cpuacct"}
                           : name == "systemd"   ? Words{"name=systemd"}
                                                 : Words{name};
  return {false, name, "/sys/fs/cgroup/" + name, "/", controllers};
}

inline proa::Host v1(Words const& names = {"memory", "cpu,cpuacct", "cpuset", "pids", "devices",
                                           "freezer", "blkio", "hugetlb", "net_cls", "net_prio",
                                           "rdma", "systemd"}) {
  proa::Host host;
  for (auto const& name : names) host.cgroups.hierarchies.push_back(v1_row(name));
  return host;
}

inline proa::Host hybrid(Words const& v2_controllers = {"hugetlb"}) {
  auto host = v1({"memory", "cpu,cpuacct", "cpuset", "pids", "devices", "freezer", "systemd"});
  host.cgroups.hierarchies.push_back(
      {true, "unified", "/sys/fs/cgroup/unified", "/", v2_controllers});
  return host;
}

inline proa::Host v2(Words const& controllers = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids",
                                                 "rdma"}) {
  proa::Host host;
  host.cgroups.hierarchies.push_back({true, "", "/sys/fs/cgroup", "/", controllers});
  return host;
}

inline proa::cgroup::Plan plan(proa::Spec const& spec, proa::Host const& host) {
  return proa::cgroup::plan({spec, host, "web"});
}

inline proa::cgroup::Plan plan(proa::spec::Resources const& resources, proa::Host const& host) {
  proa::Spec spec;
  spec.linux.resources = resources;
  return plan(spec, host);
}

inline proa::cgroup::Group const& group(proa::cgroup::Plan const& plan, std::string_view name) {
  auto const found = std::find_if(plan.groups.begin(), plan.groups.end(),
                                  [&](auto const& group) { return group.name == name; });
  if (found == plan.groups.end()) throw std::runtime_error("no group " + std::string(name));
  return *found;
}

/// "file=value", in the order in which they are written.
inline Words texts(std::vector<proa::cgroup::Write> const& writes) {
  Words result;
  for (auto const& write : writes) result.push_back(write.file + "=" + write.value);
  return result;
}

/// What is written into all groups before the first process, in the order of the groups.
inline Words limits(proa::cgroup::Plan const& plan) {
  Words result;
  for (auto const& group : plan.groups) {
    for (auto const& text : texts(group.writes)) result.push_back(text);
    for (auto const& text : texts(group.late_writes)) result.push_back(text);
  }
  return result;
}

inline Words limits(proa::spec::Resources const& resources, proa::Host const& host) {
  return limits(plan(resources, host));
}

struct Refusal {
  proa::ErrorKind kind{};
  std::string text;
  bool operator==(Refusal const&) const = default;
};

/// The Error that the action throws; none is a text of its own.
template <class Action>
Refusal refusal(Action action) {
  try {
    action();
  } catch (proa::Error const& error) {
    return {error.kind(), error.text()};
  }
  return {proa::ErrorKind::failed, "no error"};
}

inline Refusal refusal_of(proa::spec::Resources const& resources, proa::Host const& host) {
  return refusal([&] { plan(resources, host); });
}

}  // namespace hosts
