// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/pid.hpp"

#include <signal.h>
#include <unistd.h>

#include "catch.hpp"
#include "linux/exec.hpp"
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

}  // namespace proa::linux
