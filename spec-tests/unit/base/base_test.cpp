// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <cerrno>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "catch.hpp"
#include "error_of.hpp"

using namespace proa;

TEST_CASE("an error is one sentence with the kernel's reason in lower case", "[base]") {
  CHECK(error_of([] { fail_errno(ENOENT, "open {}", "/x"); }) ==
        "open /x: no such file or directory");
  CHECK(error_of([] { fail_errno(EIO, "read {}", "/x"); }) == "read /x: input/output error");
  CHECK(error_of([] { fail(ErrorKind::config, "{} is odd", 3); }) == "3 is odd");
}

TEST_CASE("contexts are put in front, outermost first", "[base]") {
  std::string const source = "proc";
  CHECK(error_of([&] {
          Context outer("mount {}", source);
          int const step = 3;
          Context inner("step {}", step);
          fail_errno(EPERM, "attach");
        }) == "mount proc: step 3: attach: operation not permitted");
}

TEST_CASE("a context that has ended is not told", "[base]") {
  CHECK(error_of([] {
          { Context gone("gone"); }
          fail(ErrorKind::failed, "here");
        }) == "here");
  try {
    Context thrown_through("thrown through");
    fail(ErrorKind::failed, "first");
  } catch (Error const&) {
  }
  CHECK(error_of([] { fail(ErrorKind::failed, "second"); }) == "second");
}

TEST_CASE("an error keeps its kind and its errno", "[base]") {
  try {
    fail_errno(EBUSY, "remove");
  } catch (Error const& error) {
    CHECK(error.kind() == ErrorKind::failed);
    CHECK(error.number() == EBUSY);
    return;
  }
  FAIL("nothing was thrown");
}

TEST_CASE("an unknown errno is told as its number", "[base]") {
  CHECK(errno_text(4095) == "errno 4095");
}

TEST_CASE("undo runs unless it is dismissed", "[base]") {
  int runs = 0;
  {
    Undo undo([&] { ++runs; });
  }
  CHECK(runs == 1);
  {
    Undo undo([&] { ++runs; });
    undo.dismiss();
  }
  CHECK(runs == 1);
}

TEST_CASE("text is split at every separator", "[base]") {
  CHECK(text::split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(text::split("", ',') == std::vector<std::string_view>{""});
  CHECK(text::join({"a", "b"}, "; ") == "a; b");
  CHECK(text::trim(" \ta b\n") == "a b");
  CHECK(text::trim(" \n") == "");
  CHECK(text::lower("SIGterm") == "sigterm");
}

TEST_CASE("numbers are read whole or not at all", "[base]") {
  CHECK(text::number<int>("42") == 42);
  CHECK(text::number<unsigned>("0") == 0u);
  CHECK(text::number<int>("-1") == -1);
  for (auto const* bad : {"", "+1", " 1", "1 ", "1x", "0x1", "99999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(text::number<int>(bad));
  }
  CHECK_FALSE(text::number<unsigned>("-1"));
}
