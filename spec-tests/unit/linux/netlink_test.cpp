// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/netlink.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "catch.hpp"

using namespace proa::linux;

namespace {

std::string message(std::uint32_t length, std::string const& body) {
  ::nlmsghdr header{};
  header.nlmsg_len = length;
  header.nlmsg_type = RTM_NEWLINK;
  return std::string(reinterpret_cast<char const*>(&header), sizeof header) + body;
}

std::string attribute(std::uint16_t length, std::uint16_t type, std::string const& value) {
  ::rtattr const header{length, type};
  return std::string(reinterpret_cast<char const*>(&header), sizeof header) + value;
}

}  // namespace

TEST_CASE("an answer is split into its messages", "[netlink]") {
  auto const packet = message(19, "abc") + std::string(1, '\0') + message(16, "");
  auto const answers = netlink::split(packet);
  REQUIRE(answers);
  REQUIRE((*answers).size() == 2);
  CHECK((*answers)[0].type == RTM_NEWLINK);
  CHECK((*answers)[0].body == "abc");
  CHECK((*answers)[1].body.empty());
}

TEST_CASE("a message that is longer or shorter than it says is refused", "[netlink]") {
  CHECK(netlink::split("short").is(EBADMSG));
  CHECK(netlink::split(message(15, "abcd")).is(EBADMSG));
  CHECK(netlink::split(message(0, "abcd")).is(EBADMSG));
  CHECK(netlink::split(message(21, "abcd")).is(EBADMSG));
  CHECK(netlink::split(message(0xffffffff, "abcd")).is(EBADMSG));
}

TEST_CASE("attributes are taken apart", "[netlink]") {
  auto const bytes = attribute(7, IFLA_IFNAME, std::string("lo\0\0", 4)) +
                     attribute(8, IFLA_MTU | NLA_F_NESTED, "abcd");
  auto const found = netlink::attributes(bytes);
  REQUIRE(found);
  REQUIRE((*found).size() == 2);
  CHECK((*found)[0].value == std::string_view("lo\0", 3));
  CHECK((*found)[1].type == IFLA_MTU);
  CHECK((*found)[1].whole.size() == 8);
}

TEST_CASE("an attribute that is longer or shorter than it says is refused", "[netlink]") {
  CHECK(netlink::attributes("abc").is(EBADMSG));
  CHECK(netlink::attributes(attribute(3, 1, "")).is(EBADMSG));
  CHECK(netlink::attributes(attribute(9, 1, "abcd")).is(EBADMSG));
  CHECK(netlink::attributes(attribute(0xffff, 1, "abcd")).is(EBADMSG));
}

// CVE-2021-43784: a length that wraps around would smuggle attributes in.
TEST_CASE("what is too long for its length is not sent", "[netlink]") {
  auto const socket = route_socket().or_fail("open a netlink socket");
  CHECK(find_link(socket, std::string(16, 'x')).is(EMSGSIZE));
  CHECK(find_link(socket, std::string(65536 + 8, 'x')).is(EMSGSIZE));
  CHECK(rename_link(socket, 1, std::string(65536, 'x')).is(EMSGSIZE));
}

TEST_CASE("the loopback interface is found and its addresses are read", "[netlink]") {
  auto const socket = route_socket().or_fail("open a netlink socket");
  auto const link = find_link(socket, "lo").or_fail("find lo");
  CHECK(link == 1);
  CHECK(find_link(socket, "no-such-device").is(ENODEV));
  CHECK(addresses_of(socket, link));
}
