// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const& call) {
  runtime(call).open(call.words[0]).pause();
  return 0;
}

}  // namespace

constexpr Command verb::pause{
    .name = "pause",
    .summary = "make a container stand still",
    .arguments = "CONTAINER",
    .description =
        "Freezes all processes of a container. Its status is then paused. A\n"
        "signal reaches it when it is resumed; SIGKILL ends it at once.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
