// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <exception>

#include "cli/program.hpp"
#include "proa/error.hpp"

int main(int argc, char** argv) {
  auto const program = proa::cli::program_name(argv);
  proa::cli::Log log(program);
  try {
    return proa::cli::run(program, {argv + (argc > 0), argv + argc}, log);
  } catch (std::exception const& error) {
    log.fail(error.what());
  } catch (...) {
    log.fail("unknown exception");
  }
  return 1;
}
