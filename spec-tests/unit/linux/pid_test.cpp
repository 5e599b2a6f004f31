// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/pid.hpp"

#include <signal.h>
#include <unistd.h>

#include "catch.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/process.hpp"

namespace proa::linux {

TEST_CASE("a process that was forked has not executed anything", "[linux]") {
  auto const child = clone({}).or_fail("clone");
  if (!child) {
    for (;;) ::pause();
  }
  CHECK_FALSE(process_stat(child->number).or_fail("stat").executed);
  CHECK(send_signal(child->fd, SIGKILL));
  CHECK(*wait_ended(child->fd, in(std::chrono::seconds(20))));
  // It can be asked until it is reaped.
  CHECK_FALSE(process_stat(child->number).or_fail("stat").executed);
  CHECK(wait(child->fd));
  CHECK(process_stat(child->number).is(ESRCH));
  CHECK(process_stat(::getpid()).or_fail("stat").executed);
}

// What pidfd_open() gives where filters know no pidfd_open(2).
TEST_CASE("a process is held by its directory as well", "[linux]") {
  auto const child = clone({}).or_fail("clone");
  if (!child) {
    for (;;) ::pause();
  }
  auto const directory =
      open_at(at_cwd, fmt::format("/proc/{}", child->number), O_RDONLY | O_DIRECTORY)
          .or_fail("open its directory");
  using namespace std::chrono_literals;
  CHECK_FALSE(*wait_ended(directory, in(30ms)));
  CHECK(send_signal(directory, 0));
  CHECK(send_signal(directory, SIGKILL));
  CHECK(*wait_ended(directory, in(20s)));
  CHECK(wait(child->fd));
  CHECK(*wait_ended(directory, in(20s)));
  CHECK(send_signal(directory, 0).is(ESRCH));
}

TEST_CASE("who waits for a process's directory hears of other descriptors", "[linux]") {
  auto const own = open_at(at_cwd, "/proc/self", O_RDONLY | O_DIRECTORY).or_fail("open");
  auto const full = memfd("always-ready").or_fail("make a file");
  pollfd fds[] = {{own.number(), POLLIN, 0}, {full.number(), POLLIN, 0}};
  CHECK(*poll_process(fds, in(std::chrono::seconds(20))));
  CHECK(fds[0].revents == 0);
  CHECK(fds[1].revents == POLLIN);
}

}  // namespace proa::linux
