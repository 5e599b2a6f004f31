// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/namespace.hpp"

#include <linux/nsfs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace proa::linux {

Outcome<void> setns(FdRef ns, int type) { return checked(::setns(ns.number(), type)); }
Outcome<void> unshare(int flags) { return checked(::unshare(flags)); }

Outcome<int> namespace_type(FdRef ns) {
  int const type = ::ioctl(ns.number(), NS_GET_NSTYPE);
  if (type < 0) return Errno::last();
  return type;
}

Outcome<void> sethostname(std::string const& name) {
  return checked(::sethostname(name.data(), name.size()));
}
Outcome<void> setdomainname(std::string const& name) {
  return checked(::setdomainname(name.data(), name.size()));
}

Outcome<void> interface_up(std::string const& name) {
  Fd const socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return Errno::last();
  ::ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return Errno{ENAMETOOLONG};
  name.copy(request.ifr_name, name.size());
  if (::ioctl(socket.number(), SIOCGIFFLAGS, &request) < 0) return Errno::last();
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return checked(::ioctl(socket.number(), SIOCSIFFLAGS, &request));
}

}  // namespace proa::linux
