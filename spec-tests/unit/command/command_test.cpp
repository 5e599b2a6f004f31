// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "command/command.hpp"

#include <signal.h>

#include <cerrno>
#include <chrono>

#include "catch.hpp"

using namespace proa;
using namespace std::chrono_literals;

namespace {

command::Result shell(std::string const& script, std::string const& input = "") {
  return command::run(
      {.path = "/bin/sh", .args = {"sh", "-c", script}, .input = input, .time = 20s});
}

}  // namespace

TEST_CASE("a program gets its input and its output is kept", "[command]") {
  auto const result = shell("cat; echo to-stderr >&2; exit 3", "to-stdin\n");
  CHECK(result.exit.status == 3);
  CHECK(result.exit.signal == 0);
  CHECK_FALSE(result.timed_out);
  CHECK(result.output == "to-stdin\nto-stderr");
}

TEST_CASE("a program that is not there is told from one that fails", "[command]") {
  auto const missing = command::run({.path = "/no/such/program", .args = {"x"}});
  CHECK(missing.exec_error == ENOENT);
  CHECK(shell("exit 127").exec_error == 0);
}

TEST_CASE("a program's time can be over", "[command]") {
  auto const result =
      command::run({.path = "/bin/sh", .args = {"sh", "-c", "kill -STOP $$"}, .time = 50ms});
  CHECK(result.timed_out);
  CHECK(result.exit.signal == SIGKILL);
}

TEST_CASE("a program ended by a signal says which", "[command]") {
  auto const result = shell("kill -TERM $$");
  CHECK(result.exit.signal == SIGTERM);
  CHECK(result.exit.status == 128 + SIGTERM);
}

TEST_CASE("only the environment that was asked for is given", "[command]") {
  auto const none =
      command::run({.path = "/usr/bin/env", .args = {"env"}, .env = std::vector<std::string>{}});
  CHECK(none.output.empty());
  auto const one = command::run(
      {.path = "/usr/bin/env", .args = {"env"}, .env = std::vector<std::string>{"A=b"}});
  CHECK(one.output == "A=b");
}

TEST_CASE("a program is looked up in PATH when it has no path", "[command]") {
  CHECK(command::run({.args = {"true"}}).exit.status == 0);
}

TEST_CASE("no descriptor but the standard ones is inherited", "[command]") {
  CHECK(shell("ls /proc/self/fd | grep -vx '[012]' | wc -l").output == "1");  // ls's own listing
}

TEST_CASE("long output keeps its end", "[command]") {
  auto const result = shell("i=0; while [ $i -lt 3000 ]; do echo line-$i; i=$((i+1)); done");
  CHECK(result.output.size() <= 8 * 1024);
  CHECK_THAT(result.output, ContainsSubstring("line-2999"));
}

TEST_CASE("what a program leaves in the background is not waited for", "[command]") {
  auto const left = shell("sleep 1000 & echo $!");  // it still holds our pipe
  CHECK(shell("kill " + left.output).exit.status == 0);
}
