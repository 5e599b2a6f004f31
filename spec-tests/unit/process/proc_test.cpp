// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/proc.hpp"

#include <sys/mount.h>
#include <sys/wait.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "linux/namespace.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/process/tree.hpp"

using namespace proa;

TEST_CASE("files of /proc are read and written through its descriptor", "[proc]") {
  auto const proc = linux::open_proc().or_fail("open /proc");
  CHECK(linux::read_proc(proc, "self/comm").or_fail("read").size() > 1);
  CHECK(in_child([&] {
          linux::write_proc(proc, "self/comm", "renamed").or_fail("write");
          return *linux::read_proc(proc, "self/comm");
        }) == "renamed\n");
}

TEST_CASE("no path leads out of /proc", "[proc]") {
  auto const proc = linux::open_proc().or_fail("open /proc");
  CHECK(linux::open_in_proc(proc, "../etc/passwd", O_RDONLY).is(EXDEV));
  CHECK(linux::open_in_proc(proc, "/etc/passwd", O_RDONLY).is(EXDEV));
  CHECK(linux::open_in_proc(proc, "self/root/etc/passwd", O_RDONLY).is(ELOOP));
  CHECK(linux::open_in_proc(proc, "self/cwd", O_RDONLY).is(ELOOP));
}

TEST_CASE("a file that something is mounted over is not written", "[CVE-2019-16884][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can mount");
  Tree tree;
  tree.file("fake", 0666);
  auto const with_mount = [&](std::string const& source) {
    return in_child([&] {
      linux::unshare(CLONE_NEWNS).or_fail("unshare");
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
      auto const target = fmt::format("/proc/{}/comm", ::getpid());
      if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) < 0) {
        return std::string("no mount");
      }
      auto const proc = linux::open_proc().or_fail("open /proc");
      return errno_text(linux::write_proc(proc, "self/comm", "x").error());
    });
  };
  CHECK(with_mount(tree / "fake") == "invalid cross-device link");
  CHECK(with_mount("/proc/version") == "invalid cross-device link");
}

TEST_CASE("a /proc that is no procfs is refused", "[CVE-2019-16884][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can mount");
  auto const with_mount = [](char const* source, char const* type, unsigned long flags) {
    return in_child([&] {
      linux::unshare(CLONE_NEWNS).or_fail("unshare");
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
      if (::mount(source, "/proc", type, flags, nullptr) < 0) return std::string("no mount");
      return errno_text(linux::open_proc().error());
    });
  };
  CHECK(with_mount("tmpfs", "tmpfs", 0) == "operation not supported");
  CHECK(with_mount("/proc/sys", nullptr, MS_BIND) == "operation not supported");
}

TEST_CASE("a private procfs has processes and nothing else", "[proc][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can make a procfs");
  CHECK(in_child([] {
          linux::unshare(CLONE_NEWPID).or_fail("unshare");
          pid_t const first = ::fork();
          if (first == 0) {
            auto const proc = linux::open_private_proc().or_fail("open a private procfs");
            linux::write_proc(proc, "self/comm", "inside").or_fail("write");
            bool const own = *linux::read_proc(proc, "1/comm") == "inside\n";
            bool const alone = linux::read_proc(proc, "sys/kernel/hostname").is(ENOENT) &&
                               linux::read_proc(proc, "2/comm").is(ENOENT);
            ::_exit(own && alone ? 0 : 1);
          }
          int status = -1;
          ::waitpid(first, &status, 0);
          return std::to_string(status);
        }) == "0");
}
