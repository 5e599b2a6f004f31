// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/help.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

using Row = std::pair<std::string, std::string_view>;

std::string section(std::string_view title, std::string_view text) {
  std::string result = fmt::format("{}:\n", title);
  for (auto line : text::split(text, '\n')) {
    result += line.empty() ? "\n" : fmt::format("   {}\n", line);
  }
  return result;
}

/// Two columns, the left one as wide as its widest entry.
std::string section(std::string_view title, std::vector<Row> const& rows) {
  std::size_t width = 0;
  for (auto const& row : rows) width = std::max(width, row.first.size());
  std::string result = fmt::format("{}:\n", title);
  for (auto const& [left, right] : rows) {
    result += fmt::format("   {:<{}}  {}\n", left, width, right);
  }
  return result;
}

/// "--bundle DIR, -b DIR"
Row row(Option const& option) {
  std::string const argument =
      option.argument.empty() ? std::string() : fmt::format(" {}", option.argument);
  std::string left = fmt::format("--{}{}", option.name, argument);
  for (char letter : option.letters) left += fmt::format(", -{}{}", letter, argument);
  return {std::move(left), option.help};
}

std::vector<Row> with_help(std::span<Option const> options) {
  std::vector<Row> result;
  for (auto const& option : options) result.push_back(row(option));
  result.push_back(row(help_option));
  return result;
}

std::vector<Row> rows(std::span<Command const* const> commands) {
  std::vector<Row> result;
  for (auto const* command : commands) result.emplace_back(command->name, command->summary);
  return result;
}

constexpr std::string_view what_it_is =
    "Runs containers from OCI bundles: directories with a config.json and a root\n"
    "filesystem. Engines call create, start, kill and delete one by one; run does\n"
    "all of them.";

int perform(Call const& call) {
  if (call.words.empty()) {
    print(help(call.program, commands(), global_options()));
    return 0;
  }
  auto const* command = find_command(call.words[0]);
  // The words of the programs that people's scripts were written for.
  if (command == nullptr) fail(ErrorKind::usage, "No help topic for '{}'", call.words[0]);
  print(help(call.program, *command));
  return 0;
}

}  // namespace

constexpr Command verb::help{
    .name = "help",
    .summary = "show the help of the program or of one command",
    .arguments = "[COMMAND]",
    .description = "Prints what COMMAND --help prints.",
    .options = {},
    .run = perform,
};

std::string help(std::string_view program, std::span<Command const* const> commands,
                 std::span<Option const> global_options) {
  return section("NAME", fmt::format("{} - Open Container Initiative runtime", program)) + "\n" +
         section("USAGE", fmt::format("{} [global options] command [command options] [arguments]",
                                      program)) +
         "\n" + section("DESCRIPTION", what_it_is) + "\n" + section("VERSION", PROA_VERSION) +
         "\n" + section("COMMANDS", rows(commands)) + "\n" +
         section("GLOBAL OPTIONS", with_help(global_options));
}

std::string help(std::string_view program, Command const& command) {
  return section("NAME", fmt::format("{} {} - {}", program, command.name, command.summary)) + "\n" +
         section("USAGE", fmt::format("{} {} [options]{}{}", program, command.name,
                                      command.arguments.empty() ? "" : " ", command.arguments)) +
         "\n" + section("DESCRIPTION", command.description) + "\n" +
         section("OPTIONS", with_help(command.options));
}

}  // namespace proa::cli
