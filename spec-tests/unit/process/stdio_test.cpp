// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/stdio.hpp"

#include <sys/sysmacros.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/process/tree.hpp"

using namespace proa;

namespace {

constexpr uid_t somebody = 65534;

process::Plan for_somebody() {
  process::Plan plan;
  plan.uid = somebody;
  return plan;
}

struct ::stat info_of(int number) {
  struct ::stat info {};
  ::fstat(number, &info);
  return info;
}

/// For a child: stdin is /dev/null, stdout a file, stderr a pipe.
void take_streams(Tree const& tree) {
  tree.file("out", 0644);
  int ends[2];
  if (::pipe(ends) < 0) _exit(1);
  ::dup2(::open("/dev/null", O_RDWR), 0);
  ::dup2(::open((tree / "out").c_str(), O_WRONLY), 1);
  ::dup2(ends[1], 2);
}

}  // namespace

TEST_CASE("files and pipes become the container's user's, /dev/null does not",
          "[contract:runc][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can give files away");
  Tree tree;
  CHECK(in_child([&] {
          take_streams(tree);
          auto const before = info_of(0).st_uid;
          process::fix_stdio_owner(for_somebody());
          return fmt::format("{} {} {} {}", info_of(0).st_uid == before, info_of(1).st_uid,
                             info_of(1).st_gid, info_of(2).st_uid);
        }) == "true 65534 0 65534");
}

TEST_CASE("a terminal of the caller keeps its owner, the container's own does not",
          "[contract:crun][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can give files away");
  auto const owner_after = [](bool terminal) {
    return in_child([&] {
      int const master = ::posix_openpt(O_RDWR | O_NOCTTY);
      if (::grantpt(master) < 0 || ::unlockpt(master) < 0) return std::string("no pty");
      ::dup2(::open(::ptsname(master), O_RDWR | O_NOCTTY), 0);
      auto plan = for_somebody();
      plan.terminal = terminal;
      process::fix_stdio_owner(plan);
      return std::to_string(info_of(0).st_uid);
    });
  };
  CHECK(owner_after(false) == "0");
  CHECK(owner_after(true) == "65534");
}

TEST_CASE("a stream that is closed is passed over", "[process]") {
  CHECK(in_child([] {
          ::close(0);
          process::Plan plan;
          plan.uid = ::geteuid();
          process::fix_stdio_owner(plan);
          return std::string("passed over");
        }) == "passed over");
}

TEST_CASE("the host's /dev/null becomes the container's", "[contract:runc][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can make devices");
  Tree tree;
  if (::mknodat(tree.dir().number(), "null", S_IFCHR | 0666, ::makedev(1, 3)) < 0) {
    SKIP_BECAUSE("devices can't be made here");
  }
  CHECK(in_child([&] {
          take_streams(tree);
          auto const out = info_of(1).st_ino;
          auto const host = info_of(0).st_ino;
          process::reopen_null_stdio(tree.dir());
          struct ::stat container {};
          ::stat((tree / "null").c_str(), &container);
          bool const replaced =
              info_of(0).st_ino == container.st_ino && info_of(0).st_dev == container.st_dev;
          return fmt::format("{} {} {}", host != container.st_ino && replaced,
                             info_of(1).st_ino == out, ::fcntl(0, F_GETFD));
        }) == "true true 0");
}

TEST_CASE("a /dev/null that is something else is refused", "[CVE-2025-31133]") {
  Tree tree;
  tree.file("secret", 0644);
  SECTION("a file") { tree.file("null", 0666); }
  SECTION("a link to one") { tree.link("null", "secret"); }
  CHECK(in_child([&] {
          take_streams(tree);
          process::reopen_null_stdio(tree.dir());
          return std::string("reopened");
        }) == "error: container's /dev/null is invalid");
}

TEST_CASE("a container without /dev/null does not get the host's", "[process]") {
  Tree tree;
  CHECK(in_child([&] {
          take_streams(tree);
          process::reopen_null_stdio(tree.dir());
          return std::string("reopened");
        }) == "error: container has no /dev/null to take the place of the host's");
}
