// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "namespaces/devices.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "linux/file.hpp"
#include "linux/namespace.hpp"
#include "linux/netlink.hpp"
#include "linux/random.hpp"

namespace proa::namespaces {

namespace {

/// What the kernel finds out by itself again.
constexpr std::uint32_t found_out =
    IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_SECONDARY;

/// A conversation with each of the two namespaces.
struct Sockets {
  linux::Fd here;
  linux::Fd there;
};

/// A socket is of the namespace that its maker is in, so this process goes there and comes back.
Sockets open_sockets(linux::FdRef target, linux::FdRef proc) {
  Sockets sockets;
  sockets.here = linux::route_socket().or_fail("open a netlink socket");
  auto const own =
      linux::open_at(proc, "self/ns/net", O_RDONLY).or_fail("open own network namespace");
  linux::setns(target, CLONE_NEWNET).or_fail("enter the container's network namespace");
  auto there = linux::route_socket();
  linux::setns(own, CLONE_NEWNET).or_fail("come back from the container's network namespace");
  sockets.there = std::move(there).or_fail("open a netlink socket");
  return sockets;
}

bool is_template(std::string const& name) { return name.find('%') != std::string::npos; }

/// runtime-spec: a name that is taken is an error, a template never is.
int check(NetDevice const& device, Sockets const& sockets) {
  auto const link =
      linux::find_link(sockets.here, device.host_name).or_fail("look for {}", device.host_name);
  if (is_template(device.name)) return link;
  auto const taken = linux::find_link(sockets.there, device.name);
  if (taken) {
    fail(ErrorKind::failed, "the container has a network device {} already", device.name);
  }
  if (!taken.is(ENODEV)) fail_errno(taken.error(), "look for {} in the container", device.name);
  return link;
}

/// A name that nobody else has: the kernel may give the device another index, and what a template
/// becomes only the kernel knows.
std::string passing_name() {
  std::array<std::byte, 6> bytes;
  linux::fill_with_random(bytes).or_fail("make a name");
  std::string name = "pr-";
  for (auto const byte : bytes) name += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return name;
}

std::vector<linux::LinkAddress> lasting_addresses(linux::FdRef socket, int link) {
  auto addresses = linux::addresses_of(socket, link);
  for (int again = 0; addresses.is(EINTR) && again < 10; ++again) {
    addresses = linux::addresses_of(socket, link);
  }
  auto lasting = std::move(addresses).or_fail("list its addresses");
  std::erase_if(lasting, [](linux::LinkAddress const& address) {
    return (address.flags & IFA_F_PERMANENT) == 0 || address.scope != RT_SCOPE_UNIVERSE;
  });
  return lasting;
}

void move(NetDevice const& device, int link, Sockets const& sockets, linux::FdRef target) {
  // The kernel forgets them when a device changes its namespace.
  auto const addresses = lasting_addresses(sockets.here, link);
  auto const passing = passing_name();
  linux::move_link(sockets.here, link, target, passing).or_fail("move it into the container");
  auto const moved = linux::find_link(sockets.there, passing).or_fail("look for it there");
  linux::rename_link(sockets.there, moved, device.name).or_fail("name it {}", device.name);
  for (auto address : addresses) {
    address.flags &= ~found_out;
    auto const added = linux::add_address(sockets.there, moved, address);
    if (!added.is(EEXIST)) added.or_fail("give it its address");
  }
  linux::set_link_up(sockets.there, moved).or_fail("set it up");
}

}  // namespace

void move_devices(Plan const& plan, linux::FdRef target, linux::FdRef proc) {
  auto const sockets = open_sockets(target, proc);
  std::vector<int> links;
  for (auto const& device : plan.devices) {
    Context at("{}", device.pointer);
    links.push_back(check(device, sockets));
  }
  for (std::size_t i = 0; i < plan.devices.size(); ++i) {
    Context at("{}", plan.devices[i].pointer);
    move(plan.devices[i], links[i], sockets, target);
  }
}

}  // namespace proa::namespaces
