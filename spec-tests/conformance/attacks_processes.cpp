// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Attacks on processes on their way into a container: what they have open, who may look at them,
// who they become.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "attacks.hpp"
#include "catch.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

constexpr int first_descriptor = 3;
constexpr int last_descriptor = 26;

std::string by_descriptor(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

Bundle with_capabilities(Bundle const& bundle, Json const& names) {
  return bundle.with("/process/capabilities",
                     {{"bounding", names}, {"effective", names}, {"permitted", names}});
}

/// In a user namespace the container's root may be mighty; it is so over nothing of the host.
Bundle mighty() {
  return with_capabilities(
      userns(), {"CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE",
                 "CAP_SETPCAP", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_KILL"});
}

sockaddr_un address_of(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

Fd listen_at(std::string const& path, int backlog) {
  Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto const address = address_of(path);
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener.get(), backlog) == 0);
  return listener;
}

Fd connected_to(std::string const& path) {
  Fd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto const address = address_of(path);
  REQUIRE(connect(connection.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) ==
          0);
  return connection;
}

Json report_of(Result const& result) {
  INFO(result.err);
  REQUIRE(result.ok());
  Json const report = said_of("report", result.out);
  REQUIRE(report.is_object());
  return report;
}

}  // namespace

// The runtime is held up in the midst of it: by the socket for the pidfd, which nobody serves.
TEST_CASE("a container sees nothing of a process that waits to join it",
          "[contract:security][cve:CVE-2016-9962][defence:undumpable]") {
  std::string const path = scratch() + "/pidfd";
  Fd const listener = listen_at(path, 0);
  Fd const first = connected_to(path);
  Running web(mighty().doing({{"spy", "200"}, {"pause"}}));
  Process call(runtime_command({"exec", "--pidfd-socket", path, web.id(), "/probe", "exit", "7"}));
  Json const seen = web.answer();
  Fd const served(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  CHECK(call.wait().status == 7);
  CHECK(seen.at("others") == 200);
  CHECK(seen.at("programs") == 0);
  CHECK(seen.at("descriptors") == 0);
}

TEST_CASE("a container sees nothing of a process that joins it",
          "[contract:security][cve:CVE-2016-9962][race]") {
  Running web(mighty().doing({{"spy"}}));
  for (int i = 0; i < rounds(); ++i) {
    Result const joined = exec(web, {}, {"/probe", "exit", "7"});
    INFO(joined.err);
    REQUIRE(joined.status == 7);
  }
  web.kill("TERM");
  Json const seen = web.answer();
  web.wait();
  CHECK(seen.at("others") > 0);
  CHECK(seen.at("programs") == 0);
  CHECK(seen.at("descriptors") == 0);
}

TEST_CASE("no descriptor of the caller reaches a container",
          "[contract:security][cve:CVE-2024-21626][defence:no-descriptor-left]") {
  Fd const top(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  Container web(ordinary().doing({{"report"}, {"pause"}}));
  Command leaky;
  leaky.pass = {top.get(), top.get(), top.get()};
  REQUIRE(web.create_in(leaky).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("descriptors").size() == 3);

  Command joining = runtime_command({"exec", web.id(), "/probe", "report"});
  joining.pass = leaky.pass;
  CHECK(report_of(run(joining)).at("descriptors").size() == 3);
}

TEST_CASE("no descriptor of the runtime is a working directory",
          "[contract:security][cve:CVE-2024-21626][defence:cwd-in-root]") {
  int answered = 0;
  for (int fd = first_descriptor; fd < last_descriptor; ++fd) {
    CAPTURE(fd);
    Container web(ordinary().with("/process/cwd", by_descriptor(fd)).doing({{"cwd"}}));
    if (!web.create().ok() || !web.start().ok()) continue;
    auto const line = web.line();
    web.wait();
    if (!line) continue;
    ++answered;
    CHECK_THAT(Json::parse(*line).at("path").get<std::string>(), ContainsSubstring("/"));
    CHECK(Json::parse(*line).at("path").get<std::string>().front() == '/');
  }
  Running web(ordinary());
  for (int fd = first_descriptor; fd < last_descriptor; ++fd) {
    CAPTURE(fd);
    Result const joined = exec(web, {"--cwd", by_descriptor(fd)}, {"/probe", "cwd"});
    if (!joined.ok()) continue;
    ++answered;
    CHECK(said_of("cwd", joined.out).at("path").get<std::string>().front() == '/');
  }
  CAPTURE(answered);
}

TEST_CASE("no descriptor of the runtime leads to a program of the host",
          "[contract:security][cve:CVE-2024-21626][defence:no-host-handle-at-exec]") {
  // This program's own root, as procfs of the host has it; following it takes CAP_SYS_PTRACE.
  Json const trace = {"CAP_SYS_PTRACE"};
  std::string const way = "/" + std::to_string(getpid()) + "/root" + probe_path();
  Running web(with_capabilities(ordinary(), trace));
  for (int fd = first_descriptor; fd < last_descriptor; ++fd) {
    CAPTURE(fd);
    std::string const program = by_descriptor(fd) + way;
    CHECK_FALSE(exec(web, {}, {program, "cwd"}).ok());
    Container other(with_capabilities(ordinary(), trace).args({program, "cwd"}));
    if (other.create().ok()) CHECK_FALSE(other.start().ok());
  }
}

TEST_CASE("nothing is typed into the terminal of whoever calls the runtime",
          "[contract:security][cve:CVE-2016-10124][defence:own-session]") {
  if (read_text("/proc/sys/dev/tty/legacy_tiocsti").value_or("1\n") != "1\n") {
    SKIP_BECAUSE("dev.tty.legacy_tiocsti is 0: the kernel itself refuses TIOCSTI");
  }
  auto const on_terminal = [](Words const& arguments) {
    Words words = {probe_path(), "on-terminal"};
    Words const call = runtime_command(arguments).argv;
    words.insert(words.end(), call.begin(), call.end());
    return run({words, "", ""});
  };
  Container once(ordinary().doing({{"push"}}));
  Result const ran = on_terminal({"run", "--bundle", once.bundle(), once.id()});
  INFO(ran.out << ran.err);
  CHECK(said_of("push", ran.out).at("errno") != 0);
  CHECK(said_of("push", ran.out).at("controlling") == false);
  CHECK(said_of("on-terminal", ran.out).at("typed") == 0);

  Running web(ordinary());
  Result const joined = on_terminal({"exec", web.id(), "/probe", "push"});
  INFO(joined.out << joined.err);
  CHECK(said_of("push", joined.out).at("errno") != 0);
  CHECK(said_of("push", joined.out).at("controlling") == false);
  CHECK(said_of("on-terminal", joined.out).at("typed") == 0);
}

TEST_CASE("no capability is inheritable that config.json has not made so",
          "[contract:security][cve:CVE-2022-24769][cve:CVE-2022-27650][cve:CVE-2022-29162]"
          "[cve:CVE-2025-27612][defence:nothing-inheritable]") {
  Running web(ordinary());
  Json const report = report_of(exec(web, {"--cap", "CAP_NET_RAW"}, {"/probe", "report"}));
  auto const& sets = report.at("capabilities");
  CHECK(sets.at("inheritable") == 0);
  CHECK(sets.at("ambient") == 0);
  CHECK((sets.at("effective").get<std::uint64_t>() & capability_bits({"CAP_NET_RAW"})) != 0);
  CHECK_FALSE(
      default_spec({{"report"}}).config().at("process").at("capabilities").contains("inheritable"));
}

TEST_CASE("a user is who was named, or nobody",
          "[contract:security][cve:CVE-2026-30892][cve:CVE-2026-46680][defence:strict-ids]") {
  Running web(with_capabilities(ordinary(), {"CAP_KILL"}));
  for (std::string const user : {"1", "1:1", "65534", "7:8"}) {
    CAPTURE(user);
    Json const report = report_of(exec(web, {"--user", user}, {"/probe", "report"}));
    CHECK(report.at("user").at("uid").at(0) == std::stoi(user));
  }
  for (std::string const user :
       {":", "1:", ":1", "-1", "+1", "0x1", "1 ", " 1", "1:1:1", "root", "4294967295", "4294967296",
        "18446744073709551616", "99999999999999999999999999"}) {
    CAPTURE(user);
    CHECK_FALSE(exec(web, {"--user", user}, {"/probe", "report"}).ok());
  }
}

// The field has seen lengths overflow on their way from parent to child (CVE-2021-43784): proa's
// init has config.json in its memory, so that nothing is put into messages but what hooks read.
TEST_CASE("values of any length arrive whole", "[contract:security][cve:CVE-2021-43784]") {
  std::string const value(100000, 'x');
  Json const report =
      inside(ordinary().with("/process/env", {"PATH=/", "LONG=" + value}).doing({{"report"}}),
             {{"report"}})
          .front();
  bool whole = false;
  for (auto const& entry : report.at("env")) whole |= entry == "LONG=" + value;
  CHECK(whole);
}

}  // namespace conformance
