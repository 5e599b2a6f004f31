// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// SKIP_BECAUSE("reason"): ends a test case that this host cannot run.  Catch2 2.13 has no word for
// that, so the name and the reason go to the file that $PROA_SKIP_LOG names, and spec-tests/run
// counts the case as skipped, never as passed.  Use it before the first check of a case, outside
// of sections.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "catch.hpp"

inline void record_skip(std::string const& reason) {
  std::string const name = Catch::getResultCapture().getCurrentTestName();
  std::string const line = name + "\t" + reason + "\n";
  char const* path = std::getenv("PROA_SKIP_LOG");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "ae");
  std::fputs(("skipped: " + name + ": " + reason + "\n").c_str(), stderr);
  if (file == nullptr) return;
  std::fputs(line.c_str(), file);
  std::fclose(file);
}

#define SKIP_BECAUSE(...)     \
  do {                        \
    record_skip(__VA_ARGS__); \
    SUCCEED("skipped");       \
    return;                   \
  } while (false)
