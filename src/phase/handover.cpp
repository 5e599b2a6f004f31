// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/handover.hpp"

#include <fcntl.h>
#include <time.h>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "linux/clock.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/socket.hpp"

namespace proa::phase {

namespace {

struct PathParts {
  std::string folder;
  std::string name;
};

PathParts parts_of(std::string const& path) {
  auto const slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

}  // namespace

void write_pid_file(std::string const& path, pid_t pid) {
  auto const [folder, name] = parts_of(path);
  auto const dir = linux::open_at(linux::at_cwd, folder, O_PATH | O_DIRECTORY)
                       .or_fail("open the directory of pid file {}", path);
  std::string const fresh = fmt::format(".{}.{}", name, pid);
  auto const file = linux::open_at(dir, fresh, O_WRONLY | O_CREAT | O_EXCL, 0666)
                        .or_fail("make pid file {}", path);
  Undo undo([&] { linux::unlink_at(dir, fresh).ignore(); });
  linux::write_all(file, std::to_string(pid)).or_fail("write pid file {}", path);
  linux::rename_at(dir, fresh, name).or_fail("put pid file {} in place", path);
  undo.dismiss();
}

void remove_pid_file(std::string const& path) {
  auto const [folder, name] = parts_of(path);
  auto const dir = linux::open_at(linux::at_cwd, folder, O_PATH | O_DIRECTORY)
                       .or_fail("open the directory of pid file {}", path);
  linux::unlink_at(dir, name).or_fail("remove pid file {}", path);
}

void send_descriptor(std::string const& socket, std::string const& name, linux::FdRef passed) {
  auto const connection = linux::connect_stream(socket).or_fail("connect to socket {}", socket);
  linux::send_packet(connection, name, passed).or_fail("send {} to socket {}", name, socket);
}

void check_preserved(Sockets const& sockets, std::uint32_t count) {
  auto const all = std::uint64_t{sockets.count} + count;
  for (std::uint64_t i = 0; i < all; ++i) {
    auto const number = 3 + i;
    if (!linux::inherited(static_cast<int>(number))) {
      fail_errno(EBADF, "unable to stat preserved-fd {} (of {})", number, all);
    }
  }
}

std::string now_text() {
  auto const now = linux::wall_time();
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     now.tv_nsec);
}

}  // namespace proa::phase
