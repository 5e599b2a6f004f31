// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/resolve.hpp"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "linux/file.hpp"
#include "sandbox.hpp"

using namespace proa;
using namespace proa::rootfs;
using proa::linux::Fd;

namespace {

/// A root with links of all kinds, next to a directory that is none of its business.
struct Image : sandbox::Bundle {
  Image() {
    make_directory("outside");
    write("outside/secret", "secret");
    make_directory("rootfs/etc");
    make_directory("rootfs/real/conf");
    write("rootfs/etc/passwd", "root");
    link("rootfs/conf", "/real/conf");
    link("rootfs/up", "../../../../../etc/passwd");
    link("rootfs/absolute", *this / "outside/secret");
    link("rootfs/etc/relative", "../../outside/secret");
    link("rootfs/loop", "loop");
    link("rootfs/etc/dangling", "/new/hosts");
    root = linux::open_at(linux::at_cwd, rootfs(), O_PATH | O_DIRECTORY).or_fail("open");
  }
  Fd root;
};

std::string where(Image const& image, linux::FdRef file) {
  auto const path = linux::readlink_at(linux::at_cwd, linux::proc_path(file)).or_fail("readlink");
  auto const prefix = image.rootfs();
  return path.starts_with(prefix) ? path.substr(prefix.size()) : "outside: " + path;
}

enum class Way { openat2, walk };

linux::Outcome<Fd> find(Image const& image, Way way, std::string const& path,
                        Lookup lookup = Lookup::follow) {
  return way == Way::openat2 ? look_up(image.root, path, lookup)
                             : rootfs::detail::walk(image.root, path, lookup);
}

}  // namespace

TEST_CASE("what a path leads to is inside the root", "[security]") {
  Image const image;
  auto const way = GENERATE(Way::openat2, Way::walk);
  struct Case {
    char const* path;
    char const* found;
  };
  auto const each = GENERATE(values<Case>({
      {"/", ""},
      {"", ""},
      {"/etc", "/etc"},
      {"etc//./passwd", "/etc/passwd"},
      {"/../../etc/passwd", "/etc/passwd"},
      {"/etc/../..", ""},
      {"/conf", "/real/conf"},
      {"/conf/..", "/real"},
      {"/up", "/etc/passwd"},
  }));
  if (way == Way::openat2 && std::string(each.path).empty()) return;  // ENOENT by POSIX
  CAPTURE(each.path, way == Way::walk);
  auto const found = find(image, way, each.path);
  REQUIRE(found);
  CHECK(where(image, *found) == each.found);
}

TEST_CASE("a link to the outside leads nowhere", "[security]") {
  Image const image;
  auto const way = GENERATE(Way::openat2, Way::walk);
  CHECK(find(image, way, "/absolute").is(ENOENT));
  CHECK(find(image, way, "/etc/relative").is(ENOENT));
}

TEST_CASE("a link that leads to itself is ELOOP", "[security]") {
  Image const image;
  CHECK(find(image, GENERATE(Way::openat2, Way::walk), "/loop").is(ELOOP));
}

TEST_CASE("a file is no directory to walk through") {
  Image const image;
  CHECK(find(image, GENERATE(Way::openat2, Way::walk), "/etc/passwd/x").is(ENOTDIR));
}

TEST_CASE("a plain lookup follows no link at all", "[security]") {
  Image const image;
  auto const way = GENERATE(Way::openat2, Way::walk);
  CHECK(find(image, way, "/conf", Lookup::plain).is(ELOOP));
  CHECK(find(image, way, "/real/conf", Lookup::plain));
}

TEST_CASE("a lookup of a link itself opens the link") {
  Image const image;
  auto const way = GENERATE(Way::openat2, Way::walk);
  auto const link = find(image, way, "/absolute", Lookup::itself);
  REQUIRE(link);
  auto const info = linux::stat(*link).or_fail("stat");
  CHECK(S_ISLNK(info.st_mode));
  SECTION("but follows those on the way") {
    image.link("rootfs/real/conf/last", "x");
    CHECK(find(image, way, "/conf/last", Lookup::itself));
  }
}

TEST_CASE("what exists is found and not made") {
  Image const image;
  auto const found = look_up_or_make(image.root, "/etc", Kind::directory);
  REQUIRE(found);
  auto const again = look_up_or_make(image.root, "/etc/passwd", Kind::directory);
  REQUIRE(again);
  CHECK(sandbox::read(image / "rootfs/etc/passwd") == "root");
}

TEST_CASE("missing directories are made with mode 0755") {
  Image const image;
  auto const before = ::umask(0);
  auto const made = look_up_or_make(image.root, "/a/b/c", Kind::directory);
  ::umask(before);
  REQUIRE(made);
  CHECK(where(image, linux::open_at(image.root, "a/b/c", O_PATH).or_fail("open")) == "/a/b/c");
  CHECK(sandbox::describe(image / "rootfs/a") == "dir 755");
  CHECK(sandbox::describe(image / "rootfs/a/b/c") == "dir 755");
}

TEST_CASE("what was made is told from what existed") {
  Image const image;
  auto made = look_up_or_make(image.root, "/one", Kind::directory).or_fail("make");
  CHECK_FALSE(made.existed);
  auto const found = look_up_or_make(image.root, "/one", Kind::directory).or_fail("make");
  CHECK(found.existed);
}

TEST_CASE("a missing file is made as an empty one, its directories too") {
  Image const image;
  auto const made = look_up_or_make(image.root, "/srv/data/file", Kind::file);
  REQUIRE(made);
  CHECK_THAT(sandbox::describe(image / "rootfs/srv/data/file"), ContainsSubstring("file"));
}

TEST_CASE("a directory that is made inherits the set-group-ID bit of its parent") {
  Image const image;
  image.make_directory("rootfs/setgid", 07755);
  auto const before = ::umask(022);
  REQUIRE(look_up_or_make(image.root, "/setgid/a/b", Kind::directory));
  ::umask(before);
  CHECK(sandbox::describe(image / "rootfs/setgid/a") == "dir 2755");
  CHECK(sandbox::describe(image / "rootfs/setgid/a/b") == "dir 2755");
}

TEST_CASE("a dangling link has its target made inside the root", "[security]") {
  Image const image;
  auto const kind = GENERATE(Kind::directory, Kind::file);
  auto const made = look_up_or_make(image.root, "/etc/dangling", kind);
  REQUIRE(made);
  CHECK(image.has("rootfs/new/hosts"));
  CHECK(sandbox::describe(image / "rootfs/etc/dangling") == "link /new/hosts");
}

TEST_CASE("nothing is ever made outside of the root", "[security]") {
  Image const image;
  image.link("rootfs/out", image / "outside/made");
  image.link("rootfs/out-relative", "../outside/made");
  REQUIRE(look_up_or_make(image.root, "/out/x", Kind::file));
  REQUIRE(look_up_or_make(image.root, "/out-relative/x", Kind::directory));
  CHECK_FALSE(image.has("outside/made"));
  CHECK(image.has("rootfs/outside/made/x"));
  CHECK(image.has("rootfs" + image.path() + "/outside/made/x"));
}

TEST_CASE("a link itself is never made") {
  Image const image;
  CHECK(look_up_or_make(image.root, "/none", Kind::file, Lookup::itself).is(ENOENT));
}

TEST_CASE("a plain lookup makes directories, but not through links", "[security]") {
  Image const image;
  CHECK(look_up_or_make(image.root, "/plain/dir", Kind::directory, Lookup::plain));
  CHECK(look_up_or_make(image.root, "/conf/new", Kind::directory, Lookup::plain).is(ELOOP));
  CHECK_FALSE(image.has("rootfs/real/conf/new"));
}

TEST_CASE("the walk takes over where openat2 is missing or filtered", "[fault]") {
  Image const image;
  int const number = GENERATE(ENOSYS, EPERM);
  pid_t const child = ::fork();
  if (child == 0) {
    if (::geteuid() != 0) ::_exit(0);  // a filter needs privileges or no_new_privs
    sandbox::forbid({SYS_openat2}, number);
    bool const inside = where(image, *look_up(image.root, "/up")) == "/etc/passwd";
    bool const nowhere = look_up(image.root, "/absolute").is(ENOENT);
    bool const made = bool(look_up_or_make(image.root, "/x/y", Kind::directory));
    ::_exit(inside && nowhere && made ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}
