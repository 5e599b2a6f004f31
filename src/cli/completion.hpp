// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Completion for the interactive shells, generated from the tables of command.hpp.  The scripts
// ask the program itself for the ids of the containers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace proa::cli {

/// What a shell can offer for an argument.
enum class Offer : std::uint8_t {
  nothing,
  files,
  directories,
  containers,
  signals,
  commands,
  choices,  ///< the words of the argument's closed set
};

/// By the argument's name in the tables: "DIR", "CONTAINER", "text|json".
Offer offer(std::string_view argument);

/// Lists for the shells, with blanks between the words: what may follow `kill web`, what stands in
/// a closed set, and the names of the commands.
std::string signal_words();
std::string choice_words(std::string_view argument);
std::string command_names();

std::string bash_completion(std::string_view program);
std::string zsh_completion(std::string_view program);
std::string fish_completion(std::string_view program);

}  // namespace proa::cli
