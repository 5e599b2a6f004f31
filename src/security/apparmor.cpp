// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/apparmor.hpp"

#include "linux/file.hpp"
#include "linux/proc.hpp"

namespace proa::apparmor {

bool enabled() {
  auto const text = linux::read_file(linux::at_cwd, "/sys/module/apparmor/parameters/enabled");
  return text && (*text).starts_with('Y');
}

void set_exec_profile(std::string const& profile, linux::FdRef proc) {
  if (profile.empty()) return;
  auto const text = fmt::format("exec {}", profile);
  // Where several security modules are stacked, attr/exec belongs to the first of them (5.8).
  auto written = linux::write_proc(proc, "self/attr/apparmor/exec", text);
  if (written.is(ENOENT)) written = linux::write_proc(proc, "self/attr/exec", text);
  // podman looks for the quoted path: CONTRACTS of the callers.
  written.or_fail("/process/apparmorProfile: set apparmor profile {}: write `/proc/self/attr/exec`",
                  profile);
}

}  // namespace proa::apparmor
