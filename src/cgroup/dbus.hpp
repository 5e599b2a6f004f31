// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The little of D-Bus that talking to systemd takes: method calls as bytes, and bytes as messages,
// after the D-Bus specification ("Marshaling", "Message Format").  Pure: bus.hpp has the socket.
//
// Why not libdbus: linked into the static binary it adds 0.63 MB, a third of the whole, and with it
// libc's name service, which a static program should not call; behind a helper program it costs an
// exec a create, and needs a private format for the same typed values.  It stays the reference:
// the unit tests let it read what is written here, and write what is read here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace proa::cgroup::dbus {

/// A value with its type.  A container's parts have types that follow from its own.
struct Value {
  std::string type;  ///< one complete type: "t", "as", "a(sv)"
  /// The bits of y b n q i u x t h; d; the text of s o g; the parts of an array, a structure, a
  /// dictionary entry, or the one value of a variant.
  std::variant<std::uint64_t, double, std::string, std::vector<Value>> content;
  bool operator==(Value const&) const = default;
};
using Values = std::vector<Value>;

Value boolean(bool value);
Value uint32(std::uint32_t value);
Value uint64(std::uint64_t value);
Value string(std::string value);
Value byte_array(std::vector<std::uint8_t> const& bytes);
Value string_array(std::vector<std::string> const& texts);
/// `element` is the type of each of them.
Value array(std::string const& element, Values values);
Value structure(Values values);
Value variant(Value value);

/// A method call.
struct Call {
  std::string destination;  ///< empty on a connection to the service itself
  std::string path;
  std::string interface;
  std::string member;
  Values arguments;
};

/// The whole message.  `serial` is not 0.
std::string marshal(Call const& call, std::uint32_t serial);

enum class Kind : std::uint8_t { call = 1, reply = 2, error = 3, signal = 4 };

struct Message {
  Kind kind{};
  std::uint32_t reply_serial = 0;  ///< of a reply or an error: the call's serial
  std::string member;
  std::string error_name;
  std::string signature;
  std::string body;

  /// The texts of the body up to the first argument that is no s, o, g or u; numbers as text.
  std::vector<std::string> texts() const;
};

/// The size of the message that begins with these bytes; 0 when they are too few to tell.
/// Throws Error{failed} for what is no message of this machine's byte order, or one of more than
/// the 128 MiB that the specification allows.
std::size_t message_size(std::string_view bytes);
/// `bytes` is one whole message.  Throws Error{failed}.
Message parse(std::string_view bytes);

/// The length of the complete type that `signature` begins with; nullopt when there is none, or
/// when it is nested more deeply than the specification allows.
std::optional<std::size_t> complete_type(std::string_view signature);

}  // namespace proa::cgroup::dbus
