// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#user-namespace-mappings, and containers of users without privileges.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <sstream>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

constexpr uid_t plain_user = 61234;

Json mapping(unsigned container, unsigned host, unsigned size) {
  return {{"containerID", container}, {"hostID", host}, {"size", size}};
}

std::vector<int> numbers_in(std::string const& text) {
  std::istringstream words(text);
  return {std::istream_iterator<int>(words), {}};
}

/// One id, no cgroup.
Bundle rootless() { return conformance::rootless(plain_user).without_namespace("cgroup"); }

/// What a plain user's runtime does with `bundle`: written output of `run`, which `around` starts.
Result run_rootless(Bundle const& bundle, Words const& around = {}) {
  std::string const place = scratch() + "/rootless";
  bundle.write(place);
  make_directories(state_root());
  chown(state_root().c_str(), plain_user, plain_user);
  run({{"chown", "-R", std::to_string(plain_user), place}, "", ""});
  Command command = runtime_command({"run", "--bundle", place, "rootless"});
  command.argv.insert(command.argv.begin(), around.begin(), around.end());
  command.user = plain_user;
  command.env = {"XDG_RUNTIME_DIR=" + scratch(), "HOME=/"};
  Result result = run(command);
  CHECK_FALSE(exists(state_root() + "/rootless"));
  return result;
}

}  // namespace

TEST_CASE("ids are mapped as config.json says",
          "[spec:config-linux#user-namespace-mappings][MUST]") {
  Created web(userns().doing({{"report"}, {"stat", "/probe"}, {"pause"}}));
  REQUIRE(web.start().ok());
  Json const seen = web.answer();
  CHECK(seen.at("namespaces").at("user") != own_namespace("user"));
  std::istringstream map(seen.at("uid_map").get<std::string>());
  unsigned container = 1;
  unsigned host = 0;
  unsigned size = 0;
  map >> container >> host >> size;
  CHECK(container == 0);
  CHECK(host == 100000);
  CHECK(size == 65536);
  struct stat info {};
  REQUIRE(stat(("/proc/" + std::to_string(web.pid())).c_str(), &info) == 0);
  CHECK(info.st_uid == 100000);
}

TEST_CASE("several ranges are mapped", "[spec:config-linux#user-namespace-mappings][MUST]") {
  Json const users = {mapping(0, 100000, 1000), mapping(1000, 5000, 1), mapping(2000, 300000, 10)};
  Json const groups = {mapping(0, 200000, 100), mapping(700, 6000, 2)};
  Json const seen = report(userns()
                               .with("/linux/uidMappings", users)
                               .with("/linux/gidMappings", groups)
                               .with("/process/user", {{"uid", 1000}, {"gid", 701}}));
  CHECK(seen.at("user").at("uid") == Json{1000, 1000, 1000});
  CHECK(seen.at("user").at("gid") == Json{701, 701, 701});
  CHECK(numbers_in(seen.at("uid_map")) ==
        std::vector{0, 100000, 1000, 1000, 5000, 1, 2000, 300000, 10});
  CHECK(numbers_in(seen.at("gid_map")) == std::vector{0, 200000, 100, 700, 6000, 2});
}

TEST_CASE("files keep their owners", "[spec:config-linux#user-namespace-mappings][SHOULD]") {
  Container web(userns().file("etc/owned", "").doing({{"stat", "/etc/owned"}}));
  REQUIRE(chown((web.rootfs() + "/etc/owned").c_str(), 100007, 100008) == 0);
  REQUIRE(web.create().ok());
  REQUIRE(web.start().ok());
  Json const seen = web.answer();
  web.wait();
  CHECK(seen.at("uid") == 7);
  CHECK(seen.at("gid") == 8);
  struct stat info {};
  REQUIRE(stat((web.rootfs() + "/etc/owned").c_str(), &info) == 0);
  CHECK(info.st_uid == 100007);
}

TEST_CASE("a user namespace without mappings and without a path is refused",
          "[spec:config-linux#user-namespace-mappings][MUST]") {
  refusal(ordinary().with_namespace("user"));
}

TEST_CASE("a user that the mappings do not hold is refused",
          "[spec:config-linux#user-namespace-mappings][MUST]") {
  // By create, or by start, which applies it.
  Container web(userns().with("/process/user", {{"uid", 70000}, {"gid", 0}}));
  if (!web.create().ok()) return;
  CHECK(web.start().status == 1);
}

TEST_CASE("mappings without a user namespace are refused",
          "[spec:config-linux#user-namespace-mappings][MUST]") {
  refusal(ordinary().with("/linux/uidMappings", Json::array({mapping(0, 1000, 1)})));
}

TEST_CASE("the user namespace of another container can be joined",
          "[spec:config-linux#namespaces][MUST]") {
  Running first(userns());
  std::string const base = "/proc/" + std::to_string(first.pid()) + "/ns/";
  Bundle const joining = ordinary().with_namespace("user", base + "user");
  Json const seen = report(joining);
  CHECK(seen.at("namespaces").at("user") == namespace_of(first.pid(), "user"));
  CHECK(seen.at("namespaces").at("pid") != namespace_of(first.pid(), "pid"));
}

TEST_CASE("root in a user namespace has the capabilities it was given",
          "[spec:config#linux-process][MUST]") {
  Json const seen = report(userns()).at("capabilities");
  CHECK(seen.at("effective") ==
        capability_bits({"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"}));
}

TEST_CASE("devices are there in a user namespace", "[spec:config-linux#default-devices][MUST]") {
  auto const seen =
      inside(userns(),
             {{"stat", "/dev/null"}, {"open", "/dev/null", "rw"}, {"open", "/dev/urandom", "r"}});
  CHECK(seen[0].at("type") == S_IFCHR);
  CHECK(seen[0].at("minor") == 3);
  CHECK(seen[1].at("errno") == 0);
  CHECK(seen[2].at("errno") == 0);
}

TEST_CASE("the network namespace belongs to the user namespace",
          "[spec:config-linux#namespaces][MUST]") {
  auto const seen = inside(userns().with("/linux/sysctl", {{"net.ipv4.ip_forward", "1"}}),
                           {{"interfaces"}, {"read", "/proc/sys/net/ipv4/ip_forward"}});
  CHECK(seen[0].at("up").at("lo") == true);
  CHECK(seen[1].at("text") == "1\n");
}

TEST_CASE("a plain user runs a container", "[contract:rootless]") {
  Result const result = run_rootless(rootless().doing({{"report"}}));
  INFO(result.err);
  REQUIRE(result.status == 0);
  Json const seen = Json::parse(result.out);
  CHECK(seen.at("user").at("uid") == Json{0, 0, 0});
  CHECK(seen.at("pid") == 1);
  CHECK(seen.at("setgroups") == "deny\n");
  CHECK(seen.at("names").at("hostname") == "conformance");
}

// As podman does it: it makes the user namespace itself, and config.json has none.
TEST_CASE("root of a plain user's namespace needs no further one",
          "[contract:rootless][contract:podman]") {
  Bundle const bundle = ordinary()
                            .without_namespace("network")
                            .without_namespace("cgroup")
                            .without_mount("/sys")
                            .doing({{"report"}});
  Result const result = run_rootless(bundle, {"unshare", "--user", "--map-root-user"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  Json const seen = Json::parse(result.out);
  CHECK(seen.at("user").at("uid") == Json{0, 0, 0});
  CHECK(seen.at("pid") == 1);
}

TEST_CASE("a plain user gets the exit status", "[contract:rootless]") {
  CHECK(run_rootless(rootless().doing({{"exit", "9"}})).status == 9);
}

TEST_CASE("a plain user has a read-only root, read-only paths and devices", "[contract:rootless]") {
  Bundle const bundle =
      rootless()
          .with("/root/readonly", true)
          .with("/linux/maskedPaths", {"/proc/kcore", "/proc/acpi"})
          .with("/linux/readonlyPaths", {"/proc/sys", "/proc/bus"})
          .doing({{"write", "/new", ""}, {"open", "/dev/null", "rw"}, {"report"}});
  Result const result = run_rootless(bundle);
  INFO(result.err);
  REQUIRE(result.status == 0);
  std::istringstream lines(result.out);
  Json writing;
  Json opening;
  Json seen;
  lines >> writing >> opening >> seen;
  CHECK(writing.at("errno") == EROFS);
  CHECK(opening.at("errno") == 0);
  Json const options = mount_at(seen, "/proc/sys").at("options");
  CHECK(std::count(options.begin(), options.end(), "ro") == 1);
}

TEST_CASE("a plain user may not map ids that are not theirs", "[contract:rootless]") {
  Result const result = run_rootless(
      rootless().with("/linux/uidMappings", Json::array({mapping(0, 0, 1)})).doing({{"report"}}));
  CHECK(result.status == 1);
}

}  // namespace conformance
