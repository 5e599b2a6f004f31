// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const& call) {
  auto const state = runtime(call).open(call.words[0]).state();
  print(to_json(state, true) + "\n");
  return 0;
}

}  // namespace

constexpr Command verb::state{
    .name = "state",
    .summary = "show the state of a container",
    .arguments = "CONTAINER",
    .description =
        "Prints the state as the OCI runtime specification defines it, in JSON. Its\n"
        "status is creating, created, running, paused or stopped.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
