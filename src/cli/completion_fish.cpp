// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/core.h>

#include "cli/completion.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

/// Between single quotes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

/// The flags of complete(1) for an argument.
std::string offered(std::string_view argument, std::string_view program) {
  switch (offer(argument)) {
    case Offer::files:
      return "-r -F";
    case Offer::directories:
      return "-x -a '(__fish_complete_directories)'";
    case Offer::containers:
      return fmt::format("-x -a '({} list --quiet 2>/dev/null)'", program);
    case Offer::signals:
      return fmt::format("-x -a '{}'", signal_words());
    case Offer::commands:
      return fmt::format("-x -a '{}'", command_names());
    case Offer::choices:
      return fmt::format("-x -a '{}'", choice_words(argument));
    case Offer::nothing:
      return "-x";
  }
  return "-x";
}

std::string line(std::string_view program, std::string_view condition, Option const& option) {
  auto text = fmt::format("complete -c {} -n \"{}\" -l {}", program, condition, option.name);
  for (char letter : option.letters) text += fmt::format(" -s {}", letter);
  if (!option.argument.empty()) text += " " + offered(option.argument, program);
  return text + fmt::format(" -d {}\n", quoted(option.help));
}

std::string lines(std::string_view program, std::string_view condition,
                  std::span<Option const> options) {
  std::string text;
  for (auto const& option : options) text += line(program, condition, option);
  return text + line(program, condition, help_option);
}

/// At any place behind the command: fish does not say which argument is meant.
std::string argument_lines(std::string_view program, Command const& command) {
  std::string text;
  for (auto const& argument : arguments_of(command)) {
    auto const what = offered(argument.name, program);
    if (what == "-x") continue;
    text += fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}' {}\n", program,
                        command.name, what);
  }
  return text;
}

}  // namespace

std::string fish_completion(std::string_view program) {
  // A variable, because __fish_use_subcommand takes the value of a global option for a command.
  auto text = fmt::format("# fish completion for {0}\ncomplete -c {0} -f\nset -l commands {1}\n",
                          program, command_names());
  constexpr std::string_view no_command = "not __fish_seen_subcommand_from $commands";
  for (auto const* command : commands()) {
    text += fmt::format("complete -c {} -n \"{}\" -a {} -d {}\n", program, no_command,
                        command->name, quoted(command->summary));
  }
  text += lines(program, no_command, global_options());
  for (auto const* command : commands()) {
    auto const condition = fmt::format("__fish_seen_subcommand_from {}", command->name);
    text += lines(program, condition, command->options);
    text += argument_lines(program, *command);
  }
  return text;
}

}  // namespace proa::cli
