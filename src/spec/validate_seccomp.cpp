// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#seccomp.

#include <algorithm>

#include "spec/place.hpp"
#include "spec/rules.hpp"
#include "spec/words.hpp"

namespace proa::spec {

namespace {

/// seccomp(2): SECCOMP_RET_ERRNO gives back at most MAX_ERRNO, SECCOMP_RET_TRACE has 16 bits for
/// its tracer; the other actions have no use for a number.
void check_errno(std::optional<std::uint32_t> const& number, SeccompAction action,
                 Checker const& check) {
  if (!number) return;
  if (action != SeccompAction::error && action != SeccompAction::trace) {
    check.refuse(number, "{} takes no errno", word_of(action));
  }
  auto const largest = action == SeccompAction::error ? 4095U : 65535U;
  if (*number > largest) {
    check.refuse(number, "expected an errno up to {} for {}, got {}", largest, word_of(action),
                 *number);
  }
}

void check_args(Syscall const& rule, Checker const& check) {
  for (auto const& arg : rule.args) {
    if (arg.index > 5) {
      check.refuse(arg.index, "expected the index of an argument, 0 to 5, got {}", arg.index);
    }
  }
}

void check_rule(Syscall const& rule, Checker const& check) {
  if (rule.names.empty()) check.refuse(rule.names, "expected at least one name of a system call");
  for (auto const& name : rule.names) {
    if (name.empty()) check.refuse(name, "expected the name of a system call");
    // runc's rule, which profiles have been written to; proa itself could do without.
    if (rule.action == SeccompAction::notify && name == "write") {
      check.refuse(name, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
    }
  }
  check_errno(rule.errno_ret, rule.action, check);
  check_args(rule, check);
}

void check_listener(Seccomp const& seccomp, Checker const& check) {
  if (!seccomp.listener_path.empty()) return;
  if (!seccomp.listener_metadata.empty()) {
    check.refuse(seccomp.listener_metadata, "needs a listenerPath");
  }
  for (auto const& rule : seccomp.syscalls) {
    if (rule.action == SeccompAction::notify) {
      check.refuse(rule.action, "SCMP_ACT_NOTIFY needs a listenerPath");
    }
  }
}

}  // namespace

void check_seccomp(Seccomp const& seccomp, Checker const& check) {
  if (seccomp.default_action == SeccompAction::notify) {
    check.refuse(seccomp.default_action, "SCMP_ACT_NOTIFY cannot be used as default action");
  }
  check_errno(seccomp.default_errno_ret, seccomp.default_action, check);
  for (auto const& rule : seccomp.syscalls) check_rule(rule, check);
  check_listener(seccomp, check);
}

}  // namespace proa::spec
