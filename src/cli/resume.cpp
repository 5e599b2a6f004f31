// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const& call) {
  runtime(call).open(call.words[0]).resume();
  return 0;
}

}  // namespace

constexpr Command verb::resume{
    .name = "resume",
    .summary = "let a paused container go on",
    .arguments = "CONTAINER",
    .description = "Thaws all processes of a paused container.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
