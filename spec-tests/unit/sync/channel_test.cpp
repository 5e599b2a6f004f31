// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "sync/channel.hpp"

#include <chrono>

#include "base/log.hpp"
#include "catch.hpp"
#include "error_of.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/socket.hpp"
#include "sync/wire.hpp"

using namespace proa;
using namespace proa::sync;
using namespace std::chrono_literals;

TEST_CASE("a message arrives as it was sent", "[sync]") {
  auto [runtime, init] = Channel::pair();
  std::string filter("\0\1\2\3", 4);
  runtime.send(HooksDone{7, filter});
  auto const got = init.receive<HooksDone>(linux::in(1s));
  CHECK(got.filter_flags == 7);
  CHECK(got.filter == filter);
}

TEST_CASE("a descriptor travels with its message", "[sync]") {
  auto [runtime, init] = Channel::pair();
  auto ends = linux::pipe().or_fail("pipe");
  init.send(Console{std::move(ends.second)});
  auto const got = runtime.receive<Console>(linux::in(1s));
  linux::write_all(got.master, "x").or_fail("write");
  std::array<char, 2> buffer;
  CHECK(*linux::read_some(ends.first, buffer) == 1);
}

TEST_CASE("the largest seccomp filter fits", "[sync]") {
  auto [runtime, init] = Channel::pair();
  runtime.send(HooksDone{0, std::string(4096 * 8, 'x')});
  CHECK(init.receive<HooksDone>(linux::in(1s)).filter.size() == 4096 * 8);
}

TEST_CASE("a failure of the peer is thrown here, with its stage", "[sync]") {
  auto [runtime, init] = Channel::pair();
  init.send(Failed{Stage::mount, ErrorKind::config, 13, "mount x: permission denied"});
  try {
    runtime.receive<Mounted>(linux::in(1s));
    FAIL("nothing was thrown");
  } catch (InitFailed const& failed) {
    CHECK(failed.stage() == Stage::mount);
    CHECK(failed.kind() == ErrorKind::config);
    CHECK(failed.number() == 13);
    CHECK(failed.text() == "container init, stage mount: mount x: permission denied");
  }
}

TEST_CASE("a warning of the peer is logged and the wait goes on", "[sync]") {
  struct Lines final : log::Sink {
    void line(log::Level, std::string_view text) override { all += text; }
    std::string all;
  } lines;
  auto* const before = log::use(&lines);
  auto [runtime, init] = Channel::pair();
  init.send(Warned{"odd"});
  init.send(Ready{});
  runtime.receive<Ready>(linux::in(1s));
  log::use(before);
  CHECK(lines.all == "odd");
}

TEST_CASE("the peer's death is told", "[sync]") {
  auto [runtime, init] = Channel::pair();
  init.close();
  CHECK(error_of([&] { runtime.receive<Ready>(linux::in(1s)); }) ==
        "the other end of the sync socket has gone");
  CHECK_FALSE(runtime.receive_or_end<Start>(linux::in(1s)));
  CHECK(error_of([&] { runtime.send(Start{}); }) == "send on the sync socket: broken pipe");
}

TEST_CASE("a wait ends at its deadline", "[sync]") {
  auto [runtime, init] = Channel::pair();
  CHECK(error_of([&] { runtime.receive<Ready>(linux::in(1ms)); }) ==
        "no answer on the sync socket in time");
}

TEST_CASE("another message than the one due is an error", "[sync]") {
  auto [runtime, init] = Channel::pair();
  init.send(Ready{});
  CHECK_THAT(error_of([&] { runtime.receive<Mounted>(linux::in(1s)); }),
             ContainsSubstring("packet of kind 6 on the sync socket where 3 was due"));
}

TEST_CASE("a malformed packet is an error, never more", "[sync]") {
  auto const good = encode(Failed{Stage::mount, ErrorKind::config, 13, "text"});
  SECTION("cut at every byte") {
    for (std::size_t size = 1; size < good.size(); ++size) {
      auto [a, b] = linux::packet_pair().or_fail("pair");
      linux::send_packet(a, good.substr(0, size)).or_fail("send");
      CAPTURE(size);
      CHECK_THAT(error_of([&, end = std::move(b)]() mutable {
                   Channel(std::move(end)).receive<Ready>(linux::in(1s));
                 }),
                 ContainsSubstring("malformed packet"));
    }
  }
  SECTION("with a length that lies") {
    auto bad = good;
    bad[sizeof(Header) + 6] = '\x7f';  // the string's length, little-endian
    auto [a, b] = linux::packet_pair().or_fail("pair");
    linux::send_packet(a, bad).or_fail("send");
    CHECK_THROWS_AS(Channel(std::move(b)).receive<Ready>(linux::in(1s)), Error);
  }
}
