// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Lengths of time as Go writes them.

#include "cli/duration.hpp"

#include "catch.hpp"

namespace proa::cli {

TEST_CASE("times are read as Go's programs write them", "[cli]") {
  using namespace std::chrono_literals;
  CHECK(duration("5s") == 5s);
  CHECK(duration("100ms") == 100ms);
  CHECK(duration("1m") == 1min);
  CHECK(duration("1m30s") == 90s);
  CHECK(duration("1.5h") == 90min);
  CHECK(duration("250us") == 250us);
  CHECK(duration("250\u00b5s") == 250us);
  CHECK(duration("1ns") == 1ns);
  CHECK(duration("0s") == 0s);
}

TEST_CASE("what is no time is refused", "[cli]") {
  for (auto text :
       {"", "5", "s", "5x", "-5s", "1.2.3s", "5 s", "99999999999h", ".5s", "5s3", "2562047.9h"}) {
    INFO(text);
    CHECK_FALSE(duration(text).has_value());
  }
}

}  // namespace proa::cli
