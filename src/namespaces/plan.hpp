// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Which namespace is made, which is joined, by which process and in which order; namespaces(7).
// Pure: opens nothing, asks nobody.
//
// The rules that the kernel forces, and what follows from them:
//  * A process can't move itself into another pid namespace, only its children: pid_namespaces(7).
//    Joining one takes a helper between the runtime and init.
//  * What belongs to the host's user namespace must be joined before a new one is entered, and what
//    belongs to a joined one after it: user_namespaces(7).  So with any user namespace the helper
//    joins, and makes init as its sibling (CLONE_PARENT).
//  * A cgroup namespace is rooted where its maker stands, so it is unshared by init once it is in
//    its cgroups: cgroup_namespaces(7).
//  * A time namespace's offsets freeze when its first process enters, so it is unshared, then
//    written to, then entered: time_namespaces(7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/host.hpp"
#include "proa/spec.hpp"

namespace proa::namespaces {

/// A namespace held by a path.
struct Join {
  spec::NamespaceType type{};
  int flag = 0;         ///< CLONE_NEW*
  std::string path;     ///< absolute, in the runtime's mount namespace
  std::string pointer;  ///< into config.json, for error messages
};

/// Who enters the joined namespaces.
enum class Joiner : std::uint8_t { init, helper };

/// What becomes of the caller's supplementary groups in another user namespace.
enum class Groups : std::uint8_t { drop, keep };

/// How the id maps are written.
enum class MapWriter : std::uint8_t {
  direct,   ///< by the runtime, which has CAP_SETUID over the parent namespace
  single,   ///< by the runtime, one line for its own id; setgroups(2) is denied first
  newidmap  ///< by newuidmap(1) and newgidmap(1)
};

struct IdMaps {
  MapWriter writer = MapWriter::direct;
  std::vector<spec::IdMapping> uids;
  std::vector<spec::IdMapping> gids;
};

/// A file below /proc/sys and its new value.
struct Sysctl {
  std::string name;  ///< as in config.json
  std::string path;  ///< "sys/net/ipv4/ip_forward"
  std::string value;
};

/// config-linux.md#network-devices
struct NetDevice {
  std::string host_name;
  std::string name;     ///< in the container; "eth%d": the kernel finds a number
  std::string pointer;  ///< into config.json, for error messages
};

struct Plan {
  std::uint64_t clone_flags = 0;  ///< CLONE_NEW* of the clone3(2) that makes init
  Joiner joiner = Joiner::init;
  std::vector<Join> joins;       ///< in config order, the mount namespace last
  std::optional<Join> user;      ///< the joined user namespace
  std::optional<IdMaps> maps;    ///< of the new user namespace
  Groups groups = Groups::drop;  ///< as the process wants it
  bool new_cgroup = false;
  bool new_time = false;
  bool new_network = false;
  std::string time_offsets;  ///< for /proc/self/timens_offsets; empty: none
  std::string hostname;
  std::string domainname;
  std::vector<Sysctl> sysctls;
  std::vector<NetDevice> devices;

  bool new_user() const { return maps.has_value(); }
  bool any_user() const { return maps.has_value() || user.has_value(); }
};

/// Throws Error{config} where the caller may not have what config.json asks for.
Plan plan(Spec const& spec, Host const& host);

/// The text of uid_map or gid_map: user_namespaces(7).
std::string map_text(std::vector<spec::IdMapping> const& mappings);

/// The host's id of a container's id; nullopt when it is not mapped.
std::optional<std::uint32_t> host_id(std::vector<spec::IdMapping> const& mappings,
                                     std::uint32_t container_id);

/// The CLONE_NEW* flag and the spec's word of a namespace type.
int clone_flag(spec::NamespaceType type);
char const* word(spec::NamespaceType type);

}  // namespace proa::namespaces
