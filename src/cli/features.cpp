// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const&) {
  print(to_json(Runtime::features(), true) + "\n");
  return 0;
}

}  // namespace

constexpr Command verb::features{
    .name = "features",
    .summary = "show what this build can do",
    .arguments = "",
    .description =
        "Prints the features structure of the OCI runtime specification, in JSON. It\n"
        "says what was built in, not what this host allows.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
