// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"format", "f", "table|json", "form of the list (default: table)", &PsOptions::ps_format},
});

int perform(Call const& call) {
  auto const container = runtime(call).open(call.words[0]);
  if (call.ps_format == "json") {
    print(to_json(container.processes()) + "\n");
  } else {
    print(container.process_table({call.words.begin() + 1, call.words.end()}));
  }
  return 0;
}

}  // namespace

constexpr Command verb::ps{
    .name = "ps",
    .summary = "list the processes of a container",
    .arguments = "CONTAINER [PS-OPTION...]",
    .description =
        "Shows what ps(1) says of the container's processes. What follows CONTAINER is\n"
        "given to ps, -ef where nothing does. Its table needs a column PID. With the\n"
        "format json the numbers alone are shown and ps is not needed.",
    .options = options,
    .run = perform,
    .order = Order::options_first,
};

}  // namespace proa::cli
