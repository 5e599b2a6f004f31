// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Which lines of ps(1) are the container's.

#include "phase/processes.hpp"

#include "catch.hpp"
#include "proa/error.hpp"

using proa::phase::lines_of;

TEST_CASE("the title and the lines with a number of the container stay", "[ps]") {
  auto const table =
      "UID          PID    PPID CMD\n"
      "root           1       0 /sbin/init\n"
      "root          12       1 nginx: master 7\n"
      "www            7      12 nginx: worker";
  CHECK(lines_of(table, {7, 12}) ==
        "UID          PID    PPID CMD\n"
        "root          12       1 nginx: master 7\n"
        "www            7      12 nginx: worker\n");
}

TEST_CASE("a number in another column means nothing", "[ps]") {
  CHECK(lines_of("PID PPID\n7 1\n8 7", {1}) == "PID PPID\n");
}

TEST_CASE("lines that are too short are nobody's", "[ps]") {
  CHECK(lines_of("A PID\nwarning:\n\nx 3", {3}) == "A PID\nx 3\n");
}

TEST_CASE("without a column PID there is no telling", "[ps]") {
  CHECK_THROWS_AS(lines_of("CMD\n3", {3}), proa::Error);
  CHECK_THROWS_AS(lines_of("", {3}), proa::Error);
}
