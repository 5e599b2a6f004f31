// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#linux-mount-options: every word of the table, read back from /proc/self/mountinfo.
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

bool has(Json const& list, std::string const& word) {
  return std::count(list.begin(), list.end(), word) != 0;
}

Json tmpfs_with(Words const& options) {
  return {{"destination", "/mnt"}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", options}};
}

Json bind_with(Words const& options) {
  return {{"destination", "/mnt"}, {"type", "none"}, {"source", "/sys"}, {"options", options}};
}

Json options_of(Json const& mount) {
  return mount_at(report(ordinary().mount(mount)), "/mnt").at("options");
}

}  // namespace

TEST_CASE("a word that sets a flag sets it", "[spec:config#linux-mount-options][MUST]") {
  for (std::string const word : {"ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime"}) {
    CAPTURE(word);
    CHECK(has(options_of(tmpfs_with({word})), word));
    CHECK_FALSE(has(options_of(tmpfs_with({})), word));
  }
}

TEST_CASE("a word that clears a flag clears it", "[spec:config#linux-mount-options][MUST]") {
  struct Row {
    char const* set;
    char const* clear;
  };
  for (auto const& [set, clear] :
       {Row{"ro", "rw"}, Row{"nosuid", "suid"}, Row{"nodev", "dev"}, Row{"noexec", "exec"},
        Row{"noatime", "atime"}, Row{"nodiratime", "diratime"}}) {
    CAPTURE(set, clear);
    CHECK_FALSE(has(options_of(tmpfs_with({set, clear})), set));
    CHECK(has(options_of(tmpfs_with({clear, set})), set));
  }
}

TEST_CASE("relatime and strictatime exclude each other",
          "[spec:config#linux-mount-options][MUST]") {
  CHECK(has(options_of(tmpfs_with({"relatime"})), "relatime"));
  CHECK_FALSE(has(options_of(tmpfs_with({"strictatime"})), "relatime"));
  CHECK_FALSE(has(options_of(tmpfs_with({"strictatime"})), "noatime"));
  // The default of the kernel.
  CHECK(has(options_of(tmpfs_with({"nostrictatime"})), "relatime"));
}

// crun 1.8 does not know iversion, lazytime, silent and loud.
TEST_CASE("words for the whole file system are taken", "[spec:config#linux-mount-options][MUST]") {
  for (char const* word : {"defaults", "async", "iversion", "noiversion", "lazytime", "nolazytime",
                           "silent", "loud", "norelatime"}) {
    CAPTURE(word);
    CHECK(options_of(tmpfs_with({word})).is_array());
  }
}

TEST_CASE("sync, dirsync and lazytime reach the file system",
          "[spec:config#linux-mount-options][MUST]") {
  for (char const* word : {"sync", "dirsync", "lazytime"}) {
    CAPTURE(word);
    Json const mount = mount_at(report(ordinary().mount(tmpfs_with({word}))), "/mnt");
    CHECK((has(mount.at("super"), word) || has(mount.at("options"), word)));
  }
}

TEST_CASE("words that kernels no longer know are taken", "[spec:config#linux-mount-options][MAY]") {
  for (char const* word : {"mand", "nomand"}) {
    CAPTURE(word);
    CHECK(options_of(tmpfs_with({word})).is_array());
  }
}

TEST_CASE("nosymfollow stops links", "[spec:config#linux-mount-options][SHOULD]") {
  CHECK(has(options_of(tmpfs_with({"nosymfollow"})), "nosymfollow"));
  CHECK_FALSE(has(options_of(tmpfs_with({"nosymfollow", "symfollow"})), "nosymfollow"));
}

TEST_CASE("flags are set on a bind mount", "[spec:config#linux-mount-options][MUST]") {
  for (std::string const word : {"ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime"}) {
    CAPTURE(word);
    CHECK(has(options_of(bind_with({"bind", word})), word));
  }
}

TEST_CASE("a read-only bind leaves its source writable",
          "[spec:config#linux-mount-options][MUST]") {
  std::string const source = scratch() + "/source";
  make_directories(source);
  auto const entry = [&](char const* place, Words const& options) {
    return Json{{"destination", place}, {"type", "none"}, {"source", source}, {"options", options}};
  };
  auto const seen = inside(
      ordinary().mount(entry("/mnt/fixed", {"bind", "ro"})).mount(entry("/mnt/free", {"bind"})),
      {{"write", "/mnt/fixed/new", ""}, {"write", "/mnt/free/new", ""}});
  CHECK(seen[0].at("errno") == EROFS);
  CHECK(seen[1].at("errno") == 0);
}

TEST_CASE("recursive words reach the mounts below", "[spec:config#linux-mount-options][SHOULD]") {
  if (denied({"mount_setattr"})) SKIP_BECAUSE("the call that does it is denied");
  struct Row {
    char const* word;
    char const* flag;
  };
  for (auto const& [word, flag] :
       {Row{"rro", "ro"}, Row{"rnosuid", "nosuid"}, Row{"rnodev", "nodev"},
        Row{"rnoexec", "noexec"}, Row{"rnoatime", "noatime"}, Row{"rnodiratime", "nodiratime"},
        Row{"rnosymfollow", "nosymfollow"}, Row{"rrelatime", "relatime"}}) {
    CAPTURE(word);
    Json const seen = report(ordinary().mount(bind_with({"rbind", word})));
    int below = 0;
    for (auto const& mount : seen.at("mounts")) {
      if (!mount.at("target").get<std::string>().starts_with("/mnt")) continue;
      ++below;
      CAPTURE(mount.at("target"));
      CHECK(has(mount.at("options"), flag));
    }
    CHECK(below > 1);
  }
}

TEST_CASE("recursive words clear as well", "[spec:config#linux-mount-options][SHOULD]") {
  if (denied({"mount_setattr"})) SKIP_BECAUSE("the call that does it is denied");
  struct Row {
    char const* set;
    char const* clear;
    char const* flag;
  };
  for (auto const& [set, clear, flag] :
       {Row{"rro", "rrw", "ro"}, Row{"rnosuid", "rsuid", "nosuid"}, Row{"rnodev", "rdev", "nodev"},
        Row{"rnoexec", "rexec", "noexec"}, Row{"rnoatime", "ratime", "noatime"},
        Row{"rnodiratime", "rdiratime", "nodiratime"},
        Row{"rnosymfollow", "rsymfollow", "nosymfollow"}}) {
    CAPTURE(set, clear);
    Json const mount = mount_at(report(ordinary().mount(bind_with({"rbind", set, clear}))), "/mnt");
    CHECK_FALSE(has(mount.at("options"), flag));
  }
}

TEST_CASE("further recursive words are taken", "[spec:config#linux-mount-options][SHOULD]") {
  if (denied({"mount_setattr"})) SKIP_BECAUSE("the call that does it is denied");
  for (char const* word : {"rstrictatime", "rnostrictatime", "rnorelatime"}) {
    CAPTURE(word);
    CHECK(options_of(bind_with({"rbind", word})).is_array());
  }
}

TEST_CASE("ro does not reach the mounts below an rbind",
          "[spec:config#linux-mount-options][MUST]") {
  Json const seen = report(ordinary().mount(bind_with({"rbind", "ro"})));
  CHECK(has(mount_at(seen, "/mnt").at("options"), "ro"));
  bool writable = false;
  for (auto const& mount : seen.at("mounts")) {
    std::string const target = mount.at("target");
    if (target.starts_with("/mnt/") && has(mount.at("options"), "rw")) writable = true;
  }
  CHECK(writable);
}

TEST_CASE("remount changes what is mounted", "[spec:config#linux-mount-options][MUST]") {
  Json again = tmpfs_with({"remount", "ro", "nosuid"});
  Json const options =
      mount_at(report(ordinary().mount(tmpfs_with({"nosuid"})).mount(again)), "/mnt").at("options");
  CHECK(has(options, "ro"));
  CHECK(has(options, "nosuid"));
}

TEST_CASE("features names every option that has to be there",
          "[spec:features#mount-options][MUST]") {
  Result const result = run({{runtime_path(), "features"}, "", ""});
  INFO(result.err);
  REQUIRE(result.ok());
  Json const options = Json::parse(result.out).at("mountOptions");
  for (char const* word : {"async",      "atime",      "bind",       "defaults",      "dev",
                           "diratime",   "dirsync",    "exec",       "iversion",      "lazytime",
                           "loud",       "noatime",    "nodev",      "nodiratime",    "noexec",
                           "noiversion", "nolazytime", "norelatime", "nostrictatime", "nosuid",
                           "private",    "rbind",      "relatime",   "remount",       "ro",
                           "rprivate",   "rshared",    "rslave",     "runbindable",   "rw",
                           "shared",     "silent",     "slave",      "strictatime",   "suid",
                           "sync",       "unbindable"}) {
    CAPTURE(word);
    CHECK(has(options, word));
  }
}

}  // namespace conformance
