// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/core.h>

#include "cli/completion.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

/// "create:--bundle|create:-b"; the command is empty for a global option.
std::string pattern(std::string_view command, Option const& option) {
  auto text = fmt::format("{}:--{}", command, option.name);
  for (char letter : option.letters) text += fmt::format("|{}:-{}", command, letter);
  return text;
}

std::string word_list(std::span<Option const> options) {
  std::string words;
  auto const add = [&](Option const& option) {
    words += fmt::format("--{} ", option.name);
    for (char letter : option.letters) words += fmt::format("-{} ", letter);
  };
  for (auto const& option : options) add(option);
  add(help_option);
  words.pop_back();
  return words;
}

/// The call of one of the script's functions that offers what an argument may be.
std::string reply(std::string_view argument, std::string_view program) {
  auto const words = [&](std::string_view list) {
    return fmt::format("_{}_words \"{}\"", program, list);
  };
  switch (offer(argument)) {
    case Offer::files:
      return fmt::format("_{}_paths -f", program);
    case Offer::directories:
      return fmt::format("_{}_paths -d", program);
    case Offer::containers:
      return fmt::format("_{}_containers", program);
    case Offer::signals:
      return words(signal_words());
    case Offer::commands:
      return words(command_names());
    case Offer::choices:
      return words(choice_words(argument));
    case Offer::nothing:
      return "";
  }
  return "";
}

/// Calls visit(command name, option) for every option that takes a value.
template <class Visit>
void each_with_value(Visit visit) {
  auto const visit_all = [&](std::string_view command, std::span<Option const> options) {
    for (auto const& option : options) {
      if (!option.argument.empty()) visit(command, option);
    }
  };
  visit_all("", global_options());
  for (auto const* command : commands()) visit_all(command->name, command->options);
}

std::string with_value() {
  std::string patterns;
  each_with_value([&](std::string_view command, Option const& option) {
    patterns += (patterns.empty() ? "        " : "|\\\n        ") + pattern(command, option);
  });
  return patterns;
}

std::string value_cases(std::string_view program) {
  std::string text;
  each_with_value([&](std::string_view command, Option const& option) {
    text += fmt::format(
        "    {}) {}; return ;;\n", pattern(command, option),
        offer(option.argument) == Offer::nothing ? ":" : reply(option.argument, program));
  });
  return text;
}

std::string option_cases(std::string_view program) {
  auto const one = [&](std::string_view command, std::span<Option const> options) {
    return fmt::format("        {}) _{}_words \"{}\" ;;\n", command.empty() ? "''" : command,
                       program, word_list(options));
  };
  auto text = one("", global_options());
  for (auto const* command : commands()) text += one(command->name, command->options);
  return text;
}

std::string argument_cases(Command const& command, std::string_view program) {
  std::string text;
  std::size_t position = 0;
  for (auto const& argument : arguments_of(command)) {
    auto const offered = reply(argument.name, program);
    if (!offered.empty()) {
      text += fmt::format("    {}:{}) {} ;;\n", command.name, position, offered);
    }
    ++position;
  }
  return text;
}

std::string argument_cases(std::string_view program) {
  auto text = fmt::format("    :0) {} ;;\n", reply("COMMAND", program));
  for (auto const* command : commands()) text += argument_cases(*command, program);
  return text;
}

// Bash splits --root=DIR into three words, because = is in COMP_WORDBREAKS.
constexpr std::string_view script = R"bash(# bash completion for {program}
_{program}_words() {{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}}

_{program}_paths() {{
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}}

_{program}_containers() {{
    _{program}_words "$({program} ${{root:+--root "$root"}} list --quiet 2>/dev/null)"
}}

_{program}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command='' root='' option i position=0
    COMPREPLY=()
    if [[ $current == '=' ]]; then
        current=
    elif [[ $previous == '=' ]]; then
        previous=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        option=${{COMP_WORDS[i]}}
        case "$command:$option" in
{with_value})
            ((i++))
            [[ ${{COMP_WORDS[i]}} != '=' ]] || ((i++))
            [[ $option != --root ]] || root=${{COMP_WORDS[i]}}
            ;;
        *:-*) ;;
        :*) command=$option ;;
        *) ((position++)) ;;
        esac
    done
    case "$command:$previous" in
{values}    esac
    if [[ $current == -* ]]; then
        case "$command" in
{options}        esac
        return
    fi
    case "$command:$position" in
{arguments}    esac
}}
complete -F _{program} {program}
)bash";

}  // namespace

std::string bash_completion(std::string_view program) {
  return fmt::format(fmt::runtime(script), fmt::arg("program", program),
                     fmt::arg("with_value", with_value()), fmt::arg("values", value_cases(program)),
                     fmt::arg("options", option_cases(program)),
                     fmt::arg("arguments", argument_cases(program)));
}

}  // namespace proa::cli
