// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/selinux.hpp"

#include <linux/magic.h>

#include "base/text.hpp"
#include "linux/file.hpp"
#include "linux/proc.hpp"

namespace proa::selinux {

bool enabled() {
  auto const fs = linux::statfs("/sys/fs/selinux");
  if (!fs || (*fs).f_type != SELINUX_MAGIC) return false;
  // Before a policy is loaded every process is "kernel".
  auto const own = linux::read_file(linux::at_cwd, "/proc/self/attr/current");
  return own && text::trim((*own).c_str()) != "kernel";
}

void set_exec_label(std::string const& label, linux::FdRef proc) {
  if (label.empty()) return;
  // podman looks for the quoted path: CONTRACTS of the callers.
  linux::write_proc(proc, "self/attr/exec", label)
      .or_fail("/process/selinuxLabel: set selinux label {}: write `/proc/self/attr/exec`", label);
}

void set_key_label(std::string const& label, linux::FdRef proc) {
  if (label.empty()) return;
  linux::write_proc(proc, "self/attr/keycreate", label)
      .or_fail("/process/selinuxLabel: set selinux key label {}: write `/proc/self/attr/keycreate`",
               label);
}

void clear_key_label(std::string const& label, linux::FdRef proc) {
  if (label.empty()) return;
  // A write of nothing, as libselinux does it.
  linux::write_proc(proc, "self/attr/keycreate", "")
      .or_fail("/process/selinuxLabel: clear selinux key label: write `/proc/self/attr/keycreate`");
}

}  // namespace proa::selinux
