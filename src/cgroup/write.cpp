// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/write.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace proa::cgroup {

void check(linux::Outcome<void> const& written, Group const& group, Write const& write) {
  auto const& harmless = write.harmless;
  if (std::find(harmless.begin(), harmless.end(), written.error()) != harmless.end()) return;
  auto const* const asker = write.pointer.empty() ? "/linux/resources" : write.pointer.c_str();
  if (written.is(ENOENT)) {
    fail(ErrorKind::unsupported, "{}: this kernel has no {}", asker, write.file);
  }
  written.or_fail("{}: write \"{}\" to {}/{}", asker, write.value, group.directory(), write.file);
}

}  // namespace proa::cgroup
