// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/netlink.hpp"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

namespace proa::linux {

namespace {

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

template <class T>
std::string_view bytes_of(T const& value) {
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

/// The first bytes of `bytes`, which has to have so many, as a T.
template <class T>
T head(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// A request under construction.
class Request {
 public:
  template <class Fixed>
  Request(std::uint16_t type, std::uint16_t flags, Fixed const& fixed) {
    header_.nlmsg_type = type;
    header_.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header_.nlmsg_seq = sequence;
    append(bytes_of(fixed));
  }

  /// An attribute's length has 16 bits.
  void attribute(std::uint16_t type, std::string_view value) {
    ::rtattr attribute{};
    auto const size = sizeof attribute + value.size();
    if (size > std::numeric_limits<std::uint16_t>::max()) {
      too_long_ = true;
      return;
    }
    attribute.rta_len = static_cast<std::uint16_t>(size);
    attribute.rta_type = type;
    body_.append(bytes_of(attribute));
    append(value);
  }
  /// With its terminator; IFNAMSIZ counts that too.
  void name(std::uint16_t type, std::string const& name) {
    if (name.size() >= IFNAMSIZ) too_long_ = true;
    attribute(type, {name.c_str(), name.size() + 1});
  }
  /// Attributes that are ready, padded.
  void ready(std::string_view attributes) { append(attributes); }

  Outcome<std::string> packet() const {
    if (too_long_) return Errno{EMSGSIZE};
    auto header = header_;
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body_.size());
    return std::string(bytes_of(header)) + body_;
  }

  static constexpr std::uint32_t sequence = 1;

 private:
  void append(std::string_view bytes) {
    body_.append(bytes);
    body_.resize(padded(body_.size()), '\0');
  }
  ::nlmsghdr header_{};
  std::string body_;
  bool too_long_ = false;
};

Outcome<void> send_request(FdRef socket, Request const& request) {
  auto const packet = request.packet();
  if (!packet) return Errno{packet.error()};
  ::sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent;
  do {
    sent = ::sendto(socket.number(), (*packet).data(), (*packet).size(), MSG_NOSIGNAL,
                    reinterpret_cast<::sockaddr const*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  return checked(sent);
}

/// One packet of the kernel's: others can send to the socket too.
Outcome<std::string> receive_packet_of_kernel(FdRef socket) {
  constexpr std::size_t largest = 65536;
  for (;;) {
    std::string packet(largest, '\0');
    ::sockaddr_nl from{};
    ::iovec part{packet.data(), packet.size()};
    ::msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    auto const size = ::recvmsg(socket.number(), &message, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Errno::last();
    if ((message.msg_flags & MSG_TRUNC) != 0) return Errno{EMSGSIZE};
    if (message.msg_namelen != sizeof from || from.nl_pid != 0) continue;
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }
}

/// What the last message of an answer, NLMSG_ERROR or NLMSG_DONE, says; none for those before it.
std::optional<int> result_of(netlink::Answer const& answer) {
  // What was listed has changed meanwhile.
  if ((answer.flags & NLM_F_DUMP_INTR) != 0) return EINTR;
  if (answer.type != NLMSG_ERROR && answer.type != NLMSG_DONE) return std::nullopt;
  if (answer.body.size() < sizeof(int)) return answer.type == NLMSG_DONE ? 0 : EBADMSG;
  return -head<int>(answer.body);
}

/// Sends, and gives each message of the answer to `take` until the kernel says that it was all.
template <class Take>
Outcome<void> talk(FdRef socket, Request const& request, Take take) {
  if (auto const sent = send_request(socket, request); !sent) return sent;
  for (;;) {
    auto const packet = receive_packet_of_kernel(socket);
    if (!packet) return Errno{packet.error()};
    auto const answers = netlink::split(*packet);
    if (!answers) return Errno{answers.error()};
    for (auto const& answer : *answers) {
      if (answer.sequence != Request::sequence) continue;
      auto const result = result_of(answer);
      if (result == 0) return {};
      if (result) return Errno{*result};
      take(answer);
    }
  }
}

Outcome<void> ask(FdRef socket, Request const& request) {
  return talk(socket, request, [](netlink::Answer const&) {});
}

::ifinfomsg link_message(int link) {
  ::ifinfomsg message{};
  message.ifi_family = AF_UNSPEC;
  message.ifi_index = link;
  return message;
}

/// Those that are the address; its label is a name of the interface, its lifetime is for ever.
constexpr auto kept_attributes = std::to_array<std::uint16_t>(
    {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_ANYCAST, IFA_RT_PRIORITY, IFA_PROTO});

/// Nothing when the message is not about that interface, or is malformed.
Outcome<LinkAddress> address_in(netlink::Answer const& answer, int link) {
  if (answer.type != RTM_NEWADDR || answer.body.size() < sizeof(::ifaddrmsg)) {
    return Errno{ENOENT};
  }
  auto const fixed = head<::ifaddrmsg>(answer.body);
  if (fixed.ifa_index != static_cast<unsigned>(link)) return Errno{ENOENT};
  LinkAddress address{fixed.ifa_family, fixed.ifa_prefixlen, fixed.ifa_scope, fixed.ifa_flags, {}};
  auto const attributes = netlink::attributes(answer.body.substr(padded(sizeof fixed)));
  if (!attributes) return Errno{attributes.error()};
  for (auto const& attribute : *attributes) {
    if (attribute.type == IFA_FLAGS && attribute.value.size() == sizeof(std::uint32_t)) {
      address.flags = head<std::uint32_t>(attribute.value);
    }
    if (std::ranges::find(kept_attributes, attribute.type) == kept_attributes.end()) continue;
    address.attributes.append(attribute.whole);
    address.attributes.resize(padded(address.attributes.size()), '\0');
  }
  return address;
}

}  // namespace

namespace netlink {

Outcome<std::vector<Answer>> split(std::string_view packet) {
  std::vector<Answer> answers;
  while (!packet.empty()) {
    if (packet.size() < sizeof(::nlmsghdr)) return Errno{EBADMSG};
    auto const header = head<::nlmsghdr>(packet);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > packet.size()) {
      return Errno{EBADMSG};
    }
    answers.push_back({header.nlmsg_type, header.nlmsg_flags, header.nlmsg_seq,
                       packet.substr(sizeof header, header.nlmsg_len - sizeof header)});
    packet.remove_prefix(std::min(padded(header.nlmsg_len), packet.size()));
  }
  return answers;
}

Outcome<std::vector<Attribute>> attributes(std::string_view bytes) {
  std::vector<Attribute> found;
  while (!bytes.empty()) {
    if (bytes.size() < sizeof(::rtattr)) return Errno{EBADMSG};
    auto const header = head<::rtattr>(bytes);
    if (header.rta_len < sizeof header || header.rta_len > bytes.size()) return Errno{EBADMSG};
    found.push_back({static_cast<std::uint16_t>(header.rta_type & NLA_TYPE_MASK),
                     bytes.substr(sizeof header, header.rta_len - sizeof header),
                     bytes.substr(0, header.rta_len)});
    bytes.remove_prefix(std::min(padded(header.rta_len), bytes.size()));
  }
  return found;
}

}  // namespace netlink

Outcome<Fd> route_socket() {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return Errno::last();
  ::timeval const patience{10, 0};
  if (::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
    return Errno::last();
  }
  return socket;
}

Outcome<int> find_link(FdRef socket, std::string const& name) {
  Request request(RTM_GETLINK, NLM_F_ACK, link_message(0));
  request.name(IFLA_IFNAME, name);
  int link = 0;
  auto const talked = talk(socket, request, [&](netlink::Answer const& answer) {
    if (answer.type != RTM_NEWLINK || answer.body.size() < sizeof(::ifinfomsg)) return;
    link = head<::ifinfomsg>(answer.body).ifi_index;
  });
  if (!talked) return Errno{talked.error()};
  if (link <= 0) return Errno{ENODEV};
  return link;
}

Outcome<std::vector<LinkAddress>> addresses_of(FdRef socket, int link) {
  ::ifaddrmsg everything{};
  everything.ifa_family = AF_UNSPEC;
  Request const request(RTM_GETADDR, NLM_F_DUMP, everything);
  std::vector<LinkAddress> addresses;
  int malformed = 0;
  auto const talked = talk(socket, request, [&](netlink::Answer const& answer) {
    auto address = address_in(answer, link);
    if (address) addresses.push_back(std::move(*address));
    if (address.is(EBADMSG)) malformed = EBADMSG;
  });
  if (!talked) return Errno{talked.error()};
  if (malformed != 0) return Errno{malformed};
  return addresses;
}

Outcome<void> add_address(FdRef socket, int link, LinkAddress const& address) {
  ::ifaddrmsg fixed{};
  fixed.ifa_family = address.family;
  fixed.ifa_prefixlen = address.prefix;
  fixed.ifa_scope = address.scope;
  fixed.ifa_index = static_cast<unsigned>(link);
  Request request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, fixed);
  request.ready(address.attributes);
  request.attribute(IFA_FLAGS, bytes_of(address.flags));
  return ask(socket, request);
}

Outcome<void> move_link(FdRef socket, int link, FdRef net_namespace, std::string const& name) {
  Request request(RTM_NEWLINK, NLM_F_ACK, link_message(link));
  request.attribute(IFLA_NET_NS_FD, bytes_of(static_cast<std::uint32_t>(net_namespace.number())));
  request.name(IFLA_IFNAME, name);
  return ask(socket, request);
}

Outcome<void> rename_link(FdRef socket, int link, std::string const& name) {
  Request request(RTM_NEWLINK, NLM_F_ACK, link_message(link));
  request.name(IFLA_IFNAME, name);
  return ask(socket, request);
}

Outcome<void> set_link_up(FdRef socket, int link) {
  auto message = link_message(link);
  message.ifi_flags = IFF_UP;
  message.ifi_change = IFF_UP;
  return ask(socket, Request(RTM_NEWLINK, NLM_F_ACK, message));
}

}  // namespace proa::linux
