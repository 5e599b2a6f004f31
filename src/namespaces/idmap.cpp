// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The runtime's half of a new user namespace: uid_map and gid_map, written directly or by the
// setuid helpers of shadow.

#include <sched.h>

#include <array>
#include <string>
#include <vector>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "command/command.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/pid.hpp"
#include "namespaces/apply.hpp"

namespace proa::namespaces {

namespace {

using namespace std::chrono_literals;

// newuidmap(1) only reads /etc/subuid, but may ask a directory service over the network for it.
constexpr auto helper_time = 30s;

struct Kind {
  char const* file;     ///< below /proc/PID
  char const* helper;   ///< program
  char const* pointer;  ///< into config.json
};
constexpr Kind uid{"uid_map", "newuidmap", "/linux/uidMappings"};
constexpr Kind gid{"gid_map", "newgidmap", "/linux/gidMappings"};

void write_directly(Kind const& kind, pid_t pid, std::vector<spec::IdMapping> const& mappings) {
  auto const path = fmt::format("/proc/{}/{}", pid, kind.file);
  // One write(2) of the whole map: the kernel takes no second.  user_namespaces(7)
  linux::write_file(linux::at_cwd, path, map_text(mappings))
      .or_fail("{}: write {}", kind.pointer, path);
}

void write_by_helper(Kind const& kind, pid_t pid, std::vector<spec::IdMapping> const& mappings) {
  std::vector<std::string> args{kind.helper, std::to_string(pid)};
  for (auto const& mapping : mappings) {
    for (auto const number : {mapping.container_id, mapping.host_id, mapping.size}) {
      args.push_back(std::to_string(number));
    }
  }
  auto const outcome = command::run({.args = args, .time = helper_time});
  if (outcome.exit.status != 0) {
    fail(ErrorKind::failed, "{}: {} exited with status {}: {}", kind.pointer, kind.helper,
         outcome.exit.status, outcome.output);
  }
}

/// The whole life of the process that a user namespace has until somebody holds its descriptor.
[[noreturn]] void wait_for_end_of(linux::FdRef gate) {
  std::array<char, 1> byte;
  (void)linux::read_some(gate, byte);  // the end of file, also when the runtime has died
  linux::exit_now(0);
}

}  // namespace

linux::Fd make_user_namespace(IdMaps const& maps) {
  auto gate = linux::pipe().or_fail("make a pipe");
  auto cloned = linux::clone({CLONE_NEWUSER}).or_fail("make a user namespace");
  if (!cloned) {
    gate.second = linux::Fd();
    wait_for_end_of(gate.first);
  }
  Undo const end([&] {
    gate.second = linux::Fd();
    (void)linux::wait(cloned->fd);
  });
  write_maps(maps, cloned->number);
  return linux::open_at(linux::at_cwd, fmt::format("/proc/{}/ns/user", cloned->number), O_RDONLY)
      .or_fail("open the user namespace");
}

void write_maps(IdMaps const& maps, pid_t pid) {
  if (maps.writer == MapWriter::newidmap) {
    write_by_helper(uid, pid, maps.uids);
    write_by_helper(gid, pid, maps.gids);
    return;
  }
  if (maps.writer == MapWriter::single) {
    linux::write_file(linux::at_cwd, fmt::format("/proc/{}/setgroups", pid), "deny")
        .or_fail("deny setgroups in the user namespace");
  }
  write_directly(uid, pid, maps.uids);
  write_directly(gid, pid, maps.gids);
}

}  // namespace proa::namespaces
