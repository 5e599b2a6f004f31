// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// rtnetlink(7): the few requests that moving a network device takes.  A socket belongs to the
// network namespace that this process was in when it was made.  Every length that goes out is
// checked against its field, every one that comes in against what has come (CVE-2021-43784).
// Decides nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// A socket of NETLINK_ROUTE, close-on-exec; answers that do not come within ten seconds are
/// EAGAIN.
Outcome<Fd> route_socket();

/// The index of the interface of that name; ENODEV when there is none.
Outcome<int> find_link(FdRef socket, std::string const& name);

/// An address of an interface, as the kernel told it.
struct LinkAddress {
  std::uint8_t family = 0;  ///< AF_INET, AF_INET6
  std::uint8_t prefix = 0;  ///< bits
  std::uint8_t scope = 0;   ///< RT_SCOPE_*
  std::uint32_t flags = 0;  ///< IFA_F_*
  std::string attributes;   ///< the IFA_* that describe the address itself, as they came
};

/// All addresses of an interface, of every family.
Outcome<std::vector<LinkAddress>> addresses_of(FdRef socket, int link);
/// RTM_NEWADDR; EEXIST where it has the address already.
Outcome<void> add_address(FdRef socket, int link, LinkAddress const& address);

/// RTM_NEWLINK: into another network namespace, where it is called `name` from then on.
Outcome<void> move_link(FdRef socket, int link, FdRef net_namespace, std::string const& name);
/// RTM_NEWLINK: another name; of "eth%d" the kernel makes a free one.  EEXIST: it is taken.
Outcome<void> rename_link(FdRef socket, int link, std::string const& name);
/// RTM_NEWLINK: IFF_UP.
Outcome<void> set_link_up(FdRef socket, int link);

namespace netlink {

/// One message of an answer, its header checked and taken off.
struct Answer {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::string_view body;
};
/// The messages of a packet; EBADMSG when a length in it is not so.
Outcome<std::vector<Answer>> split(std::string_view packet);

struct Attribute {
  std::uint16_t type = 0;  ///< without NLA_F_*
  std::string_view value;
  std::string_view whole;  ///< with its header, without what pads it
};
/// The attributes behind a fixed part; EBADMSG when a length is not so.
Outcome<std::vector<Attribute>> attributes(std::string_view bytes);

}  // namespace netlink

}  // namespace proa::linux
