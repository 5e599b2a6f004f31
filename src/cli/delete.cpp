// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"force", "f", "", "kill it first; no error where there is nothing to delete",
     &DeleteOptions::force},
});

int perform(Call const& call) {
  auto all = runtime(call);
  if (call.force) {
    all.purge(call.words[0]);
  } else {
    all.open(call.words[0]).remove();
  }
  return 0;
}

}  // namespace

constexpr Command verb::remove{
    .name = "delete",
    .summary = "delete a container",
    .arguments = "CONTAINER",
    .description =
        "Removes the cgroups and the state of a container whose process has ended. The\n"
        "bundle stays.",
    .options = options,
    .run = perform,
};

}  // namespace proa::cli
