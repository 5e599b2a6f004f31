// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#seccomp, SCMP_ACT_NOTIFY, with an agent that answers.
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "catch.hpp"
#include "harness/container.hpp"
#include "harness/sockets.hpp"

namespace conformance {
namespace {

/// The connection that a runtime made: what it said, and whether it has closed it.
struct Said {
  Json state;
  Fd listener;
  bool closed = false;
};

class Agent {
 public:
  Agent() : path_(scratch() + "/agent"), socket_(listen_at(path_)) {}

  std::string const& path() const { return path_; }

  Said accept() {
    Fd const peer = accept_from(socket_);
    auto message = receive_message(peer);
    REQUIRE(message.descriptor);
    Said said;
    said.listener = std::move(message.descriptor);
    char byte = 0;
    said.closed = wait_readable(peer.get()) && read(peer.get(), &byte, 1) == 0;
    said.state = Json::parse(message.text);
    return said;
  }

 private:
  std::string path_;
  Fd socket_;
};

/// How an agent answers a system call.
struct Answer {
  int error = 0;  ///< errno
  std::int64_t value = 0;
  bool go_on = false;  ///< the kernel carries it out
};

/// Answers one call and says its number.
int answer_one(Fd const& listener, Answer const& answer) {
  REQUIRE(wait_readable(listener.get()));
  seccomp_notif request{};
  REQUIRE(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) == 0);
  seccomp_notif_resp response{};
  response.id = request.id;
  response.error = -answer.error;
  response.val = answer.value;
  response.flags = answer.go_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  CHECK(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0);
  return request.data.nr;
}

Bundle asking(Agent const& agent, Words const& names, Json const& more = Json::object()) {
  Json seccomp = {{"defaultAction", "SCMP_ACT_ALLOW"},
                  {"listenerPath", agent.path()},
                  {"syscalls", Json::array({{{"names", names}, {"action", "SCMP_ACT_NOTIFY"}}})}};
  seccomp.update(more);
  return ordinary().with("/linux/seccomp", seccomp);
}

Words call(long number) { return {"syscall", std::to_string(number)}; }

/// `start` while the agent is needed for it.
struct Start {
  explicit Start(Container const& web) : process(runtime_command({"start", web.id()})) {}
  Process process;
};

void check_state(Said const& said, Container const& web, pid_t pid) {
  CHECK(said.closed);
  CHECK(said.state.at("fds") == Json::array({"seccompFd"}));
  CHECK(said.state.at("pid") == pid);
  CHECK(said.state.at("ociVersion").is_string());
  CHECK(said.state.at("state").at("id") == web.id());
  CHECK(said.state.at("state").at("bundle") == web.bundle());
}

}  // namespace

TEST_CASE("an agent answers for the kernel",
          "[spec:config-linux#seccomp][MUST][key:/linux/seccomp/listenerPath]"
          "[key:/linux/seccomp/listenerMetadata]") {
  bool const nnp = GENERATE(false, true);
  CAPTURE(nnp);
  Agent agent;
  Bundle const bundle = asking(agent, {"times"}, {{"listenerMetadata", "MKNOD=/dev/null"}})
                            .with("/process/noNewPrivileges", nnp)
                            .with("/annotations", {{"some", "thing"}});
  Created web(bundle.doing({call(SYS_times), call(SYS_times), call(SYS_times)}));
  Start start(web);
  Said const said = agent.accept();
  check_state(said, web, web.pid());
  CHECK(said.state.at("metadata") == "MKNOD=/dev/null");
  CHECK(said.state.at("state").at("annotations").at("some") == "thing");
  Result const started = start.process.wait();
  INFO(started.err);
  REQUIRE(started.ok());
  CHECK(answer_one(said.listener, {.error = ENOTTY}) == SYS_times);
  CHECK(web.answer().at("errno") == ENOTTY);
  CHECK(answer_one(said.listener, {.value = 4711}) == SYS_times);
  CHECK(web.answer().at("value") == 4711);
  CHECK(answer_one(said.listener, {.go_on = true}) == SYS_times);
  CHECK(web.answer().at("errno") == 0);
}

TEST_CASE("a process that joins has a listener of its own", "[spec:config-linux#seccomp][MUST]") {
  Agent agent;
  Created web(asking(agent, {"times"}).doing({{"pause"}}));
  Start start(web);
  Said const first = agent.accept();
  REQUIRE(start.process.wait().ok());
  Process exec(runtime_command({"exec", web.id(), "/probe", "syscall", std::to_string(SYS_times)}));
  Said const said = agent.accept();
  CHECK(said.state.at("pid") != web.pid());
  check_state(said, web, said.state.at("pid"));
  CHECK(said.state.at("state").at("status") == "running");
  CHECK(answer_one(said.listener, {.error = EXDEV}) == SYS_times);
  Result const done = exec.wait();
  INFO(done.err);
  CHECK(Json::parse(done.out).at("errno") == EXDEV);
}

// What carries the listener out of the process is subject to the filter too.
TEST_CASE("an agent may be asked about the calls that send descriptors",
          "[spec:config-linux#seccomp][proa]") {
  bool const nnp = GENERATE(false, true);
  CAPTURE(nnp);
  Agent agent;
  Bundle const bundle = asking(agent, {"sendmsg", "recvmsg"}).with("/process/noNewPrivileges", nnp);
  Created web(bundle.doing({call(SYS_sendmsg)}));
  Start start(web);
  Said const said = agent.accept();
  REQUIRE(start.process.wait().ok());
  CHECK(answer_one(said.listener, {.error = EXDEV}) == SYS_sendmsg);
  CHECK(web.answer().at("errno") == EXDEV);
}

TEST_CASE("a profile that asks an agent may forbid the calls that send descriptors",
          "[spec:config-linux#seccomp][proa]") {
  Agent agent;
  Json const rules =
      Json::array({{{"names", {"times"}}, {"action", "SCMP_ACT_NOTIFY"}},
                   {{"names", {"sendmsg", "recvmsg"}}, {"action", "SCMP_ACT_KILL_PROCESS"}}});
  Created web(asking(agent, {}, {{"syscalls", rules}}).doing({call(SYS_times)}));
  Start start(web);
  Said const said = agent.accept();
  Result const started = start.process.wait();
  INFO(started.err);
  REQUIRE(started.ok());
  answer_one(said.listener, {.error = EXDEV});
  CHECK(web.answer().at("errno") == EXDEV);
}

TEST_CASE("without noNewPrivileges an agent answers the runtime's last steps too",
          "[spec:config-linux#seccomp][MUST]") {
  Agent agent;
  Created web(asking(agent, {"setuid", "setresuid", "capset"}).doing({{"say", "here", "1"}}));
  Start start(web);
  Said const said = agent.accept();
  int asked = 0;
  // Until the runtime is done: its end and a question are waited for together.
  while (true) {
    pollfd waits[] = {{said.listener.get(), POLLIN, 0}, {start.process.pidfd(), POLLIN, 0}};
    REQUIRE(poll(waits, 2, deadline_seconds() * 1000) > 0);
    if ((waits[0].revents & POLLIN) == 0) break;
    answer_one(said.listener, {.go_on = true});
    ++asked;
  }
  CHECK(start.process.wait().ok());
  CHECK(asked > 0);
}

TEST_CASE("without an agent nothing starts",
          "[spec:config-linux#seccomp][MUST][contract:2.9/no-agent]") {
  std::string path;
  {
    Agent const gone;
    path = gone.path();
  }
  Bundle const bundle = ordinary().with(
      "/linux/seccomp",
      {{"defaultAction", "SCMP_ACT_ALLOW"},
       {"listenerPath", path},
       {"syscalls", Json::array({{{"names", {"times"}}, {"action", "SCMP_ACT_NOTIFY"}}})}});
  Container web(bundle.doing({{"pause"}}));
  Result const result = web.run();
  CHECK(result.status > 0);
  check_words(result.error(),
              "failed to connect with seccomp agent specified in the seccomp profile");
}

TEST_CASE("listenerPath is ignored where no rule notifies", "[spec:config-linux#seccomp][MUST]") {
  Bundle const bundle = ordinary().with(
      "/linux/seccomp",
      {{"defaultAction", "SCMP_ACT_ALLOW"},
       {"listenerPath", "/nowhere/agent"},
       {"flags", {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}},
       {"syscalls", Json::array({{{"names", {"times"}}, {"action", "SCMP_ACT_ERRNO"}}})}});
  CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == EPERM);
}

// seccomp_unotify(2): with the flag, a signal that does not kill waits for the agent.
TEST_CASE("WAIT_KILLABLE_RECV keeps a call that an agent has taken",
          "[spec:config-linux#seccomp][MUST]") {
  bool const flag = GENERATE(false, true);
  CAPTURE(flag);
  Agent agent;
  Json const flags = flag ? Json{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"} : Json::array();
  Created web(asking(agent, {"times"}, {{"flags", flags}})
                  .doing({{"syscall-alarm", std::to_string(SYS_times)}}));
  Start start(web);
  Said const said = agent.accept();
  REQUIRE(start.process.wait().ok());
  REQUIRE(wait_readable(said.listener.get()));
  seccomp_notif request{};
  REQUIRE(ioctl(said.listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) == 0);
  REQUIRE(kill(web.pid(), SIGUSR1) == 0);
  // Without the flag the signal ends the call, and the listener says so.
  if (!flag) {
    CHECK(web.answer().at("errno") == EINTR);
    CHECK(ioctl(said.listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &request.id) == -1);
    return;
  }
  seccomp_notif_resp response{};
  response.id = request.id;
  response.error = -EXDEV;
  CHECK(ioctl(said.listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0);
  CHECK(web.answer().at("errno") == EXDEV);
}

}  // namespace conformance
