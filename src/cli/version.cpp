// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/core.h>

#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const& call) {
  print(version_text(call.program));
  return 0;
}

}  // namespace

std::string version_text(std::string_view program) {
  auto const features = Runtime::features();
  auto text = fmt::format("{} version {}\ncommit: {}\nspec: {}\n", program, PROA_VERSION,
                          PROA_COMMIT, features.oci_version_max);
  // features.md: annotations say what the properties do not; this key is runc's.
  auto const libseccomp = features.annotations.find("io.github.seccomp.libseccomp.version");
  if (libseccomp != features.annotations.end()) {
    text += fmt::format("libseccomp: {}\n", libseccomp->second);
  }
  return text;
}

constexpr Command verb::version{
    .name = "version",
    .summary = "show the version",
    .arguments = "",
    .description = "Prints what --version prints.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
