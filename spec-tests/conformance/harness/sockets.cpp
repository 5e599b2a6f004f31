// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "sockets.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "catch.hpp"

namespace conformance {

Fd listen_at(std::string const& path) {
  Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{AF_UNIX, {}};
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  unlink(path.c_str());
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  return listener;
}

Fd accept_from(Fd const& listener) {
  REQUIRE(wait_readable(listener.get()));
  Fd peer(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(peer);
  return peer;
}

Message receive_message(Fd const& socket) {
  REQUIRE(wait_readable(socket.get()));
  Message received{std::string(65536, '\0'), {}};
  iovec part{received.text.data(), received.text.size()};
  alignas(cmsghdr) char control[256];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t const size = recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  REQUIRE(size >= 0);
  received.text.resize(static_cast<std::size_t>(size));
  if (cmsghdr const* header = CMSG_FIRSTHDR(&message); header != nullptr) {
    CHECK(header->cmsg_type == SCM_RIGHTS);
    CHECK(header->cmsg_len == CMSG_LEN(sizeof(int)));
    // go-runc takes no more than that: oobn == unix.CmsgSpace(4).
    CHECK(message.msg_controllen == CMSG_SPACE(sizeof(int)));
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    received.descriptor = Fd(fd);
  }
  return received;
}

}  // namespace conformance
