// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "sync/channel.hpp"

#include <poll.h>

#include <array>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/socket.hpp"
#include "sync/wire.hpp"

namespace proa::sync {

std::string_view word(Stage stage) {
  switch (stage) {
    case Stage::join:
      return "join";
    case Stage::isolate:
      return "isolate";
    case Stage::mount:
      return "mount";
    case Stage::hooks:
      return "hooks";
    case Stage::root:
      return "root";
    case Stage::process:
      return "process";
    case Stage::start:
      return "start";
    case Stage::exec:
      return "exec";
  }
  return "?";
}

std::pair<Channel, Channel> Channel::pair() {
  auto ends = linux::packet_pair().or_fail("make the sync socket");
  return {Channel(std::move(ends.first)), Channel(std::move(ends.second))};
}

void Channel::send_raw(std::string const& bytes, linux::FdRef passed) const {
  linux::send_packet(socket_, bytes, passed, key_).or_fail("send on the sync socket");
}

std::optional<Channel::Raw> Channel::receive_raw(Kind expected, linux::Deadline deadline) const {
  // Not of the heap: brk(2) may be among what a filter asks an agent about that is not there yet.
  std::array<char, max_packet> buffer;
  for (;;) {
    pollfd ready{socket_.number(), POLLIN, 0};
    if (deadline && !linux::poll({&ready, 1}, deadline).or_fail("wait on the sync socket")) {
      fail(ErrorKind::failed, "no answer on the sync socket in time");
    }
    auto got = linux::receive_packet(socket_, buffer, key_);
    if (got.is(ECONNRESET)) return std::nullopt;  // the peer died with packets unread
    auto packet = std::move(got).or_fail("receive on the sync socket");
    if (packet.size == 0) return std::nullopt;
    std::string_view const bytes(buffer.data(), packet.size);
    auto const header = decode_header(bytes);
    if (header.kind == Kind::warned) {
      log::warn("{}", decode<Warned>(bytes).text);
    } else if (header.kind == Kind::failed) {
      auto failed = decode<Failed>(bytes);
      throw InitFailed(failed.stage, failed.error_kind, failed.number,
                       fmt::format("{}{}, stage {}: {}", proa::detail::contexts(), peer_,
                                   word(failed.stage), failed.text));
    } else if (header.kind == expected) {
      return Raw{std::string(bytes), std::move(packet.passed)};
    } else {
      fail(ErrorKind::failed, "packet of kind {} on the sync socket where {} was due",
           static_cast<int>(header.kind), static_cast<int>(expected));
    }
  }
}

template <class Message>
void Channel::send(Message message) const {
  auto* const fd = passed(message);
  linux::FdRef const beside = fd != nullptr ? linux::FdRef(*fd) : linux::FdRef(-1);
  linux::Fd const held = fd != nullptr ? std::move(*fd) : linux::Fd();
  send_raw(encode(std::move(message)), beside);
}

template <class Message>
std::optional<Message> Channel::receive_or_end(linux::Deadline deadline) const {
  auto raw = receive_raw(Message::kind, deadline);
  if (!raw) return std::nullopt;
  auto message = decode<Message>(raw->bytes);
  if (auto* const fd = passed(message)) *fd = std::move(raw->passed);
  return message;
}

template <class Message>
Message Channel::receive(linux::Deadline deadline) const {
  auto message = receive_or_end<Message>(deadline);
  if (!message) fail(ErrorKind::failed, "the other end of the sync socket has gone");
  return std::move(*message);
}

// The conversation of message.hpp, and nothing else, can be had.
template void Channel::send(Cloned) const;
template void Channel::send(Admitted) const;
template void Channel::send(Mounted) const;
template void Channel::send(HooksDone) const;
template void Channel::send(Console) const;
template void Channel::send(Ready) const;
template void Channel::send(Recorded) const;
template void Channel::send(Start) const;
template void Channel::send(Notify) const;
template void Channel::send(Notified) const;
template void Channel::send(Warned) const;
template void Channel::send(Failed) const;
template Cloned Channel::receive(linux::Deadline) const;
template Admitted Channel::receive(linux::Deadline) const;
template Mounted Channel::receive(linux::Deadline) const;
template HooksDone Channel::receive(linux::Deadline) const;
template Console Channel::receive(linux::Deadline) const;
template Ready Channel::receive(linux::Deadline) const;
template Recorded Channel::receive(linux::Deadline) const;
template Start Channel::receive(linux::Deadline) const;
template Notify Channel::receive(linux::Deadline) const;
template Notified Channel::receive(linux::Deadline) const;
template std::optional<Start> Channel::receive_or_end(linux::Deadline) const;

}  // namespace proa::sync
