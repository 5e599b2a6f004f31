// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// NOTIFY_SOCKET: the container tells the manager above the runtime that it is ready, sd_notify(3),
// and nothing that a container has no business to say.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "catch.hpp"
#include "harness/container.hpp"
#include "harness/sockets.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// What systemd is to a service.
class Manager {
 public:
  /// A file, or with a '@' in front an abstract name.
  explicit Manager(std::string const& name = scratch() + "/manager") : name_(name) {
    unlink(name_.c_str());
    socket_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{AF_UNIX, {}};
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (name_[0] == '@') address.sun_path[0] = '\0';
    auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  }

  std::string variable() const { return "NOTIFY_SOCKET=" + name_; }
  Command around(Words const& arguments) const {
    auto command = runtime_command(arguments);
    command.env = {variable()};
    return command;
  }

  /// The next datagram; empty when none came in time.  `passed` takes the descriptor.
  std::string receive(Fd* passed = nullptr) {
    if (!wait_readable(socket_.get())) return {};
    auto message = receive_message(socket_);
    if (passed != nullptr) {
      *passed = std::move(message.descriptor);
    } else {
      CHECK_FALSE(message.descriptor);
    }
    return message.text;
  }

  /// Takes BARRIER=1 and lets it go.
  void answer_barrier() {
    Fd barrier;
    CHECK(receive(&barrier) == "BARRIER=1");
    CHECK(barrier);
  }

 private:
  std::string name_;
  Fd socket_;
};

Bundle saying(Words const& datagrams) {
  Words notify = {"notify"};
  notify.insert(notify.end(), datagrams.begin(), datagrams.end());
  return ordinary().doing({notify, {"pause"}});
}

bool still_runs(Process const& process) {
  pollfd wanted{process.pidfd(), POLLIN, 0};
  return poll(&wanted, 1, 0) == 0;
}

std::string main_pid(pid_t pid) { return "MAINPID=" + std::to_string(pid) + "\n"; }

void check_users(Bundle const& bundle) {
  for (int const id : {0, 1000}) {
    CAPTURE(id);
    Manager manager;
    Container web(
        bundle.with("/process/user", {{"uid", id}, {"gid", id}}).doing({{"notify", "STATUS=me"}}));
    Command command = manager.around({"run", "--bundle", web.bundle(), web.id()});
    command.umask = 077;
    Process call(command);
    CHECK(manager.receive() == "STATUS=me\n");
    CHECK(call.wait().ok());
  }
}

}  // namespace

TEST_CASE("run --detach returns when the container is ready and the manager knows",
          "[contract:2.8/notify]") {
  Manager manager;
  Container web(saying({"READY=1"}));
  Process call(manager.around({"run", "--detach", "--bundle", web.bundle(), web.id()}));
  auto const ready = manager.receive();
  CHECK(ready == main_pid(web.pid()) + "READY=1\n");
  Fd barrier;
  CHECK(manager.receive(&barrier) == "BARRIER=1");
  CHECK(still_runs(call));
  barrier = Fd();
  CHECK(call.wait().ok());
  CHECK(web.status() == "running");
}

TEST_CASE("start returns when the container is ready", "[contract:2.8/notify]") {
  Manager manager;
  Container web(saying({"STATUS=warming up", "READY=1"}));
  REQUIRE(web.create_in(manager.around({})).ok());
  Process call(manager.around({"start", web.id()}));
  CHECK(manager.receive() == "STATUS=warming up\n");
  CHECK(manager.receive() == main_pid(web.pid()) + "READY=1\n");
  manager.answer_barrier();
  CHECK(call.wait().ok());
}

TEST_CASE("the manager of a run in the foreground watches the runtime", "[contract:2.8/notify]") {
  Manager manager;
  Container web(ordinary().doing({{"notify", "READY=1\nSTATUS=serving", "STOPPING=1"}}));
  Process call(manager.around({"run", "--bundle", web.bundle(), web.id()}));
  CHECK(manager.receive() == main_pid(call.pid()) + "READY=1\nSTATUS=serving\n");
  CHECK(manager.receive() == "STOPPING=1\n");
  CHECK(call.wait().ok());
}

TEST_CASE("a container that ends without being ready ends the wait", "[contract:2.8/notify]") {
  Manager manager;
  Container web(ordinary().doing({{"exit", "3"}}));
  REQUIRE(web.create_in(manager.around({})).ok());
  CHECK(run(manager.around({"start", web.id()})).ok());
  CHECK(web.wait() == 3);
}

TEST_CASE("a container that is not ready yet can be killed and deleted", "[contract:2.8/notify]") {
  Manager manager;
  Container web(saying({"STATUS=never ready"}));
  REQUIRE(web.create_in(manager.around({})).ok());
  Process call(manager.around({"start", web.id()}));
  CHECK(manager.receive() == "STATUS=never ready\n");
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(call.wait().ok());
  CHECK(web.left_behind().empty());
}

TEST_CASE("a container may speak of itself and of nothing else", "[contract:2.8/notify][proa]") {
  Manager manager;
  Container web(saying({"FDSTORE=1\nFDNAME=x", "MAINPID=1", "NOTIFYACCESS=all", "BARRIER=1",
                        "WATCHDOG_USEC=1", "EXTEND_TIMEOUT_USEC=1", "STATUS=\x1b[2J", "X=1",
                        std::string(5000, 'S'), "\n\n", "MAINPID=7\nREADY=1\nMAINPID=7\nERRNO=2"}));
  Process call(manager.around({"run", "--detach", "--bundle", web.bundle(), web.id()}));
  auto const ready = manager.receive();
  CHECK(ready == main_pid(web.pid()) + "READY=1\nERRNO=2\n");
  manager.answer_barrier();
  CHECK(call.wait().ok());
}

TEST_CASE("a barrier of the container is let go", "[contract:2.8/notify][proa]") {
  Manager manager;
  Container web(ordinary().doing({{"notify", "STATUS=a"}, {"barrier"}}));
  Process call(manager.around({"run", "--bundle", web.bundle(), web.id()}));
  CHECK(manager.receive() == "STATUS=a\n");
  Result const result = call.wait();
  CHECK_THAT(result.out, ContainsSubstring(R"({"verb":"barrier","errno":0})"));
}

TEST_CASE("any user of the container may notify", "[contract:2.8/notify]") {
  check_users(ordinary());
}

TEST_CASE("any user of a user namespace may notify", "[contract:2.8/notify]") {
  // Below the state directory, where init does not come to.
  if (denied({"open_tree", "move_mount"})) SKIP_BECAUSE("a call that lends it to init is denied");
  // The root of a user namespace may not make directories in a root filesystem of the host's root.
  check_users(userns().directory("run/notify"));
}

TEST_CASE("the container cannot reach the manager's own socket", "[contract:2.8/notify]") {
  Manager manager;
  Container web(
      ordinary().doing({{"report"}, {"list", "/run/notify"}, {"write", "/run/notify/x", "y"}}));
  Result const result = run(manager.around({"run", "--bundle", web.bundle(), web.id()}));
  CHECK_THAT(result.out, ContainsSubstring("\"NOTIFY_SOCKET=/run/notify/notify.sock\""));
  CHECK_THAT(result.out, ContainsSubstring("\"names\":[\"notify.sock\"]"));
  CHECK_THAT(result.out, ContainsSubstring("{\"verb\":\"write\",\"errno\":30}"));  // EROFS
}

TEST_CASE("a socket that config.json brings is left alone", "[contract:2.8/notify][proa]") {
  Manager manager;
  Container web(
      ordinary().with("/process/env", {"PATH=/", "NOTIFY_SOCKET=/elsewhere"}).doing({{"report"}}));
  Result const result = run(manager.around({"run", "--bundle", web.bundle(), web.id()}));
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("\"NOTIFY_SOCKET=/elsewhere\""));
  CHECK_FALSE(exists(web.rootfs() + "/run/notify"));
}

TEST_CASE("without a manager there is no socket", "[contract:2.8/notify]") {
  Container web(ordinary().doing({{"report"}}));
  CHECK_THAT(web.run().out, !ContainsSubstring("NOTIFY_SOCKET"));
  CHECK_FALSE(exists(web.rootfs() + "/run/notify"));
}

TEST_CASE("a manager may listen on an abstract socket", "[contract:2.8/notify]") {
  Manager manager("@proa-test-" + std::to_string(getpid()));
  Container web(ordinary().doing({{"notify", "STATUS=b"}}));
  Process call(manager.around({"run", "--bundle", web.bundle(), web.id()}));
  CHECK(manager.receive() == "STATUS=b\n");
  CHECK(call.wait().ok());
}

TEST_CASE("a manager that is not there stops nobody", "[contract:2.8/notify][proa]") {
  Container web(ordinary().doing({{"exit", "4"}}));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.env = {"NOTIFY_SOCKET=" + scratch() + "/nobody"};
  Result const result = run(command);
  CHECK(result.status == 4);
  CHECK_THAT(result.err, ContainsSubstring("nobody is told that the container is ready"));
}

}  // namespace conformance
