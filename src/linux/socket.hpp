// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// unix(7) sockets that carry packets and descriptors.  Everything is close-on-exec.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// socketpair(2) of SOCK_SEQPACKET.
Outcome<std::pair<Fd, Fd>> packet_pair();

/// Binds and listens on `name` in `dir`, a SOCK_SEQPACKET socket.  The directory is named by its
/// descriptor, so that no path is too long for sun_path.
Outcome<Fd> listen_packets(FdRef dir, std::string const& name);
Outcome<Fd> connect_packets(FdRef dir, std::string const& name);
/// A SOCK_STREAM connection to the socket at `path`, of any length.  Where nobody takes it, or what
/// is sent later, within ten seconds: EAGAIN.
Outcome<Fd> connect_stream(std::string const& path);
/// The same without waiting: EAGAIN when the listener's queue is full.  The socket is non-blocking.
Outcome<Fd> connect_stream_at_once(std::string const& path);
/// send(2) and recv(2) of as many bytes as it takes now; EAGAIN when that is none.  0 bytes
/// received: the peer has closed.
Outcome<std::size_t> send_some(FdRef socket, std::string_view data);
Outcome<std::size_t> receive_some(FdRef socket, std::span<char> buffer);
/// Binds `name` in `dir`, a SOCK_DGRAM socket that does not block.  Whoever may write, by umask(2),
/// may send.
Outcome<Fd> bind_datagrams(FdRef dir, std::string const& name);
/// SOCK_DGRAM, not blocking, to the socket at `path`, of any length; "@NAME" is an abstract one.
Outcome<Fd> connect_datagrams(std::string const& path);
/// accept4(2)
Outcome<Fd> accept(FdRef listener);

/// What stands in the three registers behind those that sendmsg(2) and recvmsg(2) use.  The kernel
/// does not look at them, a seccomp filter can: see security/listener.hpp.
using CallKey = std::array<unsigned long, 3>;

/// One packet with at most one descriptor beside it.  MSG_NOSIGNAL: a dead peer is EPIPE.
Outcome<void> send_packet(FdRef socket, std::string_view data, FdRef passed = FdRef(-1),
                          CallKey const& key = {});

struct Packet {
  std::size_t size = 0;  ///< 0: the peer has closed
  Fd passed;
};
/// recvmsg(2) of one packet into `buffer`; EMSGSIZE when it was longer.
Outcome<Packet> receive_packet(FdRef socket, std::span<char> buffer, CallKey const& key = {});

}  // namespace proa::linux
