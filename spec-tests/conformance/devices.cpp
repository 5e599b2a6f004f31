// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#devices, #default-devices, #allowed-device-list, and the links that
// runtime-linux.md wants in /dev.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Json device(std::string const& path, char const* type, int major, int minor) {
  return {{"path", path}, {"type", type}, {"major", major}, {"minor", minor}};
}

Json rule(bool allow, char const* access) { return {{"allow", allow}, {"access", access}}; }

Json rule(bool allow, char const* access, int major, int minor) {
  return {{"allow", allow}, {"access", access}, {"type", "c"}, {"major", major}, {"minor", minor}};
}

/// With CAP_MKNOD, so that only the device list decides.
Bundle maker() {
  Json const set = {"CAP_MKNOD", "CAP_DAC_OVERRIDE"};
  return ordinary().with("/process/capabilities",
                         {{"bounding", set}, {"effective", set}, {"permitted", set}});
}

Bundle allowing(std::vector<Json> const& rules) {
  return maker().with("/linux/resources/devices", rules);
}

}  // namespace

TEST_CASE("the default devices are there", "[spec:config-linux#default-devices][MUST]") {
  struct Row {
    char const* path;
    int major, minor;
  };
  Row const rows[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                      {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
  for (auto const& row : rows) {
    CAPTURE(row.path);
    Json const seen = inside(ordinary(), {{"stat", row.path}})[0];
    CHECK(seen.at("type") == S_IFCHR);
    CHECK(seen.at("major") == row.major);
    CHECK(seen.at("minor") == row.minor);
    CHECK(seen.at("permissions") == 0666);
  }
}

TEST_CASE("default devices can be used", "[spec:config-linux#default-devices][MUST]") {
  for (char const* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    CAPTURE(path);
    CHECK(inside(allowing({rule(false, "rwm")}), {{"open", path, "rw"}})[0].at("errno") == 0);
  }
}

TEST_CASE("/dev/ptmx leads to the container's devpts",
          "[spec:config-linux#default-devices][MUST]") {
  auto const seen = inside(ordinary(), {{"stat", "/dev/ptmx"}, {"open", "/dev/ptmx", "rw"}});
  // A link or a bind mount.
  if (seen[0].at("type") == S_IFLNK) CHECK(seen[0].at("link") == "pts/ptmx");
  CHECK(seen[1].at("errno") == 0);
}

TEST_CASE("/dev/fd and the standard streams are linked",
          "[spec:runtime-linux#dev-symbolic-links][MUST]") {
  auto const seen = inside(ordinary(), {{"stat", "/dev/fd"},
                                        {"stat", "/dev/stdin"},
                                        {"stat", "/dev/stdout"},
                                        {"stat", "/dev/stderr"}});
  CHECK(seen[0].at("link") == "/proc/self/fd");
  CHECK(seen[1].at("link") == "/proc/self/fd/0");
  CHECK(seen[2].at("link") == "/proc/self/fd/1");
  CHECK(seen[3].at("link") == "/proc/self/fd/2");
}

TEST_CASE("without /proc there are no links into it",
          "[spec:runtime-linux#dev-symbolic-links][MUST]") {
  if (!is_proa()) SKIP_BECAUSE("runc and crun need a /proc");
  Created web(ordinary().without_mount("/proc").doing({{"stat", "/dev/fd"}}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("errno") == ENOENT);
  web.wait();
}

TEST_CASE("devices are made as listed", "[spec:config-linux#devices][MUST]") {
  Json fuse = device("/dev/fuse", "c", 10, 229);
  fuse.update({{"fileMode", 0640}, {"uid", 5}, {"gid", 6}});
  Bundle const bundle = ordinary().with("/linux/devices", {fuse,
                                                           device("/dev/loop-test", "b", 7, 200),
                                                           device("/srv/outside", "c", 1, 3),
                                                           {{"path", "/run/pipe"}, {"type", "p"}},
                                                           device("/dev/raw", "u", 1, 5)});
  auto const seen = inside(bundle, {{"stat", "/dev/fuse"},
                                    {"stat", "/dev/loop-test"},
                                    {"stat", "/srv/outside"},
                                    {"stat", "/run/pipe"},
                                    {"stat", "/dev/raw"}});
  CHECK(seen[0].at("type") == S_IFCHR);
  CHECK(seen[0].at("major") == 10);
  CHECK(seen[0].at("minor") == 229);
  CHECK(seen[0].at("permissions") == 0640);
  CHECK(seen[0].at("uid") == 5);
  CHECK(seen[0].at("gid") == 6);
  CHECK(seen[1].at("type") == S_IFBLK);
  CHECK(seen[1].at("major") == 7);
  CHECK(seen[2].at("minor") == 3);
  CHECK(seen[3].at("type") == S_IFIFO);
  CHECK(seen[4].at("type") == S_IFCHR);
}

TEST_CASE("the umask of the caller does not change the mode of devices", "[contract:create]") {
  Json tun = device("/dev/net/tun", "c", 10, 200);
  tun["fileMode"] = 0666;
  Container web(
      ordinary().with("/linux/devices", Json::array({tun})).doing({{"stat", "/dev/net/tun"}}));
  Command caller;
  caller.umask = 0077;
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("permissions") == 0666);
  web.wait();
}

TEST_CASE("a file where a device should be is an error", "[spec:config-linux#devices][MUST]") {
  Bundle const plain = ordinary().file("srv/device", "a file");
  refusal(plain.with("/linux/devices", Json::array({device("/srv/device", "c", 1, 3)})));
}

TEST_CASE("a device that is already there and fits is taken", "[spec:config-linux#devices][MUST]") {
  Container web(ordinary()
                    .with("/linux/devices", Json::array({device("/srv/device", "c", 1, 3)}))
                    .directory("srv")
                    .doing({{"stat", "/srv/device"}}));
  REQUIRE(mknod((web.rootfs() + "/srv/device").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0);
  Result const result = web.create();
  INFO(result.err);
  REQUIRE(result.ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("minor") == 3);
  web.wait();
}

TEST_CASE("a device that is already there and differs is an error",
          "[spec:config-linux#devices][MUST]") {
  Container web(ordinary()
                    .with("/linux/devices", Json::array({device("/srv/device", "c", 1, 3)}))
                    .directory("srv"));
  REQUIRE(mknod((web.rootfs() + "/srv/device").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0);
  CHECK(web.create().status > 0);
}

TEST_CASE("a device type that nobody knows is refused", "[spec:config#valid-values][MUST]") {
  refusal(ordinary().with("/linux/devices", Json::array({device("/dev/x", "x", 1, 3)})));
}

TEST_CASE("a device without numbers is refused", "[spec:config-linux#devices][MUST]") {
  refusal(ordinary().with("/linux/devices", Json::array({{{"path", "/dev/x"}, {"type", "c"}}})));
}

TEST_CASE("devices need an absolute path", "[spec:config-linux#devices][MUST]") {
  refusal(ordinary().with("/linux/devices", Json::array({device("dev/x", "c", 1, 3)})));
}

TEST_CASE("a denied device cannot be opened", "[spec:config-linux#allowed-device-list][MUST]") {
  // 10:200 is /dev/net/tun; opening it without a driver is ENODEV or ENXIO, a denial is EPERM.
  Json const tun = Json::array({device("/dev/fuse", "c", 10, 229)});
  Json const denied = inside(allowing({rule(false, "rwm")}).with("/linux/devices", tun),
                             {{"open", "/dev/fuse", "rw"}})[0];
  CHECK(denied.at("errno") == EPERM);
  Json const allowed =
      inside(allowing({rule(false, "rwm"), rule(true, "rw", 10, 229)}).with("/linux/devices", tun),
             {{"open", "/dev/fuse", "rw"}})[0];
  CHECK(allowed.at("errno") != EPERM);
  // A rule for another minor number, another major number, another type.
  Json block = rule(true, "rw", 10, 229);
  block["type"] = "b";
  for (Json const& other : {rule(true, "rw", 10, 228), rule(true, "rw", 11, 229), block}) {
    CAPTURE(other);
    Json const seen = inside(allowing({rule(false, "rwm"), other}).with("/linux/devices", tun),
                             {{"open", "/dev/fuse", "rw"}})[0];
    CHECK(seen.at("errno") == EPERM);
  }
}

TEST_CASE("rules are applied in the listed order",
          "[spec:config-linux#allowed-device-list][MUST]") {
  Json const fuse = Json::array({device("/dev/fuse", "c", 10, 229)});
  auto const opens = [&](std::vector<Json> const& rules) {
    Json const seen =
        inside(allowing(rules).with("/linux/devices", fuse), {{"open", "/dev/fuse", "rw"}})[0];
    return seen.at("errno") != EPERM;
  };
  CHECK(opens({rule(true, "rwm", 10, 229), rule(false, "rwm"), rule(true, "rwm", 10, 229)}));
  CHECK_FALSE(opens({rule(true, "rwm"), rule(false, "rwm", 10, 229)}));
  CHECK_FALSE(opens({rule(true, "rwm", 10, 229), rule(false, "rwm")}));
}

TEST_CASE("reading and writing are separate", "[spec:config-linux#allowed-device-list][MUST]") {
  Json const mem = Json::array({device("/dev/fuse", "c", 10, 229)});
  auto const seen =
      inside(allowing({rule(false, "rwm"), rule(true, "r", 10, 229)}).with("/linux/devices", mem),
             {{"open", "/dev/fuse", "r"}, {"open", "/dev/fuse", "w"}, {"open", "/dev/fuse", "rw"}});
  CHECK(seen[0].at("errno") != EPERM);
  CHECK(seen[1].at("errno") == EPERM);
  CHECK(seen[2].at("errno") == EPERM);
}

// As with runc and crun, so that images can be unpacked; only opening one counts.
TEST_CASE("every device node may be made", "[contract:devices]") {
  Json const without = inside(allowing({rule(false, "rwm"), rule(true, "rw", 10, 229)}),
                              {{"mknod", "/node", "c", "10", "229"}})[0];
  Json const with = inside(allowing({rule(false, "rwm"), rule(true, "m", 10, 229)}),
                           {{"mknod", "/node", "c", "10", "229"}})[0];
  CHECK(with.at("errno") == 0);
  CHECK(without.at("errno") == 0);
}

TEST_CASE("a rule without numbers covers all devices",
          "[spec:config-linux#allowed-device-list][MUST]") {
  Json const fuse = Json::array({device("/dev/fuse", "c", 10, 229)});
  Json const seen =
      inside(allowing({rule(false, "rwm"), rule(true, "rwm")}).with("/linux/devices", fuse),
             {{"open", "/dev/fuse", "rw"}})[0];
  CHECK(seen.at("errno") != EPERM);
}

TEST_CASE("a rule with an access letter that nobody knows is refused",
          "[spec:config#valid-values][MUST]") {
  refusal(allowing({rule(true, "rwx")}));
}

}  // namespace conformance
