// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Channel: one end of the conversation drawn in message.hpp.  A Failed that arrives is thrown as
// the Error it was in the other process, a Warned is logged; the caller only sees what it waits
// for.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "linux/socket.hpp"
#include "sync/message.hpp"

namespace proa::sync {

/// A Failed of the other process, thrown in this one.
class InitFailed : public Error {
 public:
  InitFailed(Stage stage, ErrorKind kind, int number, std::string text)
      : Error(kind, number, std::move(text)), stage_(stage) {}
  Stage stage() const noexcept { return stage_; }

 private:
  Stage stage_;
};

class Channel {
 public:
  Channel() = default;
  explicit Channel(linux::Fd socket) : socket_(std::move(socket)) {}

  /// The runtime's end and init's end.
  static std::pair<Channel, Channel> pair();

  /// Throws Error when the peer has gone (EPIPE) or the kernel refuses.
  template <class Message>
  void send(Message message) const;

  /// Waits for a Message.  The peer's death is an end of file, as nobody else holds its end; so no
  /// deadline is needed unless the peer may be stuck.  Throws the peer's Failed, and an Error when
  /// the peer is gone, when the deadline has passed, or when something else arrives.
  template <class Message>
  Message receive(linux::Deadline deadline = std::nullopt) const;

  /// As receive(), but the peer's end of file is an answer too: nothing.
  template <class Message>
  std::optional<Message> receive_or_end(linux::Deadline deadline = std::nullopt) const;

  /// Who a Failed is from, for its text; "container init" unless named.
  void name_peer(char const* name) { peer_ = name; }

  /// From now on the calls of this end carry the key, which opens a filter of this process for
  /// them.
  void use_key(linux::CallKey const& key) { key_ = key; }

  linux::FdRef socket() const { return socket_; }
  void close() { socket_ = linux::Fd(); }

 private:
  struct Raw {
    std::string bytes;
    linux::Fd passed;
  };
  void send_raw(std::string const& bytes, linux::FdRef passed) const;
  /// The next packet that is neither Warned nor Failed; nothing at the end of file.
  std::optional<Raw> receive_raw(Kind expected, linux::Deadline deadline) const;

  linux::Fd socket_;
  linux::CallKey key_{};
  char const* peer_ = "container init";
};

}  // namespace proa::sync
