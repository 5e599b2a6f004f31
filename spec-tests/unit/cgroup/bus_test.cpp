// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Talking to a systemd that is a socket with its answers written beforehand.

#include "cgroup/bus.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "catch.hpp"
#include "hosts.hpp"
#include "libdbus.hpp"

using namespace proa;
using namespace proa::cgroup;
using namespace std::chrono_literals;
using hosts::refusal;

namespace {

constexpr char hello[] = "DATA\r\nOK 1234\r\n";
constexpr char job[] = "/org/freedesktop/systemd1/job/77";

/// A socket in a directory of its own.
class Socket {
 public:
  Socket() {
    char place[] = "/tmp/proa-bus-XXXXXX";
    directory_ = ::mkdtemp(place);
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = linux::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.number(), reinterpret_cast<::sockaddr*>(&address), sizeof address) ==
            0);
  }
  ~Socket() {
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }
  void listen(int queue = 5) const { REQUIRE(::listen(listener_.number(), queue) == 0); }
  std::string path() const { return directory_ + "/private"; }
  linux::Fd accept() const {
    return linux::Fd(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  std::string directory_;
  linux::Fd listener_;
};

/// A connection to systemd itself.
struct Direct {
  explicit Direct(std::chrono::milliseconds patience = 20s)
      : bus((socket.listen(), std::vector<BusAddress>{{socket.path(), true}}), patience),
        peer(socket.accept()) {}
  void say(std::string const& bytes) const {
    REQUIRE(::write(peer.number(), bytes.data(), bytes.size()) ==
            static_cast<ssize_t>(bytes.size()));
  }
  std::string heard() const {
    char buffer[4096];
    auto const size = ::read(peer.number(), buffer, sizeof buffer);
    return {buffer, static_cast<std::size_t>(size)};
  }

  Socket socket;
  Bus bus;
  linux::Fd peer;
};

dbus::Message start(Bus& bus) { return bus.call("Start", {dbus::string("web.scope")}); }

}  // namespace

TEST_CASE("on systemd's own socket a call is one message and its answer", "[systemd]") {
  Direct systemd;
  CHECK(systemd.heard() == std::string("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29));
  systemd.say(hello + libdbus::reply(1, job));
  auto const answer = start(systemd.bus);
  CHECK(answer.kind == dbus::Kind::reply);
  CHECK(answer.texts() == hosts::Words{job});
  CHECK(systemd.heard() == dbus::marshal({"",
                                          "/org/freedesktop/systemd1",
                                          "org.freedesktop.systemd1.Manager",
                                          "Start",
                                          {dbus::string("web.scope")}},
                                         1));
}

TEST_CASE("the end of a job may be told before or after the answer that names it", "[systemd]") {
  Direct systemd;
  bool const before = GENERATE(false, true);
  auto const signals = libdbus::written(libdbus::signal("UnitNew")) +
                       libdbus::job_removed("/other", "failed") + libdbus::job_removed(job, "done");
  systemd.say(hello +
              (before ? signals + libdbus::reply(1, job) : libdbus::reply(1, job) + signals));
  start(systemd.bus);
  CHECK(systemd.bus.job_result(job) == "done");
}

TEST_CASE("an error is an answer", "[systemd]") {
  Direct systemd;
  systemd.say(hello + libdbus::error(1, "org.freedesktop.systemd1.UnitExists", "it is there"));
  auto const answer = start(systemd.bus);
  CHECK(answer.kind == dbus::Kind::error);
  CHECK(answer.error_name == "org.freedesktop.systemd1.UnitExists");
  CHECK(answer.texts() == hosts::Words{"it is there"});
}

TEST_CASE("a message longer than a read arrives whole", "[systemd]") {
  Direct systemd;
  std::string const text(50000, 'x');
  systemd.say(hello + libdbus::error(1, "a.b", text.c_str()));
  CHECK(start(systemd.bus).texts() == hosts::Words{text});
}

TEST_CASE("a systemd that says nothing is given up", "[systemd]") {
  SECTION("before it lets us in") {
    Direct systemd(50ms);
    CHECK(refusal([&] { start(systemd.bus); }).text == "systemd did not answer Start in 0 s");
  }
  SECTION("after the call") {
    Direct systemd(50ms);
    systemd.say(hello);
    CHECK(refusal([&] { start(systemd.bus); }).text == "systemd did not answer Start in 0 s");
  }
  SECTION("with a job that never ends") {
    Direct systemd(50ms);
    systemd.say(hello + libdbus::reply(1, job));
    start(systemd.bus);
    CHECK(refusal([&] { systemd.bus.job_result(job); }).text ==
          "systemd did not answer Start in 0 s");
  }
}

TEST_CASE("a queue of connections that is full is no wait", "[systemd]") {
  Socket socket;
  socket.listen(0);
  std::vector<BusAddress> const address{{socket.path(), true}};
  Bus const first(address, 20s);
  CHECK(refusal([&] { Bus(address, 20s); }).text ==
        "systemd did not answer: the queue of " + socket.path() + " is full");
}

TEST_CASE("a systemd that closes or refuses is an error", "[systemd]") {
  Direct systemd;
  SECTION("closed") {
    systemd.say(hello);
    ::shutdown(systemd.peer.number(), SHUT_WR);
    CHECK(refusal([&] { start(systemd.bus); }).text ==
          "systemd has closed the connection during Start");
  }
  SECTION("refused") {
    systemd.say("REJECTED EXTERNAL\r\n");
    CHECK(refusal([&] { start(systemd.bus); }).text == "systemd does not let us in");
  }
  SECTION("garbled") {
    systemd.say(hello + std::string(64, 'l'));
    CHECK(refusal([&] { start(systemd.bus); }).text == "a D-Bus message that makes no sense");
  }
}

TEST_CASE("nobody there is an error that says where was looked", "[systemd]") {
  CHECK(refusal([] {
          Bus({{"/nowhere/a", true}, {"/nowhere/b", false}}, 1s);
        }).text == "systemd is not to be reached: nobody listens on /nowhere/a, /nowhere/b");
  CHECK(refusal([] { Bus({}, 1s); }).text ==
        "systemd's user manager is not to be found: neither XDG_RUNTIME_DIR nor "
        "DBUS_SESSION_BUS_ADDRESS is set");
}

TEST_CASE("the daemon is joined first, when systemd's own socket is not there", "[systemd]") {
  Socket socket;
  socket.listen();
  auto const child = ::fork();
  if (child == 0) {
    auto const peer = socket.accept();
    auto const answers = hello + libdbus::reply(1, job) + libdbus::reply(2, job) +
                         libdbus::reply(3, job) + libdbus::reply(4, job);
    (void)!::write(peer.number(), answers.data(), answers.size());
    char buffer[4096];
    while (::read(peer.number(), buffer, sizeof buffer) > 0) continue;
    ::_exit(0);
  }
  {
    Bus bus({{"/nowhere/private", true}, {socket.path(), false}}, 20s);
    CHECK(start(bus).texts() == hosts::Words{job});
  }
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("where systemd is looked for", "[systemd]") {
  auto const nothing = [](char const*) -> char const* { return nullptr; };
  CHECK(bus_addresses(ServiceManager::system, nothing) ==
        std::vector<BusAddress>{{"/run/systemd/private", true},
                                {"/run/dbus/system_bus_socket", false}});
  CHECK(bus_addresses(ServiceManager::user, nothing).empty());
  auto const session = [](char const* name) -> char const* {
    if (std::string_view(name) == "XDG_RUNTIME_DIR") return "/run/user/7";
    if (std::string_view(name) == "DBUS_SESSION_BUS_ADDRESS") {
      return "unix:abstract=/x;unix:path=/run/bus7,guid=1";
    }
    return nullptr;
  };
  CHECK(bus_addresses(ServiceManager::user, session) ==
        std::vector<BusAddress>{{"/run/user/7/systemd/private", true},
                                {"/run/bus7", false},
                                {"/run/user/7/bus", false}});
}
