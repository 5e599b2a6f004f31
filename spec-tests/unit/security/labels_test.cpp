// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// AppArmor, SELinux and keyrings, as far as a host without the first two can tell.

#include <sched.h>
#include <seccomp.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "linux/keyring.hpp"
#include "linux/proc.hpp"
#include "security/apparmor.hpp"
#include "security/keyring.hpp"
#include "security/selinux.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/process/tree.hpp"

using namespace proa;

TEST_CASE("a host without a security module says so", "[security]") {
  // Both show themselves in securityfs or selinuxfs when they are on.
  bool const apparmor_shown = ::access("/sys/module/apparmor", F_OK) == 0;
  bool const selinux_shown = ::access("/sys/fs/selinux/enforce", F_OK) == 0;
  if (apparmor_shown && selinux_shown) SKIP_BECAUSE("this host has both");
  if (!apparmor_shown) CHECK_FALSE(apparmor::enabled());
  if (!selinux_shown) CHECK_FALSE(selinux::enabled());
}

namespace {

/// The text of what a label that can't be written throws.
template <class Set>
std::string refused(Set set) {
  return in_child([&] {
    auto const proc = linux::open_proc().or_fail("open /proc");
    set(proc);
    return std::string("set");
  });
}

}  // namespace

TEST_CASE("a label that can't be set has the path in the quotes that podman looks for",
          "[contract:podman]") {
  if (apparmor::enabled() || selinux::enabled()) SKIP_BECAUSE("labels can be set here");
  CHECK(refused([](linux::FdRef proc) { apparmor::set_exec_profile("p", proc); }) ==
        "error: /process/apparmorProfile: set apparmor profile p: write `/proc/self/attr/exec`: "
        "invalid argument");
  CHECK(refused([](linux::FdRef proc) { selinux::set_exec_label("l", proc); }) ==
        "error: /process/selinuxLabel: set selinux label l: write `/proc/self/attr/exec`: invalid "
        "argument");
  CHECK(refused([](linux::FdRef proc) {
          apparmor::set_exec_profile("", proc);
          selinux::set_exec_label("", proc);
          selinux::set_key_label("", proc);
        }) == "set");
}

TEST_CASE("a label is not written to a file that only looks like one of /proc",
          "[CVE-2019-16884]") {
  Tree tree;
  for (auto const* name : {"self", "self/attr", "self/attr/apparmor"}) tree.directory(name);
  std::string reason = ": no such file or directory";
  SECTION("there is none") {}
  SECTION("AppArmor's own file") {
    tree.file("self/attr/apparmor/exec", 0666);
    reason = ": operation not supported";
  }
  SECTION("the file that security modules share") {
    tree.file("self/attr/exec", 0666);
    reason = ": operation not supported";
  }
  CHECK(in_child([&] {
          apparmor::set_exec_profile("p", tree.dir());
          return std::string("set");
        }) ==
        "error: /process/apparmorProfile: set apparmor profile p: write `/proc/self/attr/exec`" +
            reason);
}

namespace {

/// What `set` writes into a file of the process.  The file is its name, which procfs lets everybody
/// read back, under the path of `file`; mounted, as it has to be of procfs, and without openat2(2),
/// which would see the mount.
template <class Set>
std::string written_to(std::string const& file, Set set) {
  Tree tree;
  for (auto const* name : {"self", "self/attr", "self/attr/apparmor"}) tree.directory(name);
  tree.file(file, 0666);
  return in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("/proc/self/comm", (tree / file).c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return std::string("not mounted");
    }
    seccomp_api_set(1);  // others have raised it beyond what this kernel may load
    scmp_filter_ctx const filter = seccomp_init(SCMP_ACT_ALLOW);
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0);
    if (seccomp_load(filter) != 0) return std::string("no filter");
    // Opened here: one from before is of the other mount namespace.
    set(linux::open_at(linux::at_cwd, tree.path(), O_PATH | O_DIRECTORY).or_fail("open"));
    return linux::read_file(linux::at_cwd, "/proc/self/comm").or_fail("read");
  });
}

}  // namespace

TEST_CASE("labels are written to the files of their security module",
          "[spec:config#linux-process][MUST]") {
  if (!may_mount()) SKIP_BECAUSE("this host lets nobody mount");
  auto const profile = [](linux::FdRef proc) { apparmor::set_exec_profile("strict", proc); };
  CHECK(written_to("self/attr/apparmor/exec", profile) == "exec strict\n");
  CHECK(written_to("self/attr/exec", profile) == "exec strict\n");
  CHECK(written_to("self/attr/exec", [](linux::FdRef proc) {
          selinux::set_exec_label("u:r:t:s0", proc);
        }) == "u:r:t:s0\n");
  CHECK(written_to("self/attr/keycreate", [](linux::FdRef proc) {
          selinux::set_key_label("u:r:k:s0", proc);
        }) == "u:r:k:s0\n");
}

TEST_CASE("the container has a session keyring of its own, which exec can join",
          "[contract:runc]") {
  if (in_child([] { return errno_text(linux::join_session_keyring("_ses.probe").error()); }) ==
      errno_text(ENOSYS)) {
    SKIP_BECAUSE("this kernel has no keyrings");
  }
  auto const described = [](std::string const& name, keyring::Searchers searchers) {
    return in_child([&] {
      auto const proc = linux::open_proc().or_fail("open /proc");
      keyring::join_session({name, "", searchers}, proc);
      constexpr linux::KeySerial session = -3;  // KEY_SPEC_SESSION_KEYRING
      return linux::describe_key(session).or_fail("describe the session keyring");
    });
  };
  // type;uid;gid;permissions;name.  Possessor: all but setattr; user: view, read and link, and the
  // search that was added.
  auto const of_user = described("_ses.proa-a", keyring::Searchers::same_user);
  CHECK(of_user.starts_with("keyring;"));
  CHECK(of_user.ends_with(";3f1b0000;_ses.proa-a"));
  CHECK(described("_ses.proa-b", keyring::Searchers::everyone).ends_with(";3f130008;_ses.proa-b"));
}
