// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/signal.hpp"

#include <string.h>

#include <algorithm>

#include "catch.hpp"

namespace proa::linux {

TEST_CASE("a signal has a name with and without SIG, in any case", "[linux]") {
  for (auto word : {"TERM", "SIGTERM", "term", "sigterm", "SigTerm", "15"}) {
    INFO(word);
    CHECK(signal_number(word) == SIGTERM);
  }
  CHECK(signal_number("KILL") == SIGKILL);
  CHECK(signal_number("HUP") == SIGHUP);
  CHECK(signal_number("XFSZ") == SIGXFSZ);
}

TEST_CASE("a signal can have two names", "[linux]") {
  CHECK(signal_number("IOT") == signal_number("ABRT"));
  CHECK(signal_number("CLD") == signal_number("CHLD"));
  CHECK(signal_number("POLL") == signal_number("IO"));
}

TEST_CASE("real-time signals are counted from both ends, as glibc does", "[linux]") {
  CHECK(signal_number("RTMIN") == 34);
  CHECK(signal_number("SIGRTMIN+3") == 37);
  CHECK(signal_number("rtmin+30") == 64);
  CHECK(signal_number("RTMAX") == 64);
  CHECK(signal_number("SIGRTMAX-30") == 34);
}

TEST_CASE("a signal's number is one of the kernel's, or 0", "[linux]") {
  CHECK(signal_number("0") == 0);
  CHECK(signal_number("1") == 1);
  CHECK(signal_number("64") == 64);
  CHECK_FALSE(signal_number("65"));
  CHECK_FALSE(signal_number("256"));
  CHECK_FALSE(signal_number("-9"));
  CHECK_FALSE(signal_number("+9"));
}

TEST_CASE("what names no signal has no number", "[linux]") {
  for (auto word : {"", "SIG", "FOO", "SIGFOO", "SIGSIGTERM", "TERM ", " TERM", "TERMX", "TER",
                    "9x", "RTMIN+31", "RTMIN-1", "RTMIN+", "RTMIN3", "RTMIN++3", "RTMAX+1",
                    "RTMAX-31", "RTMIN+-1", "RTMIN+256"}) {
    INFO(word);
    CHECK_FALSE(signal_number(word));
  }
}

TEST_CASE("the names of the signals are sorted and have numbers", "[linux]") {
  auto const names = signal_names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(names.front() == "ABRT");
  for (auto name : names) CHECK(signal_number(name));
}

TEST_CASE("every standard signal that libc names has a name here", "[linux]") {
  for (int number = 1; number < 32; ++number) {
    CHECK(signal_number(::sigabbrev_np(number)) == number);
  }
}

TEST_CASE("setting a disposition tells the one before", "[linux]") {
  struct ::sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  auto const before = set_disposition(SIGUSR2, ignore);
  REQUIRE(before);
  CHECK((*before).sa_handler == SIG_DFL);
  auto const during = set_disposition(SIGUSR2, *before);
  REQUIRE(during);
  CHECK((*during).sa_handler == SIG_IGN);
  CHECK(set_disposition(SIGKILL, ignore).is(EINVAL));
}

}  // namespace proa::linux
