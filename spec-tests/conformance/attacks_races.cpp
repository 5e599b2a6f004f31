// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Attacks that race the runtime: a volume that a hostile process shares with the container that is
// being made, and in which names change places all the time.  PROA_ROUNDS says how often.
#include <sys/stat.h>
#include <unistd.h>

#include "attacks.hpp"
#include "catch.hpp"

namespace conformance {
namespace {

/// A volume with a directory `x`, and `y` that leads to `target`.
std::string two_faced(std::string const& target) {
  std::string const place = scratch() + "/volume";
  make_directories(place + "/x");
  REQUIRE(symlink(target.c_str(), (place + "/y").c_str()) == 0);
  return place;
}

/// What a line of mountinfo says: proc(5).
struct Mount {
  std::string root, point, text;
};

std::vector<Mount> mounts_of(pid_t pid) {
  std::vector<Mount> mounts;
  std::istringstream lines(read_text("/proc/" + std::to_string(pid) + "/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Mount mount;
    std::string number;
    words >> number >> number >> number >> mount.root >> mount.point;
    mount.text = line;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool ends(std::string const& text, std::string const& with) { return text.ends_with(with); }

}  // namespace

TEST_CASE("a mount lands in the container whoever renames what it is mounted on",
          "[contract:security][cve:CVE-2021-30465][cve:CVE-2019-19921][race]"
          "[defence:target-once]") {
  std::string const outside = scratch() + "/outside";
  make_directories(outside);
  std::string const place = two_faced(outside);
  Exchange const attacker(place + "/x", place + "/y");
  Bundle const bundle =
      ordinary()
          .directory(outside.substr(1))
          .mount(volume(place, "/vol"))
          .mount({{"destination", "/vol/x"}, {"type", "tmpfs"}, {"source", "landmark"}});
  int made = 0;
  for (int i = 0; i < rounds(); ++i) {
    Container web(bundle);
    if (!web.create().ok()) continue;
    ++made;
    int seen = 0;
    for (auto const& mount : mounts_of(web.pid())) {
      if (mount.text.find(" landmark ") != std::string::npos) ++seen;
    }
    CAPTURE(i);
    CHECK(seen == 1);
  }
  CHECK(made > 0);
}

TEST_CASE("what is missing is made in the container whoever renames what it is made in",
          "[contract:security][cve:CVE-2024-45310][race][defence:in-root]") {
  std::string const outside = scratch() + "/outside";
  make_directories(outside);
  std::string const place = two_faced(outside);
  write_text(scratch() + "/file", "");
  Exchange const attacker(place + "/x", place + "/y");
  Bundle const bundle =
      ordinary()
          .directory(outside.substr(1))
          .mount(volume(place, "/vol"))
          .mount({{"destination", "/vol/x/new/deep"}, {"type", "tmpfs"}, {"source", "tmpfs"}})
          .mount(volume(scratch() + "/file", "/vol/x/newer/file"))
          .with("/process/cwd", "/vol/x/newest/cwd");
  int made = 0;
  for (int i = 0; i < rounds(); ++i) {
    Container web(bundle);
    made += web.create().ok() ? 1 : 0;
  }
  CHECK(made > 0);
  CHECK(run({{"find", outside, "-mindepth", "1"}, "", ""}).out.empty());
}

TEST_CASE("a path is made read-only and masked where it was found",
          "[contract:security][cve:GHSA-3q8j-pf29-vwv8][race][defence:protect-once]") {
  std::string const place = two_faced("/etc");
  Exchange const attacker(place + "/x", place + "/y");
  Bundle const bundle =
      ordinary().mount(volume(place, "/vol")).with("/linux/readonlyPaths", Json::array({"/vol/x"}));
  int made = 0;
  for (int i = 0; i < rounds(); ++i) {
    Container web(bundle);
    if (!web.create().ok()) continue;
    ++made;
    CAPTURE(i);
    for (auto const& mount : mounts_of(web.pid())) {
      INFO(mount.text);
      if (mount.point == "/etc") CHECK(ends(mount.root, "/rootfs/etc"));
      if (mount.point.starts_with("/vol/")) CHECK_FALSE(ends(mount.root, "/etc"));
    }
  }
  CHECK(made > 0);
}

TEST_CASE("/proc that becomes a link while it is mounted is refused or real",
          "[contract:security][cve:CVE-2019-19921][cve:CVE-2025-54867][race]"
          "[defence:no-link-at-proc]") {
  Bundle const bundle = ordinary().directory("real").link("other", "/real");
  Created undisturbed(bundle);
  for (int i = 0; i < rounds(); ++i) {
    CAPTURE(i);
    Container web(bundle);
    Exchange const attacker(web.rootfs() + "/proc", web.rootfs() + "/other");
    if (!web.create().ok()) continue;
    bool elsewhere = false;
    for (auto const& mount : mounts_of(web.pid())) elsewhere |= mount.point == "/real";
    CHECK_FALSE(elsewhere);
  }
}

}  // namespace conformance
