// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "base/error.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"all", "a", "", "signal every process of the container", &KillOptions::all},
});

int perform(Call const& call) {
  std::string const word = call.words.size() > 1 ? call.words[1] : "TERM";
  auto const signal = signal_number(word);
  if (!signal) fail(ErrorKind::usage, "unknown signal \"{}\"", word);
  runtime(call).open(call.words[0]).kill(*signal, static_cast<KillOptions const&>(call));
  return 0;
}

}  // namespace

constexpr Command verb::kill{
    .name = "kill",
    .summary = "send a signal to a container",
    .arguments = "CONTAINER [SIGNAL]",
    .description =
        "Sends SIGNAL, a name or a number, to the container's first process; TERM\n"
        "where none is given. Options stand before CONTAINER.",
    .options = options,
    .run = perform,
    .order = Order::options_first,
};

}  // namespace proa::cli
