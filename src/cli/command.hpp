// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line as tables.  A Command is one verb: its options, its arguments, its words for
// people.  Parsing (here), --help (help.hpp) and the shells' completion (completion.hpp) all derive
// from it, and a test holds the manual against it.  Nothing here knows what a verb does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proa/container.hpp"

namespace proa::cli {

/// What stands before the command.
struct GlobalOptions {
  std::string root;
  std::string log;
  std::string log_format = "text";
  std::string log_level = "warning";
  std::string cgroup_manager;
  std::string rootless = "auto";
  bool systemd_cgroup = false;
  bool debug = false;
  bool version = false;
  bool help = false;
};

struct ListOptions {
  std::string format = "table";
  bool quiet = false;
};

struct PsOptions {
  std::string ps_format = "table";
};

/// Limits as they are written, empty where they are not given.
struct UpdateOptions {
  std::string resources;
  std::string blkio_weight;
  std::string cpu_burst;
  std::string cpu_idle;
  std::string cpu_period;
  std::string cpu_quota;
  std::string cpu_rt_period;
  std::string cpu_rt_runtime;
  std::string cpu_share;
  std::string cpuset_cpus;
  std::string cpuset_mems;
  std::string kernel_memory;
  std::string kernel_memory_tcp;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  std::string memory;
  std::string memory_reservation;
  std::string memory_swap;
  std::string pids_limit;
};

struct EventsOptions {
  std::string interval = "5s";
  bool stats = false;
};

struct SpecOptions {
  bool rootless = false;
};

/// One call of the program, read: every option of every command, and the rest of its words.
struct Call : GlobalOptions,
              RunOptions,
              KillOptions,
              DeleteOptions,
              ExecOptions,
              ListOptions,
              PsOptions,
              UpdateOptions,
              EventsOptions,
              SpecOptions {
  std::string program;                    ///< as it was called: "proa", "runc"
  std::vector<std::string> command_line;  ///< `program` and all of its words, as they were given
  std::vector<std::string> words;         ///< neither option nor an option's value
};

/// The member of Call that an option sets: its type says what may follow the option.
using Target = std::variant<bool Call::*, std::string Call::*, std::optional<std::string> Call::*,
                            std::uint32_t Call::*, std::vector<std::string> Call::*>;

struct Option {
  std::string_view name;  ///< "bundle": --bundle, and -bundle as Go's programs take it; no letter
  std::string_view letters;   ///< "b": -b
  std::string_view argument;  ///< "DIR"; "text|json" is a closed set; empty: a flag
  std::string_view help;      ///< half a sentence, no full stop
  Target target;              ///< given more than once: the last wins, a list collects
};

/// Where options may stand.
enum class Order : std::uint8_t {
  anywhere,       ///< also behind the arguments: `delete web --force`
  options_first,  ///< what follows the first argument is not proa's: `kill web -- ...`
};

struct Command {
  std::string_view name;
  std::string_view summary;
  /// "CONTAINER [SIGNAL]"; a word in brackets may be missing, and one that ends with "..." may
  /// stand there any number of times.
  std::string_view arguments;
  std::string_view description;
  std::span<Option const> options;
  int (*run)(Call const& call);  ///< returns the exit status; throws Error
  Order order = Order::anywhere;
  int failure = 1;  ///< exit status when it fails by itself
};

using Words = std::span<std::string_view const>;

/// --help, -h: every command has it.
extern Option const help_option;

/// One of the words of Command::arguments.
struct Argument {
  std::string_view name;  ///< without brackets
  bool required;

  bool repeated() const { return name.ends_with("..."); }
};
std::vector<Argument> arguments_of(Command const& command);

/// The words of a closed set, "text|json"; empty when `argument` is none.
std::vector<std::string_view> choices_of(std::string_view argument);

/// Reads the options at the front of `words` and returns how many words they take.
/// Throws Error{usage}, as parse() does.
std::size_t parse_options(std::span<Option const> options, Words words, Call& call);

/// Reads the words behind the command's name.  Their number is checked unless help is asked for.
void parse(Command const& command, Words words, Call& call);

}  // namespace proa::cli
