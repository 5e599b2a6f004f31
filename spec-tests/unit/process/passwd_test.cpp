// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/passwd.hpp"

#include "catch.hpp"

using proa::process::HomeFinder;

namespace {

std::string home(uid_t uid, std::string_view file) {
  HomeFinder finder(uid);
  finder.feed(file);
  finder.end();
  return finder.home().value_or("(none)");
}

constexpr std::string_view usual =
    "root:x:0:0:root:/root:/bin/sh\n"
    "daemon:x:1:1::/usr/sbin:\n"
    "empty:x:2:2:::\n"
    "app:x:1000:1000:App,,,:/srv/app:/bin/false\n"
    "again:x:1000:1000::/second:\n"
    "nobody:*:65534:65534::/nonexistent:/bin/false";

}  // namespace

TEST_CASE("the first line with the uid gives the home directory", "[process][passwd]") {
  CHECK(home(0, usual) == "/root");
  CHECK(home(1, usual) == "/usr/sbin");
  CHECK(home(1000, usual) == "/srv/app");
}

TEST_CASE("an empty home directory is found, and empty", "[process][passwd]") {
  CHECK(home(2, usual) == "");
}

TEST_CASE("the last line needs no line end", "[process][passwd]") {
  CHECK(home(65534, usual) == "/nonexistent");
}

TEST_CASE("a uid that is not there has no home", "[process][passwd]") {
  CHECK(home(42, usual) == "(none)");
  CHECK(home(42, "") == "(none)");
  CHECK(home(42, "\n\n\n") == "(none)");
}

TEST_CASE("a line that is no entry is skipped, not misread", "[process][passwd]") {
  std::string const line = GENERATE(
      as<std::string>(), "a", ":", "7", "a:x:7", "a:x:7:7:c",
      "a:x: 7:7:c:/bad:", "a:x:+7:7:c:/bad:", "a:x:07x:7:c:/bad:", "a:x:-7:7:c:/bad:",
      "a:x:4294967303:7:c:/bad:", "a:x::7:c:/bad:", "+::::::", std::string("a:x:7:7:c:/b\0d:", 15));
  CHECK(home(7, line + "\nb:x:7:7:c:/good:\n") == "/good");
}

TEST_CASE("the shell may be missing, and there may be more fields", "[process][passwd]") {
  CHECK(home(7, "a:x:7:7:c:/home") == "/home");
  CHECK(home(7, "a:x:7:7:c:/home:/bin/sh:more:still") == "/home");
}

TEST_CASE("the file may come in pieces of any size", "[process][passwd]") {
  for (std::size_t piece = 1; piece <= usual.size(); ++piece) {
    HomeFinder finder(65534);
    for (std::size_t at = 0; at < usual.size(); at += piece) finder.feed(usual.substr(at, piece));
    finder.end();
    REQUIRE(finder.home() == "/nonexistent");
  }
}

TEST_CASE("an endless line costs no memory and hides nothing behind it", "[process][passwd]") {
  HomeFinder finder(7);
  std::string const much(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) finder.feed(much);
  finder.feed(":x:7:7:c:/bad:\na:x:7:7:c:/good:\n");
  finder.end();
  CHECK(finder.home() == "/good");
}

TEST_CASE("a line of the longest length is read, one longer is not", "[process][passwd]") {
  std::string const end = "a:x:7:7:c:/";
  std::string const longest = end + std::string(HomeFinder::longest_line - end.size(), 'h');
  CHECK(home(7, longest).size() == longest.size() - end.size() + 1);
  CHECK(home(7, longest + "h") == "(none)");
}

TEST_CASE("any bytes are read without harm", "[process][passwd][fuzz]") {
  std::uint32_t state = 1;
  constexpr char alphabet[] = "a:\n7\0/+- ";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 64; ++i) {
      state = state * 1664525 + 1013904223;
      text += alphabet[(state >> 16) % (sizeof alphabet - 1)];
    }
    auto const found = home(7, text);
    // What is found stands in the text, and is never more than one field of one line.
    REQUIRE((found == "(none)" ||
             (text.find(found) != text.npos && found.find_first_of(":\n") == found.npos)));
  }
}
