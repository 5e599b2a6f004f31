// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/credentials.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "linux/namespace.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"

using namespace proa;

namespace {

process::Plan user(uid_t uid, gid_t gid, std::vector<gid_t> groups) {
  process::Plan plan;
  plan.uid = uid;
  plan.gid = gid;
  plan.groups = std::move(groups);
  return plan;
}

std::string identity() {
  uid_t uid[3];
  gid_t gid[3];
  ::getresuid(&uid[0], &uid[1], &uid[2]);
  ::getresgid(&gid[0], &gid[1], &gid[2]);
  auto text = fmt::format("{},{},{} {},{},{}", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
  auto const groups = linux::supplementary_groups().or_fail("getgroups");
  for (auto const group : groups) text += fmt::format(" {}", group);
  return text;
}

/// For a child: a user namespace with one line for each map, as `unshare -r` makes it.
void enter_single_user_namespace() {
  auto const uid = ::geteuid();
  auto const gid = ::getegid();
  linux::unshare(CLONE_NEWUSER).or_fail("unshare");
  auto const write = [](char const* file, std::string const& text) {
    linux::write_file(linux::at_cwd, file, text).or_fail("write {}", file);
  };
  write("/proc/self/setgroups", "deny");
  write("/proc/self/uid_map", fmt::format("0 {} 1", uid));
  write("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

}  // namespace

TEST_CASE("the user is set with all three ids and exactly its groups",
          "[spec:config#user][MUST][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can become another user");
  CHECK(in_child([] {
          linux::set_supplementary_groups({1, 2, 3}).or_fail("setgroups");
          process::set_user(user(1000, 2000, {5, 6}));
          return identity();
        }) == "1000,1000,1000 2000,2000,2000 5 6");
  CHECK(in_child([] {
          linux::set_supplementary_groups({1, 2, 3}).or_fail("setgroups");
          process::set_user(user(0, 0, {}));
          return identity();
        }) == "0,0,0 0,0,0");
}

TEST_CASE("the caller's groups are kept where the annotation says so", "[contract:podman][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can become another user");
  CHECK(in_child([] {
          linux::set_supplementary_groups({1, 2, 3}).or_fail("setgroups");
          auto plan = user(1000, 2000, {});
          plan.group_policy = process::Groups::keep;
          process::set_user(plan);
          return identity();
        }) == "1000,1000,1000 2000,2000,2000 1 2 3");
}

TEST_CASE("the umask is set where it is given, else the caller's stays",
          "[spec:config#user][MUST]") {
  auto const umask_after = [](std::optional<mode_t> umask) {
    return in_child([&] {
      ::umask(0123);
      auto plan = user(::geteuid(), ::getegid(), {});
      plan.group_policy = process::Groups::keep;
      plan.umask = umask;
      process::set_user(plan);
      return fmt::format("{:o}", ::umask(0));
    });
  };
  CHECK(umask_after(027) == "27");
  CHECK(umask_after(0) == "0");
  CHECK(umask_after(std::nullopt) == "123");
}

TEST_CASE("capabilities survive the change of user only for capset(2)", "[process][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root has capabilities to keep");
  auto const sets_after = [](bool keep) {
    return in_child([&] {
      auto const before = *linux::capability_sets();
      auto plan = user(1000, 1000, {});
      plan.keep_capabilities = keep;
      process::set_user(plan);
      auto const after = *linux::capability_sets();
      return fmt::format("{} {} {}", after.effective, after.permitted == before.permitted,
                         ::prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
    });
  };
  CHECK(sets_after(true) == "0 true 0");
  CHECK(sets_after(false) == "0 false 0");
}

TEST_CASE("the process is not dumpable once it has its user", "[CVE-2016-9962]") {
  // The same user: the kernel leaves the flag alone, and with fs.suid_dumpable it sets it.
  CHECK(in_child([] {
          linux::set_dumpable(linux::Dumpable::yes).or_fail("become dumpable");
          auto plan = user(::geteuid(), ::getegid(), {});
          plan.group_policy = process::Groups::keep;
          process::set_user(plan);
          return std::to_string(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
        }) == "0");
}

TEST_CASE("in a user namespace without setgroups(2) no groups are no error", "[process]") {
  if (!may_unshare(CLONE_NEWUSER)) SKIP_BECAUSE("no user namespaces here");
  auto const identity_after = [](std::vector<gid_t> groups) {
    return in_child([&] {
      enter_single_user_namespace();
      auto plan = user(0, 0, std::move(groups));
      plan.rootless = true;
      process::set_user(plan);
      return identity().substr(0, 11);
    });
  };
  CHECK(identity_after({}) == "0,0,0 0,0,0");
  CHECK(identity_after({5}) == "error: cannot set any additional groups in a rootless container");
}

TEST_CASE("an id that is not mapped is named", "[process]") {
  if (!may_unshare(CLONE_NEWUSER)) SKIP_BECAUSE("no user namespaces here");
  auto const refused = [](uid_t uid, gid_t gid) {
    return in_child([&] {
      enter_single_user_namespace();
      process::set_user(user(uid, gid, {}));
      return std::string("set");
    });
  };
  CHECK(refused(5, 0) ==
        "error: set uid 5, which is unmapped in the user namespace: invalid argument");
  CHECK(refused(0, 6) ==
        "error: set gid 6, which is unmapped in the user namespace: invalid argument");
}
