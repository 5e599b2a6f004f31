// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// GVariant's text format.

#include "cgroup/variant.hpp"

#include "catch.hpp"
#include "hosts.hpp"

using namespace proa;
using namespace proa::cgroup;
using dbus::Value;

namespace {

Value number(char const* type, std::uint64_t bits) { return {type, bits}; }

void check_refused(std::string const& text) {
  CHECK(
      hosts::refusal([&] { variant_from_text(text); }) ==
      hosts::Refusal{ErrorKind::config, "\"" + text + "\" is no value in GVariant's text format"});
}

}  // namespace

TEST_CASE("a number is an int32, one with a point a double") {
  CHECK(variant_from_text("15") == number("i", 15));
  CHECK(variant_from_text(" +15\n") == number("i", 15));
  CHECK(variant_from_text("0x1f") == number("i", 31));
  CHECK(variant_from_text("-1") == number("i", ~std::uint64_t{0}));
  CHECK(variant_from_text("1.5") == Value{"d", 1.5});
  CHECK(variant_from_text("-0.25") == Value{"d", -0.25});
}

TEST_CASE("a word before a number says its type") {
  CHECK(variant_from_text("uint64 18446744073709551615") == number("t", ~std::uint64_t{0}));
  CHECK(variant_from_text("uint32 7") == number("u", 7));
  CHECK(variant_from_text("byte 255") == number("y", 255));
  CHECK(variant_from_text("int64 -9223372036854775808") == number("x", std::uint64_t{1} << 63));
  CHECK(variant_from_text("double 2") == Value{"d", 2.0});
  CHECK(variant_from_text("@t 5") == number("t", 5));
}

TEST_CASE("a number that its type can't hold is refused") {
  for (auto const* const text : {"2147483648", "-2147483649", "byte 256", "uint32 -1", "byte -1",
                                 "uint64 18446744073709551616", "int16 32768", "uint64 1.5", "0x",
                                 "1.5.2", "1.x", "--1", "12a"}) {
    check_refused(text);
  }
}

TEST_CASE("texts have either quote and the escapes of C") {
  CHECK(variant_from_text("'mixed'") == dbus::string("mixed"));
  CHECK(variant_from_text("\"it's\"") == dbus::string("it's"));
  CHECK(variant_from_text(R"('a\'b\\c\n')") == dbus::string("a'b\\c\n"));
  CHECK(variant_from_text("objectpath '/a'") == Value{"o", std::string("/a")});
  for (auto const* const text : {"'open", "mixed", "'a' 'b'", "'a\\"}) check_refused(text);
}

TEST_CASE("true and false are booleans") {
  CHECK(variant_from_text("true") == dbus::boolean(true));
  CHECK(variant_from_text("boolean false") == dbus::boolean(false));
  check_refused("True");
  check_refused("uint64 true");
}

TEST_CASE("arrays have parts of one type, which an empty one has to say") {
  CHECK(variant_from_text("['a', 'b']") == dbus::string_array({"a", "b"}));
  CHECK(variant_from_text("@as []") == dbus::string_array({}));
  CHECK(variant_from_text("[uint64 1, 2]") == dbus::array("t", {dbus::uint64(1), dbus::uint64(2)}));
  CHECK(variant_from_text("@au [1,2]") == dbus::array("u", {dbus::uint32(1), dbus::uint32(2)}));
  for (auto const* const text : {"[]", "['a', 1]", "['a'", "['a' 'b']", "[1,]", "@as 'a'"}) {
    check_refused(text);
  }
}

TEST_CASE("structures and variants") {
  auto const pair = dbus::structure({dbus::string("/dev/sda"), dbus::uint64(5)});
  CHECK(variant_from_text("('/dev/sda', uint64 5)") == pair);
  CHECK(variant_from_text("@(st) ('/dev/sda', 5)") == pair);
  CHECK(variant_from_text("[('/dev/sda', uint64 5)]") == dbus::array("(st)", {pair}));
  CHECK(variant_from_text("@a(st) []") == dbus::array("(st)", {}));
  CHECK(variant_from_text("<'a'>") == dbus::variant(dbus::string("a")));
  CHECK(variant_from_text("('a',)") == dbus::structure({dbus::string("a")}));
  for (auto const* const text : {"()", "('a'", "@(st) ('a')", "@(s) ('a', 1)", "<'a'", "@( 1"}) {
    check_refused(text);
  }
}

TEST_CASE("what no property is made of is refused, however deep") {
  for (auto const* const text : {"", " ", "{'a': 1}", "nothing", "just 1", "b'bytes'"}) {
    check_refused(text);
  }
  check_refused(std::string(1000, '['));
  check_refused(std::string(1000, '<'));
}
