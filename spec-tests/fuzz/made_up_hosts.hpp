// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The three cgroup worlds with everything that a Host of them may have, and one without root.
#pragma once

#include <vector>

#include "unit/cgroup/hosts.hpp"

namespace fuzz {

inline proa::Host able(proa::Host host) {
  host.last_capability = 40;
  host.capabilities = host.bounding = (1ULL << (host.last_capability + 1)) - 1;
  return host;
}

inline std::vector<proa::Host> made_up_hosts() {
  auto rootless = able(hosts::v2());
  rootless.uid = rootless.gid = 1000;
  rootless.rootless = true;
  return {able(hosts::v1()), able(hosts::hybrid()), able(hosts::v2()), rootless};
}

}  // namespace fuzz
