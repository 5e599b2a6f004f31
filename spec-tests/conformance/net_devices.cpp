// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#network-devices, with veth devices of a network namespace of the case's own.
#include <fcntl.h>
#include <sched.h>

#include <utility>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// This process is in a new network namespace as long as it lives.
class Network {
 public:
  Network() : before_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    REQUIRE(unshare(CLONE_NEWNET) == 0);
  }
  Network(Network const&) = delete;
  ~Network() { setns(before_.get(), CLONE_NEWNET); }

  /// ip(8), words separated by blanks.
  static Result ip(std::string const& words) {
    Words argv = {"ip"};
    std::string word;
    for (char const c : words + ' ') {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        argv.push_back(std::exchange(word, ""));
      }
    }
    return run({argv, "", ""});
  }
  static bool has(std::string const& device) { return ip("link show " + device).ok(); }

 private:
  Fd before_;
};

/// Whether this host can make the devices of the cases.
bool can_make_devices() {
  Network const network;
  return Network::ip("link add proa0 type veth peer name proa1").ok();
}

/// ip(8) in the container's network namespace.
std::string inside_of(Container const& web, std::string const& words) {
  Fd const own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  Fd const theirs(
      open(("/proc/" + std::to_string(web.pid()) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(setns(theirs.get(), CLONE_NEWNET) == 0);
  Result const result = Network::ip(words);
  REQUIRE(setns(own.get(), CLONE_NEWNET) == 0);
  INFO(result.err);
  CHECK(result.ok());
  return result.out;
}

Bundle with_devices(Json const& devices) { return ordinary().with("/linux/netDevices", devices); }

}  // namespace

#define NEEDS_DEVICES() \
  if (!can_make_devices()) SKIP_BECAUSE("this host has no ip(8) or no veth devices")

TEST_CASE("a network device moves into the container and is up",
          "[spec:config-linux#network-devices][MUST]") {
  NEEDS_DEVICES();
  Network const network;
  REQUIRE(network.ip("link add proa0 type veth peer name proa1").ok());
  Bundle const base = GENERATE(ordinary(), userns());
  Running web(base.with("/linux/netDevices", {{"proa0", Json::object()}}).doing({{"pause"}}));
  CHECK_FALSE(network.has("proa0"));
  CHECK_THAT(inside_of(web, "-oneline link show proa0"),
             ContainsSubstring(",UP") || ContainsSubstring("<UP"));
}

TEST_CASE("a network device has the name that is asked for",
          "[spec:config-linux#network-devices][MUST][key:/linux/netDevices/*/name]") {
  NEEDS_DEVICES();
  Network const network;
  REQUIRE(network.ip("link add proa0 type veth peer name proa1").ok());
  Running web(with_devices({{"proa0", {{"name", "ctr_eth0"}}}, {"proa1", {{"name", "eth%d"}}}})
                  .doing({{"pause"}}));
  CHECK_FALSE(network.has("proa0"));
  CHECK_FALSE(network.has("proa1"));
  inside_of(web, "link show ctr_eth0");
  inside_of(web, "link show eth0");
}

TEST_CASE("a network device keeps its lasting global addresses, its MTU and its hardware address",
          "[spec:config-linux#network-devices][MUST]") {
  NEEDS_DEVICES();
  Network const network;
  REQUIRE(network.ip("link add proa0 mtu 1300 address 02:01:02:03:04:05 type veth peer name proa1")
              .ok());
  REQUIRE(network.ip("addr add 10.77.0.5/24 broadcast 10.77.0.255 dev proa0").ok());
  REQUIRE(network.ip("addr add 10.77.0.6/24 dev proa0").ok());
  REQUIRE(network.ip("addr add 10.78.0.1 peer 10.78.0.2/32 dev proa0").ok());
  REQUIRE(network.ip("addr add 10.79.0.1/24 scope link dev proa0").ok());
  REQUIRE(network.ip("addr add 10.80.0.1/24 valid_lft 500 preferred_lft 500 dev proa0").ok());
  bool const ipv6 = network.ip("addr add fd77::5/64 nodad dev proa0").ok();
  Running web(with_devices({{"proa0", {{"name", "inside"}}}}).doing({{"pause"}}));
  std::string const seen = inside_of(web, "-oneline addr show dev inside");
  CHECK_THAT(seen, ContainsSubstring("10.77.0.5/24 brd 10.77.0.255 scope global"));
  CHECK_THAT(seen, ContainsSubstring("10.77.0.6/24"));
  CHECK_THAT(seen, ContainsSubstring("10.78.0.1 peer 10.78.0.2/32"));
  if (ipv6) CHECK_THAT(seen, ContainsSubstring("fd77::5/64"));
  CHECK_THAT(seen, !ContainsSubstring("10.79.0.1"));
  CHECK_THAT(seen, !ContainsSubstring("10.80.0.1"));
  std::string const link = inside_of(web, "-oneline link show dev inside");
  CHECK_THAT(link, ContainsSubstring("mtu 1300"));
  CHECK_THAT(link, ContainsSubstring("02:01:02:03:04:05"));
}

TEST_CASE("a name that the container has already is refused, and the device stays",
          "[spec:config-linux#network-devices][MUST]") {
  NEEDS_DEVICES();
  Network const network;
  REQUIRE(network.ip("link add proa0 type veth peer name proa1").ok());
  refusal(with_devices({{"proa0", Json::object()}, {"proa1", {{"name", "lo"}}}}));
  CHECK(network.has("proa0"));
  CHECK(network.has("proa1"));
}

TEST_CASE("a network device that is not there is refused",
          "[spec:config-linux#network-devices][MUST]") {
  check_words(refusal(with_devices({{"proa-none", Json::object()}})),
              "/linux/netDevices/proa-none: look for proa-none: no such device");
}

TEST_CASE("a network device moves into a namespace that is joined",
          "[spec:config-linux#network-devices][MUST]") {
  NEEDS_DEVICES();
  Network const network;
  Created const other(ordinary().doing({{"pause"}}));
  REQUIRE(network.ip("link add proa0 type veth peer name proa1").ok());
  std::string const path = "/proc/" + std::to_string(other.pid()) + "/ns/net";
  Running web(ordinary()
                  .with_namespace("network", path)
                  .with("/linux/netDevices", {{"proa0", {{"name", "inside"}}}})
                  .doing({{"pause"}}));
  inside_of(other, "link show inside");
}

}  // namespace conformance
