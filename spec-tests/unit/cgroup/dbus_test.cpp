// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// D-Bus messages as bytes, against libdbus: it has to read what is written here, and what it writes
// has to be read here.

#include "cgroup/dbus.hpp"

#include "catch.hpp"
#include "hosts.hpp"
#include "libdbus.hpp"

using namespace proa;
using namespace proa::cgroup;
using dbus::Value;
using dbus::Values;
using hosts::refusal;
using hosts::Words;
using libdbus::Reference;
using libdbus::signal;
using libdbus::written;

namespace {

Reference read_by_libdbus(std::string const& bytes) {
  DBusError error;
  dbus_error_init(&error);
  Reference message(dbus_message_demarshal(bytes.data(), static_cast<int>(bytes.size()), &error),
                    dbus_message_unref);
  INFO((error.message == nullptr ? "" : error.message));
  REQUIRE(message);
  return message;
}

Value value_at(DBusMessageIter* at);

Values values_at(DBusMessageIter* at) {
  Values values;
  for (; dbus_message_iter_get_arg_type(at) != DBUS_TYPE_INVALID; dbus_message_iter_next(at)) {
    values.push_back(value_at(at));
  }
  return values;
}

/// What libdbus understands.
Value value_at(DBusMessageIter* at) {
  std::unique_ptr<char, decltype(&dbus_free)> signature(dbus_message_iter_get_signature(at),
                                                        dbus_free);
  std::string const type(signature.get());
  if (dbus_type_is_container(dbus_message_iter_get_arg_type(at)) != 0) {
    DBusMessageIter inner;
    dbus_message_iter_recurse(at, &inner);
    return {type, values_at(&inner)};
  }
  DBusBasicValue basic{};
  dbus_message_iter_get_basic(at, &basic);
  if (type == "d") return {type, basic.dbl};
  if (type == "s" || type == "o" || type == "g") return {type, std::string(basic.str)};
  if (type == "y") return {type, std::uint64_t{basic.byt}};
  if (type == "n" || type == "q") return {type, std::uint64_t{basic.u16}};
  if (type == "x" || type == "t") return {type, std::uint64_t{basic.u64}};
  return {type, std::uint64_t{basic.u32}};
}

Values as_libdbus_reads(Values arguments) {
  auto const message =
      read_by_libdbus(dbus::marshal({"a.b", "/c", "d.e", "F", std::move(arguments)}, 3));
  DBusMessageIter top;
  if (dbus_message_iter_init(message.get(), &top) == 0) return {};
  return values_at(&top);
}

}  // namespace

TEST_CASE("libdbus reads the header of a call") {
  auto const message = read_by_libdbus(dbus::marshal({"a.b", "/c/d", "e.f", "Go", {}}, 42));
  CHECK(dbus_message_get_type(message.get()) == DBUS_MESSAGE_TYPE_METHOD_CALL);
  CHECK(std::string(dbus_message_get_destination(message.get())) == "a.b");
  CHECK(std::string(dbus_message_get_path(message.get())) == "/c/d");
  CHECK(std::string(dbus_message_get_interface(message.get())) == "e.f");
  CHECK(std::string(dbus_message_get_member(message.get())) == "Go");
  CHECK(std::string(dbus_message_get_signature(message.get())).empty());
  CHECK(dbus_message_get_serial(message.get()) == 42);
}

TEST_CASE("a call straight to the service has no destination") {
  auto const message = read_by_libdbus(dbus::marshal({"", "/c", "e.f", "Go", {}}, 1));
  CHECK(dbus_message_get_destination(message.get()) == nullptr);
}

TEST_CASE("libdbus reads every kind of argument as it was meant") {
  Values const arguments{
      {"y", std::uint64_t{255}},
      dbus::boolean(true),
      {"n", std::uint64_t{65535}},
      dbus::uint32(4294967295U),
      {"y", std::uint64_t{1}},
      dbus::uint64(18446744073709551615ULL),
      {"d", 1.5},
      dbus::string(""),
      dbus::string("web.scope"),
      {"o", std::string("/a/b")},
      {"g", std::string("a(sv)")},
      dbus::string_array({"a", "bc", "def"}),
      dbus::byte_array({1, 0, 128}),
      dbus::array("t", {dbus::uint64(1)}),
      dbus::array("(sv)", {}),
      dbus::structure({dbus::string("x"), dbus::uint64(3)}),
      dbus::variant(dbus::array("u", {dbus::uint32(9)})),
      dbus::array("(st)", {dbus::structure({dbus::string("/dev/block/8:0"), dbus::uint64(5)}),
                           dbus::structure({dbus::string("x"), dbus::uint64(6)})}),
      dbus::variant(dbus::variant(dbus::boolean(false))),
  };
  auto const read = as_libdbus_reads(arguments);
  REQUIRE(read.size() == arguments.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    INFO(i << " " << arguments[i].type);
    CHECK(read[i] == arguments[i]);
  }
}

TEST_CASE("an empty array is padded as libdbus wants it, wherever it begins") {
  for (auto const* const before : {"", "1", "12", "123", "1234", "12345"}) {
    Values const arguments{dbus::string(before), dbus::array("(sv)", {}), dbus::boolean(true)};
    CHECK(as_libdbus_reads(arguments) == arguments);
  }
}

TEST_CASE("what libdbus writes is read") {
  auto const message = signal("JobRemoved");
  dbus_uint32_t const id = 77;
  char const* const job = "/org/freedesktop/systemd1/job/77";
  char const* const unit = "web.scope";
  char const* const result = "done";
  REQUIRE(dbus_message_append_args(message.get(), DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH,
                                   &job, DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &result,
                                   DBUS_TYPE_INVALID) != 0);
  auto const bytes = written(message);
  CHECK(dbus::message_size(bytes + "more") == bytes.size());
  auto const read = dbus::parse(bytes);
  CHECK(read.kind == dbus::Kind::signal);
  CHECK(read.member == "JobRemoved");
  CHECK(read.signature == "uoss");
  CHECK(read.texts() == Words{"77", job, unit, result});
}

TEST_CASE("an error says its name and its text") {
  Reference const call(dbus_message_new_method_call("a.b", "/c", "d.e", "F"), dbus_message_unref);
  dbus_message_set_serial(call.get(), 5);
  Reference const error(dbus_message_new_error(call.get(), "a.NotThere", "no such unit"),
                        dbus_message_unref);
  auto const read = dbus::parse(written(error));
  CHECK(read.kind == dbus::Kind::error);
  CHECK(read.reply_serial == 5);
  CHECK(read.error_name == "a.NotThere");
  CHECK(read.texts() == Words{"no such unit"});
}

TEST_CASE("arguments after one that is not of interest are left alone") {
  auto const message = signal("X");
  char const* const text = "a";
  double const number = 1;
  REQUIRE(dbus_message_append_args(message.get(), DBUS_TYPE_STRING, &text, DBUS_TYPE_DOUBLE,
                                   &number, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) != 0);
  CHECK(dbus::parse(written(message)).texts() == Words{"a"});
}

TEST_CASE("fewer than the first 16 bytes have no size yet") {
  auto const bytes = written(signal("X"));
  for (std::size_t size = 0; size < 16; ++size) {
    CHECK(dbus::message_size(std::string_view(bytes).substr(0, size)) == 0);
  }
  CHECK(dbus::message_size(std::string_view(bytes).substr(0, 16)) == bytes.size());
}

TEST_CASE("a message that is cut off or garbled is refused and never read past its end") {
  auto const message = signal("JobRemoved");
  char const* const text = "some text";
  REQUIRE(dbus_message_append_args(message.get(), DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) != 0);
  auto const bytes = written(message);
  for (std::size_t size = 16; size < bytes.size(); ++size) {
    CHECK(refusal([&] { dbus::parse(std::string(bytes, 0, size)); }).text ==
          "a D-Bus message that makes no sense");
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (char const wrong : {'\0', '\x7f', '\xff'}) {
      auto broken = bytes;
      broken[at] = wrong;
      try {
        (void)dbus::parse(broken).texts();
      } catch (Error const&) {  // either is right, as long as it comes back
      }
    }
  }
}

TEST_CASE("a message of the other byte order is refused") {
  auto bytes = written(signal("X"));
  bytes[0] = bytes[0] == 'l' ? 'B' : 'l';
  CHECK(refusal([&] { dbus::message_size(bytes); }).text == "a D-Bus message that makes no sense");
}

TEST_CASE("complete types are told from what is none") {
  CHECK(dbus::complete_type("sv") == 1);
  CHECK(dbus::complete_type("a(sv)b") == 5);
  CHECK(dbus::complete_type("a{sv}") == 5);
  CHECK(dbus::complete_type("aas") == 3);
  for (auto const* const wrong : {"", "a", "(", "()", "(s", "z", "a)", ")"}) {
    INFO(wrong);
    CHECK_FALSE(dbus::complete_type(wrong));
  }
  CHECK_FALSE(dbus::complete_type(std::string(100, 'a') + "s"));
}
