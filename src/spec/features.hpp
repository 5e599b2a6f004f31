// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// features.md: what this build of proa can do, as `features` prints it.  Says only what is true of
// the code, and asks nothing of the host.
#pragma once

#include <string>
#include <vector>

#include "proa/features.hpp"

namespace proa::spec {

/// The words of the open sets come from the rooms that know them, in any order.
Features features(std::vector<std::string> mount_options, std::vector<std::string> capabilities,
                  std::vector<std::string> seccomp_archs);

}  // namespace proa::spec
