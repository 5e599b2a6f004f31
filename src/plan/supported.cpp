// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "plan/supported.hpp"

#include "base/error.hpp"

namespace proa {

namespace {

struct Property {
  char const* pointer;
  bool (*present)(Spec const&);
};

bool notifies(Spec const& spec) {
  if (!spec.linux.seccomp) return false;
  auto const& seccomp = *spec.linux.seccomp;
  if (seccomp.default_action == spec::SeccompAction::notify) return true;
  for (auto const& rule : seccomp.syscalls) {
    if (rule.action == spec::SeccompAction::notify) return true;
  }
  return false;
}

constexpr Property properties[] = {
    {"/linux/seccomp (SCMP_ACT_NOTIFY)", notifies},
    {"/linux/netDevices", [](Spec const& spec) { return !spec.linux.net_devices.empty(); }},
    {"/linux/intelRdt", [](Spec const& spec) { return spec.linux.intel_rdt.has_value(); }},
};

}  // namespace

void refuse_unsupported(Spec const& spec) {
  for (auto const& property : properties) {
    if (property.present(spec))
      fail(ErrorKind::unsupported, "{}: not supported yet", property.pointer);
  }
}

}  // namespace proa
