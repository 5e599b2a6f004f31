// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A packet from a container's init, which may have been taken over.

#include "fuzz.hpp"
#include "sync/wire.hpp"

using namespace proa::sync;

namespace {

/// What could be read is written as the same bytes.
template <class Message>
void read_as(std::string_view packet) {
  Message message;
  if (fuzz::refused([&] { message = decode<Message>(packet); })) return;
  if constexpr (Message::kind == Kind::failed) {
    fuzz::require(!word(message.stage).empty(), "every stage has a word");
  }
  auto const written = encode(std::move(message));
  fuzz::require(written.substr(sizeof(Header)) == packet.substr(sizeof(Header)),
                "a message is written as it was read");
}

void read_as_each(std::string_view packet) {
  read_as<Cloned>(packet);
  read_as<Admitted>(packet);
  read_as<Mounted>(packet);
  read_as<HooksDone>(packet);
  read_as<Console>(packet);
  read_as<Ready>(packet);
  read_as<Recorded>(packet);
  read_as<Start>(packet);
  read_as<Notify>(packet);
  read_as<Notified>(packet);
  read_as<Warned>(packet);
  read_as<Failed>(packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const bytes = fuzz::text_of(data, size);
  if (!fuzz::refused([&] { (void)decode_header(bytes); })) read_as_each(bytes);
  // And as the body of a packet whose header is right, which chance seldom makes.
  Writer packet;
  packet.fields(Header{Kind::failed, {}, static_cast<std::uint32_t>(size)});
  packet.bytes += bytes;
  auto const header = decode_header(packet.bytes);
  fuzz::require(header.length == size, "a right header is taken");
  read_as_each(packet.bytes);
  return 0;
}
