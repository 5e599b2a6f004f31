// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "catch.hpp"
#include "runtime.hpp"

namespace conformance {

ConsoleSocket::ConsoleSocket(std::string const& name) : path_(scratch() + "/" + name) {
  listener_ = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{AF_UNIX, {}};
  std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
  REQUIRE(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener_.get(), 1) == 0);
}

Fd ConsoleSocket::receive(std::string* name) {
  REQUIRE(wait_readable(listener_.get()));
  Fd const peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(wait_readable(peer.get()));
  char text[4096];
  iovec part{text, sizeof text};
  alignas(cmsghdr) char control[256];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t const size = recvmsg(peer.get(), &message, MSG_CMSG_CLOEXEC);
  REQUIRE(size >= 0);
  if (name != nullptr) name->assign(text, static_cast<std::size_t>(size));
  cmsghdr const* header = CMSG_FIRSTHDR(&message);
  REQUIRE(header != nullptr);
  CHECK(header->cmsg_type == SCM_RIGHTS);
  CHECK(header->cmsg_len == CMSG_LEN(sizeof(int)));
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

std::string read_terminal(int master, std::string const& stop) {
  std::string text;
  char buffer[4096];
  while (stop.empty() || text.find(stop) == std::string::npos) {
    if (!wait_readable(master)) break;
    ssize_t const size = read(master, buffer, sizeof buffer);
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace conformance
