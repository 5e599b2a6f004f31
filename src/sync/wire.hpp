// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages to bytes and back.  A packet is a header, then the fields in order: numbers as they
// are, strings with their length in front.  Decoding trusts nothing: a packet that is too short,
// too long or of another kind is an Error, whoever sent it.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.hpp"
#include "sync/message.hpp"

namespace proa::sync {

struct Header {
  Kind kind{};
  std::uint8_t reserved[3]{};
  std::uint32_t length = 0;  ///< of what follows, bytes
};

class Writer {
 public:
  template <class... Fields>
  void fields(Fields const&... values) {
    (put(values), ...);
  }
  std::string bytes;

 private:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(T const& value) { bytes.append(reinterpret_cast<char const*>(&value), sizeof value); }
  void put(std::string const& text) {
    put(static_cast<std::uint32_t>(text.size()));
    bytes += text;
  }
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <class... Fields>
  void fields(Fields&... values) {
    (get(values), ...);
  }
  void end() const {
    if (!rest_.empty())
      fail(ErrorKind::failed, "malformed packet: {} bytes too many", rest_.size());
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) fail(ErrorKind::failed, "malformed packet: ends too early");
    auto const taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void get(T& value) {
    auto const bytes = take(sizeof value);
    std::memcpy(&value, bytes.data(), sizeof value);
  }
  void get(std::string& text) {
    std::uint32_t size = 0;
    get(size);
    text = take(size);
  }
  std::string_view rest_;
};

// The fields of each message that has any, in the order of the wire; descriptors travel beside it.
template <class Archive, class Message>
void fields(Archive&, Message&) {}
template <class Archive>
void fields(Archive& archive, Cloned& message) {
  archive.fields(message.pid);
}
template <class Archive>
void fields(Archive& archive, HooksDone& message) {
  archive.fields(message.filter_flags, message.filter);
}
template <class Archive>
void fields(Archive& archive, Warned& message) {
  archive.fields(message.text);
}
template <class Archive>
void fields(Archive& archive, Failed& message) {
  archive.fields(message.stage, message.error_kind, message.number, message.text);
}

/// The descriptor that travels with a message, or nullptr.
inline linux::Fd* passed(Cloned& message) { return &message.pidfd; }
inline linux::Fd* passed(Admitted& message) { return &message.hook_state; }
inline linux::Fd* passed(Console& message) { return &message.master; }
inline linux::Fd* passed(Notify& message) { return &message.listener; }
template <class Message>
linux::Fd* passed(Message&) {
  return nullptr;
}

template <class Message>
std::string encode(Message message) {
  Writer body;
  fields(body, message);
  Writer packet;
  Header header;
  header.kind = Message::kind;
  header.length = static_cast<std::uint32_t>(body.bytes.size());
  packet.fields(header);
  return packet.bytes + body.bytes;
}

/// The header of a packet, checked against its size.
inline Header decode_header(std::string_view packet) {
  Header header;
  Reader(packet.substr(0, sizeof header)).fields(header);
  if (header.length != packet.size() - sizeof header) {
    fail(ErrorKind::failed, "malformed packet: {} bytes, header says {}", packet.size(),
         header.length);
  }
  return header;
}

/// The message in a packet whose header has been checked and is of its kind.
template <class Message>
Message decode(std::string_view packet) {
  Message message;
  Reader reader(packet.substr(sizeof(Header)));
  fields(reader, message);
  reader.end();
  return message;
}

}  // namespace proa::sync
