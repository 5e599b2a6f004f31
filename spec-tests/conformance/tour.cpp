// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The bundles of bundles/ run and show what bundles/README.md says of them.
#include <unistd.h>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// `bundles/prepare NAME`, and where the bundle is.
std::string prepared(std::string const& name) {
  std::string place = scratch() + "/" + name;
  Result const result = run({{PROA_BUNDLES "/prepare", name, place}, "", ""});
  INFO(result.err);
  REQUIRE(result.ok());
  // The cgroup of this run, so that nothing can stay behind elsewhere.
  Json config = Json::parse(read_text(place + "/config.json").value());
  config["linux"]["cgroupsPath"] = cgroup_parent() + "/tour-" + name;
  write_text(place + "/config.json", config.dump());
  return place;
}

Result tour(std::string const& name) {
  Result result = proa("run", "--bundle", prepared(name), name);
  CHECK_FALSE(exists(state_root() + "/" + name));
  for (auto const& path : cgroup_directories(cgroup_parent() + "/tour-" + name)) {
    CHECK_FALSE(exists(path));
  }
  return result;
}

}  // namespace

TEST_CASE("bundle minimal: a root of its own", "[bundle]") {
  Result const result = tour("minimal");
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("a root of its own:\nbin\n"));
}

TEST_CASE("bundle hello: everything isolated", "[bundle]") {
  Result const result = tour("hello");
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("\nhello\n") && ContainsSubstring("1: lo:") &&
                             ContainsSubstring("NoNewPrivs:\t1") &&
                             ContainsSubstring("0 /proc/keys"));
  CHECK_THAT(result.err, ContainsSubstring("Read-only file system"));
}

TEST_CASE("bundle names: hostname, domainname and sysctl", "[bundle]") {
  CHECK(tour("names").out == "mrsdalloway\nlondon.test\n1\n1\n");
}

TEST_CASE("bundle readonly: a root without files, masked paths", "[bundle]") {
  Result const result = tour("readonly");
  CHECK(result.out == "only /tmp takes files\n");
  CHECK_THAT(result.err, ContainsSubstring("/new: Read-only file system"));
}

TEST_CASE("bundle propagation: slave, shared and private mounts", "[bundle]") {
  Result const result = tour("propagation");
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring(" /private ") && ContainsSubstring(" /shared ") &&
                             ContainsSubstring("shared:"));
}

TEST_CASE("bundle devices: nodes, and a node that is denied", "[bundle]") {
  Result const result = tour("devices");
  CHECK_THAT(result.out, ContainsSubstring("10, 229") && ContainsSubstring("/run/pipe"));
  CHECK_THAT(result.err, ContainsSubstring("/dev/mine") && ContainsSubstring("not permitted"));
}

TEST_CASE("bundle capabilities: chown and no mknod", "[bundle]") {
  Result const result = tour("capabilities");
  CHECK_THAT(result.out,
             ContainsSubstring("CapAmb:\t0000000000000001") && ContainsSubstring("chown: yes"));
  CHECK_THAT(result.err, ContainsSubstring("/null: Operation not permitted"));
}

TEST_CASE("bundle seccomp: calls that are refused", "[bundle]") {
  Result const result = tour("seccomp");
  CHECK(result.out == "chmod 600: yes\n");
  CHECK_THAT(result.err, ContainsSubstring("'/new': Operation not permitted") &&
                             ContainsSubstring("/tmp: Operation not permitted"));
}

TEST_CASE("bundle cgroup-limits: memory, cpus and pids", "[bundle]") {
  if (!cgroup_directory("memory", "/")) {
    SKIP_BECAUSE("this cgroup world has no memory controller");
  }
  Result const result = tour("cgroup-limits");
  CHECK(result.ok());
  CHECK_THAT(result.out, Catch::Matchers::StartsWith("1\n") && ContainsSubstring("67108864") &&
                             ContainsSubstring("32\n"));
}

TEST_CASE("bundle time-shifted: a year ahead", "[bundle]") {
  Result const result = tour("time-shifted");
  REQUIRE(result.ok());
  CHECK(std::stod(result.out) > 31536000);
  CHECK_THAT(result.out, ContainsSubstring("86400") && ContainsSubstring("31536000"));
}

TEST_CASE("bundle terminal: 24 by 132", "[bundle]") {
  Result const result = tour("terminal");
  CHECK(result.ok());
  CHECK(result.out == "/dev/pts/0\n24 132\n");
}

TEST_CASE("bundle hooks: six points", "[bundle]") {
  Result const result = tour("hooks");
  CHECK(result.out == "the program runs\nstartContainer\n");
  CHECK(read_text(scratch() + "/hooks/trace") ==
        "prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n");
}

TEST_CASE("bundle userns: root inside, 100000 outside", "[bundle]") {
  Result const result = tour("userns");
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("uid=0") && ContainsSubstring("100000"));
}

TEST_CASE("bundle rootless: without root", "[bundle]") {
  std::string const place = prepared("rootless");
  Json config = Json::parse(read_text(place + "/config.json").value());
  config["linux"].erase("cgroupsPath");
  write_text(place + "/config.json", config.dump());
  make_directories(state_root());
  run({{"chown", "-R", "1000:1000", place, state_root()}, "", ""});
  Command command = runtime_command({"run", "--bundle", place, "rootless"});
  command.user = 1000;
  command.env = {"XDG_RUNTIME_DIR=" + scratch(), "HOME=/"};
  Result const result = run(command);
  INFO(result.err);
  CHECK(result.ok());
  CHECK_THAT(result.out, Catch::Matchers::StartsWith("uid=0(root) gid=0(root)") &&
                             ContainsSubstring("\nrootless\n"));
}

TEST_CASE("bundle netns: a namespace of ip netns", "[bundle]") {
  std::string const place = prepared("netns");
  std::string const name = "proa-tour-" + std::to_string(getpid());
  if (!run({{"ip", "netns", "add", name}, "", ""}).ok()) SKIP_BECAUSE("no ip netns here");
  std::string config = read_text(place + "/config.json").value();
  std::string const path = "/run/netns/proa";
  config.replace(config.find(path), path.size(), "/run/netns/" + name);
  write_text(place + "/config.json", config);
  run({{"ip", "-n", name, "link", "add", "tour0", "type", "veth", "peer", "name", "tour1"},
       "",
       ""});
  Result const result = proa("run", "--bundle", place, "netns");
  run({{"ip", "netns", "delete", name}, "", ""});
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("tour0"));
}

TEST_CASE("bundles pod-net-a and pod-net-b: one network", "[bundle]") {
  std::string const first = prepared("pod-net-a");
  REQUIRE(proa("run", "--detach", "--bundle", first, "--pid-file", first + "/pid", "first").ok());
  std::string const pid = read_text(first + "/pid").value();
  std::string const second = prepared("pod-net-b");
  std::string config = read_text(second + "/config.json").value();
  for (auto at = config.find("PID"); at != std::string::npos; at = config.find("PID")) {
    config.replace(at, 3, pid);
  }
  write_text(second + "/config.json", config);
  Result const result = proa("run", "--bundle", second, "second");
  auto const number = std::stoi(pid);
  CHECK_THAT(result.out,
             ContainsSubstring("net:[" + std::to_string(namespace_of(number, "net")) + "]") &&
                 ContainsSubstring("ipc:[" + std::to_string(namespace_of(number, "ipc")) + "]") &&
                 !ContainsSubstring("uts:[" + std::to_string(namespace_of(number, "uts")) + "]"));
  CHECK(proa("delete", "--force", "first").ok());
  wait_for(number);
}

}  // namespace conformance
