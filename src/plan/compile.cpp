// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <sched.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "plan/label.hpp"
#include "plan/plan.hpp"

namespace proa {

namespace {

std::vector<rootfs::CgroupView> cgroup_views(cgroup::Plan const& plan) {
  std::vector<rootfs::CgroupView> views;
  for (auto const& group : plan.groups) {
    views.push_back(
        {group.name, text::join(group.controllers, ","), group.directory(), group.mount, group.v2});
  }
  return views;
}

void plan_process(Plan& plan, Spec const& spec, Host const& host, Request const& request) {
  auto const& process = *spec.process;
  plan.process = process::plan(spec, host);
  process::announce(*plan.process, request.sockets);
  if (plan.process->group_policy == process::Groups::keep) {
    plan.namespaces.groups = namespaces::Groups::keep;
  }
  plan.capabilities =
      capabilities::plan(process, host,
                         plan.namespaces.any_user() ? capabilities::Source::user_namespace
                                                    : capabilities::Source::caller);
  plan.apparmor_profile =
      usable_label(process.apparmor_profile, "/process/apparmorProfile", request.apparmor);
  plan.selinux_label =
      usable_label(process.selinux_label, "/process/selinuxLabel", request.selinux);
}

}  // namespace

std::string usable_label(std::string const& label, char const* pointer, bool enabled) {
  if (label.empty() || enabled) return label;
  log::warn("{}: \"{}\" has no effect, as this kernel does not have the security module enabled",
            pointer, label);
  return {};
}

Plan compile(Spec const& spec, Host const& host, Request const& request) {
  Plan plan;
  plan.namespaces = namespaces::plan(spec, host);
  plan.cgroup = cgroup::plan({spec, host, request.id, request.cgroup_manager});
  if (spec.linux.intel_rdt) {
    plan.resctrl = cgroup::plan_resctrl(*spec.linux.intel_rdt, request.id, request.resctrl);
  }
  plan.rootfs = rootfs::plan(
      {spec, host, request.bundle, cgroup_views(plan.cgroup), request.no_pivot, request.selinux});
  if (plan.rootfs.aside) plan.namespaces.clone_flags &= ~std::uint64_t{CLONE_NEWNS};
  if (spec.process) plan_process(plan, spec, host, request);
  plan.seccomp = spec.linux.seccomp;
  if (!request.no_new_keyring) {
    plan.session_keyring = keyring::Session{
        keyring::session_name(request.id), plan.selinux_label,
        plan.namespaces.any_user() ? keyring::Searchers::everyone : keyring::Searchers::same_user};
  }
  plan.create_container = spec.hooks.create_container;
  plan.start_container = spec.hooks.start_container;
  plan.preserve_fds = request.sockets.count + request.preserve_fds;
  return plan;
}

}  // namespace proa
