// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "host/host.hpp"

#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "catch.hpp"
#include "skip.hpp"

using namespace proa;

namespace {

bool in_bounding_set(unsigned capability) { return ::prctl(PR_CAPBSET_READ, capability) == 1; }

/// Runs `check` in a child that has entered a new user namespace; its result, or nothing where
/// the kernel refuses such namespaces.
template <class Check>
std::optional<bool> in_user_namespace(Check check) {
  constexpr int refused = 2;
  pid_t const child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(refused);
    ::_exit(check() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == refused) return std::nullopt;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("the probed ids are the effective ones") {
  auto const host = probe_host();
  CHECK(host.uid == ::geteuid());
  CHECK(host.gid == ::getegid());
}

TEST_CASE("the last capability is the last one that the kernel knows") {
  auto const host = probe_host();
  CHECK(host.last_capability >= CAP_CHECKPOINT_RESTORE);  // of 5.9
  CHECK(::prctl(PR_CAPBSET_READ, host.last_capability) >= 0);
  CHECK(::prctl(PR_CAPBSET_READ, host.last_capability + 1) < 0);
}

TEST_CASE("the bounding set is the one that the kernel has") {
  auto const host = probe_host();
  for (unsigned capability = 0; capability <= host.last_capability; ++capability) {
    CHECK(((host.bounding >> capability & 1) == 1) == in_bounding_set(capability));
  }
}

TEST_CASE("a user namespace makes the caller rootless") {
  auto const rootless = in_user_namespace([] {
    auto const host = probe_host();
    return host.user_namespace && host.rootless;
  });
  if (!rootless) SKIP_BECAUSE("this kernel refuses user namespaces");
  CHECK(*rootless);
}

TEST_CASE("root in the initial user namespace is not rootless", "[root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("needs root");
  char link[64]{};
  REQUIRE(::readlink("/proc/self/ns/user", link, sizeof link - 1) > 0);
  if (std::string(link) != "user:[4026531837]") SKIP_BECAUSE("needs the initial user namespace");
  auto const host = probe_host();
  CHECK_FALSE(host.rootless);
  CHECK_FALSE(host.user_namespace);
  CHECK(host.capabilities != 0);
}
