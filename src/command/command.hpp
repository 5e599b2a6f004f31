// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs another program to its end: hooks, newuidmap(1), ps(1).  Its standard input is a text, its
// output is captured, its time can be limited, and it inherits no descriptor but these three.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "linux/pid.hpp"

namespace proa::command {

struct Command {
  std::string path;                               ///< empty: args[0] is looked up in PATH
  std::vector<std::string> args;                  ///< argv, with argv[0]
  std::optional<std::vector<std::string>> env;    ///< absent: this process's own
  std::string input;                              ///< its standard input
  std::optional<std::chrono::milliseconds> time;  ///< absent: as long as it takes
  std::size_t output_kept = 8192;                 ///< bytes of its output, the last ones
};

struct Result {
  linux::Exit exit;
  bool timed_out = false;  ///< it was killed because its time was over
  int exec_error = 0;      ///< errno of execve(2) when it could not be executed
  std::string output;      ///< the end of standard output and standard error, trimmed
};

/// Returns once the program has ended.  Throws Error only when it could not be tried at all.
/// What it leaves running in the background is not waited for.
Result run(Command const& command);

}  // namespace proa::command
