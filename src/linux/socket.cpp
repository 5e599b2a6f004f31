// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/socket.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "linux/file.hpp"

namespace proa::linux {

namespace {

Outcome<::sockaddr_un> address_of(std::string const& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Errno{ENAMETOOLONG};
  path.copy(address.sun_path, path.size());
  return address;
}

::sockaddr const* generic(::sockaddr_un const& address) {
  return reinterpret_cast<::sockaddr const*>(&address);
}

Outcome<Fd> make_socket(int type) {
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return Errno::last();
  return socket;
}

Outcome<Fd> connect_to(int type, std::string const& path) {
  auto address = address_of(path);
  if (!address) return Errno{address.error()};
  auto socket = make_socket(type);
  if (!socket) return socket;
  if (type == SOCK_STREAM) {
    ::timeval const patience{10, 0};  // socket(7): of connect(2) too
    auto const set =
        ::setsockopt(socket->number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (set < 0) return Errno::last();
  }
  if (::connect(socket->number(), generic(*address), sizeof *address) < 0) return Errno::last();
  return socket;
}

/// A name that is longer than sun_path is taken from its directory.
Outcome<Fd> connect_far(int type, std::string const& path) {
  if (path.size() < sizeof(::sockaddr_un::sun_path)) return connect_to(type, path);
  auto const slash = path.rfind('/');
  auto dir = slash == std::string::npos ? open_at(at_cwd, ".", O_PATH | O_DIRECTORY)
                                        : open_at(at_cwd, path.substr(0, slash + 1), O_PATH);
  if (!dir) return Errno{dir.error()};
  return connect_to(type, proc_path(*dir) + "/" + path.substr(slash + 1));
}

/// unix(7): the name is as long as the address says, and begins with a NUL.
Outcome<Fd> connect_abstract(int type, std::string_view name) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return Errno{ENAMETOOLONG};
  name.copy(address.sun_path + 1, name.size());
  auto socket = make_socket(type);
  if (!socket) return socket;
  auto const size = offsetof(::sockaddr_un, sun_path) + 1 + name.size();
  if (::connect(socket->number(), generic(address), static_cast<::socklen_t>(size)) < 0) {
    return Errno::last();
  }
  return socket;
}

// For one descriptor: the padding has room for a second, and what nobody takes nobody closes.
constexpr std::size_t control_size = CMSG_LEN(sizeof(int));
union Control {
  ::cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

Outcome<std::pair<Fd, Fd>> packet_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) return Errno::last();
  return std::pair(Fd(fds[0]), Fd(fds[1]));
}

Outcome<Fd> listen_packets(FdRef dir, std::string const& name) {
  auto address = address_of(proc_path(dir) + "/" + name);
  if (!address) return Errno{address.error()};
  auto socket = make_socket(SOCK_SEQPACKET);
  if (!socket) return socket;
  if (::bind(socket->number(), generic(*address), sizeof *address) < 0) return Errno::last();
  if (::listen(socket->number(), SOMAXCONN) < 0) return Errno::last();
  return socket;
}

Outcome<Fd> connect_packets(FdRef dir, std::string const& name) {
  return connect_to(SOCK_SEQPACKET, proc_path(dir) + "/" + name);
}

Outcome<Fd> connect_stream(std::string const& path) { return connect_far(SOCK_STREAM, path); }

Outcome<Fd> bind_datagrams(FdRef dir, std::string const& name) {
  auto address = address_of(proc_path(dir) + "/" + name);
  if (!address) return Errno{address.error()};
  auto socket = make_socket(SOCK_DGRAM | SOCK_NONBLOCK);
  if (!socket) return socket;
  if (::bind(socket->number(), generic(*address), sizeof *address) < 0) return Errno::last();
  return socket;
}

Outcome<Fd> connect_datagrams(std::string const& path) {
  constexpr int type = SOCK_DGRAM | SOCK_NONBLOCK;
  return path.starts_with('@') ? connect_abstract(type, std::string_view(path).substr(1))
                               : connect_far(type, path);
}

Outcome<Fd> connect_stream_at_once(std::string const& path) {
  return connect_to(SOCK_STREAM | SOCK_NONBLOCK, path);
}

Outcome<std::size_t> send_some(FdRef socket, std::string_view data) {
  ssize_t size;
  do {
    size = ::send(socket.number(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return Errno::last();
  return static_cast<std::size_t>(size);
}

Outcome<std::size_t> receive_some(FdRef socket, std::span<char> buffer) {
  ssize_t size;
  do {
    size = ::recv(socket.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return Errno::last();
  return static_cast<std::size_t>(size);
}

Outcome<Fd> accept(FdRef listener) {
  int fd;
  do {
    fd = ::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return Errno::last();
  return Fd(fd);
}

Outcome<void> send_packet(FdRef socket, std::string_view data, FdRef passed, CallKey const& key) {
  ::iovec part{const_cast<char*>(data.data()), data.size()};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  if (passed) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    auto* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    int const number = passed.number();
    std::memcpy(CMSG_DATA(header), &number, sizeof number);
  }
  long sent;
  do {
    sent = ::syscall(SYS_sendmsg, socket.number(), &message, MSG_NOSIGNAL, key[0], key[1], key[2]);
  } while (sent < 0 && errno == EINTR);
  return checked(sent);
}

Outcome<Packet> receive_packet(FdRef socket, std::span<char> buffer, CallKey const& key) {
  ::iovec part{buffer.data(), buffer.size()};
  Control control{};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = control_size;
  long size;
  do {
    size =
        ::syscall(SYS_recvmsg, socket.number(), &message, MSG_CMSG_CLOEXEC, key[0], key[1], key[2]);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return Errno::last();
  Packet packet;
  packet.size = static_cast<std::size_t>(size);
  auto* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    packet.passed = Fd(number);
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) return Errno{EMSGSIZE};
  return packet;
}

}  // namespace proa::linux
