// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/completion.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "linux/signal.hpp"

namespace proa::cli {

namespace {

constexpr std::pair<std::string_view, Offer> offers[] = {
    {"DIR", Offer::directories},      {"FILE", Offer::files},     {"SOCKET", Offer::files},
    {"CONTAINER", Offer::containers}, {"SIGNAL", Offer::signals}, {"COMMAND", Offer::commands},
};

std::string listed(std::vector<std::string_view> const& words) {
  std::string list;
  for (auto word : words) {
    if (!list.empty()) list += ' ';
    list += word;
  }
  return list;
}

using Generator = std::string (*)(std::string_view program);

constexpr std::pair<std::string_view, Generator> shells[] = {
    {"bash", bash_completion},
    {"zsh", zsh_completion},
    {"fish", fish_completion},
};

int perform(Call const& call) {
  auto const& shell = call.words[0];
  auto const* found =
      std::ranges::find(shells, shell, &std::pair<std::string_view, Generator>::first);
  if (found == std::end(shells)) fail(ErrorKind::usage, "unknown shell \"{}\"", shell);
  print(found->second(call.program));
  return 0;
}

}  // namespace

Offer offer(std::string_view argument) {
  if (!choices_of(argument).empty()) return Offer::choices;
  for (auto const& [name, offered] : offers) {
    if (name == argument) return offered;
  }
  return Offer::nothing;
}

std::string signal_words() { return listed(linux::signal_names()); }
std::string choice_words(std::string_view argument) { return listed(choices_of(argument)); }

std::string command_names() {
  std::vector<std::string_view> names;
  for (auto const* command : commands()) names.push_back(command->name);
  return listed(names);
}

constexpr Command verb::completion{
    .name = "completion",
    .summary = "print a completion script for a shell",
    .arguments = "bash|zsh|fish",
    .description = "Prints a script that, read by the shell, completes this program's words.",
    .options = {},
    .run = perform,
};

}  // namespace proa::cli
