// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/environment.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const& call) {
  runtime(call).open(call.words[0]).start({notify_socket()});
  return 0;
}

}  // namespace

constexpr Command verb::start{
    .name = "start",
    .summary = "let the process of a created container run",
    .arguments = "CONTAINER",
    .description =
        "Executes the process that config.json names in a container that create has\n"
        "made. Fails where the process could not be executed.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
