// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#root and what config-linux.md says of the whole file system: propagation, masked and
// read-only paths, and the ways into the root.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

bool has(Json const& list, std::string const& word) {
  return std::any_of(list.begin(), list.end(),
                     [&](Json const& entry) { return entry.get<std::string>().starts_with(word); });
}

}  // namespace

TEST_CASE("the root is the bundle's root file system", "[spec:config#root][MUST]") {
  Json const seen = inside(ordinary().file("etc/motd", "hello"), {{"read", "/etc/motd"}})[0];
  CHECK(seen.at("text") == "hello");
}

TEST_CASE("a root path may be absolute", "[spec:config#root][MUST]") {
  std::string const place = scratch() + "/elsewhere";
  ordinary().file("etc/motd", "elsewhere").write(place);
  Json const seen =
      inside(ordinary().with("/root/path", place + "/rootfs"), {{"read", "/etc/motd"}})[0];
  CHECK(seen.at("text") == "elsewhere");
}

TEST_CASE("a root path that is a file is refused", "[spec:config#root][MUST]") {
  refusal(ordinary().with("/root/path", "config.json"));
}

TEST_CASE("the root is writable by default", "[spec:config#root][MUST]") {
  Created web(ordinary().doing({{"write", "/new", "text"}}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("errno") == 0);
  web.wait();
  CHECK(read_text(web.rootfs() + "/new") == "text");
}

TEST_CASE("a read-only root takes no writes", "[spec:config#root][MUST]") {
  auto const seen =
      inside(ordinary()
                 .file("etc/motd", "")
                 .with("/root/readonly", true)
                 .mount({{"destination", "/tmp"}, {"type", "tmpfs"}, {"source", "tmpfs"}}),
             {{"write", "/new", ""},
              {"open", "/etc/motd", "w"},
              {"mkdir", "/etc/new"},
              {"write", "/tmp/new", ""},
              {"open", "/dev/null", "w"}});
  CHECK(seen[0].at("errno") == EROFS);
  CHECK(seen[1].at("errno") == EROFS);
  CHECK(seen[2].at("errno") == EROFS);
  CHECK(seen[3].at("errno") == 0);
  CHECK(seen[4].at("errno") == 0);
}

TEST_CASE("nothing of the host's file system is in reach", "[spec:config#root][MUST]") {
  auto const seen =
      inside(ordinary(), {{"stat", scratch()}, {"list", "/"}, {"list", "/.."}, {"report"}});
  CHECK(seen[0].at("errno") == ENOENT);
  CHECK(seen[1].at("names") == seen[2].at("names"));
  for (auto const& mount : seen[3].at("mounts")) {
    CHECK(mount.at("target").get<std::string>().starts_with("/"));
  }
  std::size_t const roots = static_cast<std::size_t>(
      std::count_if(seen[3].at("mounts").begin(), seen[3].at("mounts").end(),
                    [](Json const& mount) { return mount.at("target") == "/"; }));
  CHECK(roots == 1);
}

TEST_CASE("the root is a mount of its own and private by default",
          "[spec:config-linux#rootfs-mount-propagation][MUST]") {
  Json const root = mount_at(report(ordinary()), "/");
  REQUIRE(root.is_object());
  CHECK_FALSE(has(root.at("propagation"), "shared:"));
}

TEST_CASE("rootfsPropagation is the root's propagation",
          "[spec:config-linux#rootfs-mount-propagation][MUST]") {
  auto const root = [](char const* word) {
    return mount_at(report(ordinary().with("/linux/rootfsPropagation", word)), "/")
        .at("propagation");
  };
  CHECK(root("private") == Json::array());
  CHECK(has(root("shared"), "shared:"));
  CHECK(has(root("unbindable"), "unbindable"));
  CHECK_FALSE(has(root("slave"), "shared:"));
}

TEST_CASE("an unknown rootfsPropagation is refused", "[spec:config#valid-values][MUST]") {
  refusal(ordinary().with("/linux/rootfsPropagation", "sideways"));
}

TEST_CASE("mounts of the container do not reach the host", "[spec:config-linux#namespaces][MUST]") {
  auto const before = read_text("/proc/self/mountinfo");
  Running web(ordinary());
  CHECK(read_text("/proc/self/mountinfo") == before);
}

TEST_CASE("masked files cannot be read", "[spec:config-linux#masked-paths][MUST]") {
  Bundle const bundle = ordinary()
                            .file("etc/secret", "secret")
                            .file("etc/hidden/secret", "secret")
                            .with("/linux/maskedPaths",
                                  {"/etc/secret", "/etc/hidden", "/no/such/file", "/proc/kcore"});
  auto const seen = inside(bundle, {{"read", "/etc/secret"},
                                    {"list", "/etc/hidden"},
                                    {"read", "/proc/kcore"},
                                    {"write", "/etc/hidden/new", ""}});
  CHECK(seen[0].at("text") == "");
  CHECK(seen[1].at("names") == Json::array());
  CHECK(seen[2].at("text") == "");
  CHECK(seen[3].at("errno") == EROFS);
}

TEST_CASE("a masked path that is a link hides what it points to",
          "[spec:config-linux#masked-paths][MUST]") {
  Bundle const bundle = ordinary()
                            .file("etc/secret", "secret")
                            .link("etc/alias", "/etc/secret")
                            .with("/linux/maskedPaths", Json::array({"/etc/alias"}));
  CHECK(inside(bundle, {{"read", "/etc/secret"}})[0].at("text") == "");
}

TEST_CASE("read-only paths take no writes", "[spec:config-linux#readonly-paths][MUST]") {
  Bundle const bundle =
      ordinary()
          .file("etc/fixed", "old")
          .directory("srv/fixed")
          .with("/linux/readonlyPaths", {"/etc/fixed", "/srv/fixed", "/no/such/file", "/proc/sys"});
  auto const seen = inside(bundle, {{"open", "/etc/fixed", "w"},
                                    {"write", "/srv/fixed/new", ""},
                                    {"open", "/proc/sys/kernel/hostname", "w"},
                                    {"read", "/etc/fixed"},
                                    {"write", "/srv/free", ""}});
  CHECK(seen[0].at("errno") == EROFS);
  CHECK(seen[1].at("errno") == EROFS);
  CHECK(seen[2].at("errno") == EROFS);
  CHECK(seen[3].at("text") == "old");
  CHECK(seen[4].at("errno") == 0);
}

TEST_CASE("read-only paths keep the flags of the mount they are on",
          "[spec:config-linux#readonly-paths][MUST]") {
  Bundle const bundle = ordinary()
                            .mount({{"destination", "/mnt"},
                                    {"type", "tmpfs"},
                                    {"source", "tmpfs"},
                                    {"options", {"nosuid", "nodev", "noexec"}}})
                            .with("/linux/readonlyPaths", Json::array({"/mnt"}));
  Json const options = mount_at(report(bundle), "/mnt").at("options");
  for (char const* word : {"ro", "nosuid", "nodev", "noexec"}) {
    CAPTURE(word);
    CHECK(has(options, word));
  }
}

TEST_CASE("masked and read-only paths have to be absolute",
          "[spec:config-linux#masked-paths][MUST]") {
  refusal(ordinary().with("/linux/maskedPaths", Json::array({"proc/kcore"})));
  refusal(ordinary().with("/linux/readonlyPaths", Json::array({"proc/sys"})));
}

TEST_CASE("--no-pivot reaches the root without pivot_root", "[contract:create]") {
  Container web(
      ordinary().file("etc/motd", "moved").doing({{"read", "/etc/motd"}, {"stat", scratch()}}));
  REQUIRE(web.create({"--no-pivot"}).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("text") == "moved");
  CHECK(web.answer().at("errno") == ENOENT);
  web.wait();
}

TEST_CASE("a container without a mount namespace is chrooted", "[contract:create]") {
  // Only the root is changed: mounts would be the host's.
  Bundle const bundle = minimal()
                            .without_namespace("mount")
                            .with("/mounts", Json::array())
                            .file("etc/motd", "chrooted")
                            .doing({{"read", "/etc/motd"}, {"stat", scratch()}});
  auto const before = read_text("/proc/self/mountinfo");
  Container web(bundle);
  Result const created = web.create();
  if (!created.ok()) {
    // A runtime may refuse it, but must say so and leave nothing.
    CHECK(created.status == 1);
    CHECK(web.left_behind().empty());
    return;
  }
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("text") == "chrooted");
  CHECK(web.answer().at("errno") == ENOENT);
  web.wait();
  CHECK(read_text("/proc/self/mountinfo") == before);
}

}  // namespace conformance
