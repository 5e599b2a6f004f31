// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/core.h>

#include "cli/completion.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

/// For a specification of _arguments between single quotes: its own marks get a backslash.
std::string quoted(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result;
}

/// The action of _arguments for an argument.
std::string action(std::string_view argument, std::string_view program) {
  switch (offer(argument)) {
    case Offer::files:
      return "_files";
    case Offer::directories:
      return "_files -/";
    case Offer::containers:
      return fmt::format("_{}_containers", program);
    case Offer::signals:
      return fmt::format("({})", signal_words());
    case Offer::commands:
      return fmt::format("_{}_commands", program);
    case Offer::choices:
      return fmt::format("({})", choice_words(argument));
    case Offer::nothing:
      return " ";
  }
  return " ";
}

/// "'(--bundle -b)--bundle=[...]:DIR:_files -/'", one for each way to write the option.
std::string specifications(Option const& option, std::string_view program) {
  std::string all = "--" + std::string(option.name);
  for (char letter : option.letters) all += fmt::format(" -{}", letter);
  auto const value = option.argument.empty() ? std::string()
                                             : fmt::format(":{}:{}", quoted(option.argument),
                                                           action(option.argument, program));
  auto const one = [&](std::string const& word, std::string_view mark) {
    return fmt::format("      '({}){}{}[{}]{}' \\\n", all, word, value.empty() ? "" : mark,
                       quoted(option.help), value);
  };
  auto text = one("--" + std::string(option.name), "=");
  for (char letter : option.letters) text += one(fmt::format("-{}", letter), "+");
  return text;
}

std::string specifications(std::span<Option const> options, std::string_view program) {
  std::string text;
  for (auto const& option : options) text += specifications(option, program);
  return text + specifications(help_option, program);
}

std::string command_case(Command const& command, std::string_view program) {
  auto text = fmt::format("    {})\n      _arguments -s \\\n{}", command.name,
                          specifications(command.options, program));
  std::size_t position = 0;
  for (auto const& argument : arguments_of(command)) {
    ++position;
    text += fmt::format(
        "      '{}:{}{}:{}' \\\n", argument.repeated() ? "*" : std::to_string(position),
        argument.required ? "" : ":", quoted(argument.name), action(argument.name, program));
  }
  text.resize(text.size() - 3);  // the last continuation
  return text + " ;;\n";
}

std::string command_cases(std::string_view program) {
  std::string text;
  for (auto const* command : commands()) text += command_case(*command, program);
  return text;
}

std::string command_list() {
  std::string text;
  for (auto const* command : commands()) {
    text += fmt::format("    '{}:{}'\n", command->name, quoted(command->summary));
  }
  return text;
}

constexpr std::string_view script = R"zsh(#compdef {program}
# zsh completion for {program}
_{program}_commands() {{
  local -a names=(
{list}  )
  _describe -t commands command names
}}

_{program}_containers() {{
  local -a root=(${{_{program}_root:+--root $_{program}_root}})
  local -a ids=(${{(f)"$({program} $root list --quiet 2>/dev/null)"}})
  compadd -a ids
}}

_{program}() {{
  local curcontext=$curcontext state line _{program}_root
  typeset -A opt_args
  _arguments -C -s \
{globals}      '1:command:_{program}_commands' \
      '*::argument:->arguments'
  [[ $state == arguments ]] || return
  _{program}_root=${{opt_args[--root]}}
  case $line[1] in
{cases}  esac
}}

if [[ $funcstack[1] == _{program} ]]; then
  _{program} "$@"
else
  compdef _{program} {program}
fi
)zsh";

}  // namespace

std::string zsh_completion(std::string_view program) {
  return fmt::format(fmt::runtime(script), fmt::arg("program", program),
                     fmt::arg("list", command_list()),
                     fmt::arg("globals", specifications(global_options(), program)),
                     fmt::arg("cases", command_cases(program)));
}

}  // namespace proa::cli
