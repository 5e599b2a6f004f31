// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What root in a container of `proa spec` may try to get out, and what the kernel says then.
#include <linux/keyctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "attacks.hpp"
#include "catch.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// The errno of one attempt of the container's root.
int attempt(Words const& verb) { return inside(default_spec({verb}), {verb}).front().at("errno"); }

Words call(long number, std::vector<long> const& arguments) {
  Words words = {"syscall", std::to_string(number)};
  for (long const argument : arguments) words.push_back(std::to_string(argument));
  return words;
}

constexpr long new_user_namespace = 0x10000000;  // CLONE_NEWUSER
constexpr long new_mount_namespace = 0x00020000;

}  // namespace

TEST_CASE("root of a container cannot change its root", "[contract:security][escape]") {
  CHECK(attempt({"chroot", "/dev"}) == EPERM);
}

TEST_CASE("root of a container mounts nothing", "[contract:security][escape]") {
  for (Words const& verb :
       {Words{"mount", "tmpfs", "tmpfs", "/dev"}, Words{"mount", "proc", "proc", "/proc"},
        Words{"mount", "bind", "/proc", "/dev/shm"},
        Words{"mount", "devtmpfs", "devtmpfs", "/dev"}}) {
    CAPTURE(verb);
    CHECK(attempt(verb) == EPERM);
  }
}

// CVE-2022-0492: a program of the host's that the kernel calls when a cgroup empties.
TEST_CASE("root of a container has no release_agent",
          "[contract:security][escape][cve:CVE-2022-0492]") {
  CHECK(attempt({"mount", "cgroup", "cgroup", "/dev/shm"}) == EPERM);
  auto const answers =
      inside(default_spec({{"list", "/sys/fs/cgroup"}}), {{"list", "/sys/fs/cgroup"}});
  Words places = {"/sys/fs/cgroup"};
  for (auto const& name : answers.front().at("names")) {
    places.push_back("/sys/fs/cgroup/" + name.get<std::string>());
  }
  std::vector<Words> verbs;
  for (auto const& place : places) {
    verbs.push_back({"write", place + "/release_agent", "/evil"});
    verbs.push_back({"write", place + "/notify_on_release", "1"});
    verbs.push_back({"mkdir", place + "/escape"});
  }
  for (auto const& answer : inside(default_spec(verbs), verbs)) {
    CAPTURE(answer);
    CHECK(answer.at("errno") != 0);
  }
}

TEST_CASE("root of a container makes no devices", "[contract:security][escape]") {
  CHECK(attempt({"mknod", "/dev/disk", "b", "8", "0"}) == EPERM);
  CHECK(attempt({"mknod", "/dev/mem", "c", "1", "1"}) == EPERM);
}

TEST_CASE("root of a container changes nothing of the kernel", "[contract:security][escape]") {
  for (char const* file :
       {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/swappiness",
        "/proc/sysrq-trigger", "/proc/sys/fs/binfmt_misc/register", "/sys/kernel/uevent_helper",
        "/proc/irq/default_smp_affinity"}) {
    CAPTURE(file);
    CHECK(attempt({"open", file, "w"}) != 0);
  }
  CHECK(attempt({"write", "/proc/sys/kernel/core_pattern", "|/evil"}) == EROFS);
}

// What masks a file may be the host's /dev/null, whose node is the same for everybody.
TEST_CASE("root of a container changes nothing of what masks a file",
          "[contract:security][escape]") {
  struct stat before {
  }, after{};
  REQUIRE(stat("/dev/null", &before) == 0);
  Bundle const bundle = ordinary()
                            .file("etc/first", "secret")
                            .file("etc/second", "secret")
                            .with("/linux/maskedPaths", {"/etc/first", "/etc/second"});
  for (char const* file : {"/etc/first", "/etc/second"}) {
    CAPTURE(file);
    // A mode that is harmless, should it come to the host.
    auto const seen =
        inside(bundle, {{"chmod", file, "1666"}, {"open", file, "rw"}, {"read", file}});
    REQUIRE(stat("/dev/null", &after) == 0);
    CHECK(after.st_mode == before.st_mode);
    if (after.st_mode != before.st_mode) chmod("/dev/null", before.st_mode & 07777);
    if (is_proa()) CHECK(seen[0].at("errno") == EROFS);
    CHECK(seen[1].at("errno") == 0);
    CHECK(seen[2].at("text") == "");
  }
}

// It would be given the host's as a standard stream, and root could change its node.
TEST_CASE("a container that has removed its /dev/null does not get the host's",
          "[contract:security][escape]") {
  Running web(ordinary());
  REQUIRE(unlink(("/proc/" + std::to_string(web.pid()) + "/root/dev/null").c_str()) == 0);
  Result const joined = exec(web, {}, {"/probe", "report"});
  CHECK(joined.status != 0);
  check_words(joined.error(), "container has no /dev/null");
}

TEST_CASE("root of a container reads none of the host's memory", "[contract:security][escape]") {
  for (char const* file : {"/proc/kcore", "/proc/keys", "/proc/timer_list"}) {
    Json const answer = inside(default_spec({{"read", file}}), {{"read", file}}).front();
    CAPTURE(file);
    if (answer.at("errno") == 0) CHECK(answer.at("text") == "");
  }
  CHECK(attempt({"open", "/dev/mem", "r"}) == ENOENT);
}

TEST_CASE("root of a container reaches no process of the host", "[contract:security][escape]") {
  long const outside = getpid();
  CHECK(attempt(call(SYS_ptrace, {PTRACE_ATTACH, outside, 0})) == ESRCH);
  CHECK(attempt(call(SYS_kill, {outside, 0})) == ESRCH);
  // Or nobody may call it here.
  int const held = attempt(call(SYS_pidfd_open, {outside, 0}));
  CHECK((held == ESRCH || held == ENOSYS || held == EPERM));
}

TEST_CASE("root of a container joins no other namespace", "[contract:security][escape]") {
  for (char const* kind : {"mnt", "net", "pid", "ipc", "uts", "cgroup"}) {
    CAPTURE(kind);
    CHECK(attempt({"setns", std::string("/proc/1/ns/") + kind}) == EPERM);
  }
  // The way to those of the host: a descriptor of one, which is nowhere to be had.
  CHECK(attempt({"setns", "/proc/" + std::to_string(getpid()) + "/ns/mnt"}) == ENOENT);
  CHECK(attempt(call(SYS_unshare, {new_mount_namespace})) == EPERM);
}

TEST_CASE("root of a container opens no file by its handle", "[contract:security][escape]") {
  CHECK(attempt({"handle", "/"}) == EPERM);
}

TEST_CASE("a container does not possess the keys of its caller",
          "[contract:security][escape][defence:own-keyring]") {
  long const key = syscall(SYS_add_key, "user", "proa-secret", "secret", std::size_t{6},
                           KEY_SPEC_SESSION_KEYRING);
  if (key < 0) SKIP_BECAUSE("add_key(2): " + std::string(std::strerror(errno)));
  CHECK(attempt(call(SYS_keyctl, {KEYCTL_READ, key})) != 0);
  Running web(ordinary());
  Result const joined = exec(web, {},
                             {"/probe", "syscall", std::to_string(SYS_keyctl),
                              std::to_string(KEYCTL_READ), std::to_string(key)});
  CHECK(said_of("syscall", joined.out).at("errno") != 0);
  syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_SESSION_KEYRING);
}

TEST_CASE("root of a container reaches no abstract socket of the host",
          "[contract:security][escape]") {
  std::string const name = "proa-test-" + std::to_string(getpid());
  Fd const listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr const*>(&address), size) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  CHECK(attempt({"connect", name}) == ECONNREFUSED);
}

TEST_CASE("a user namespace of a container's own gives nothing of the host",
          "[contract:security][escape]") {
  std::vector<Words> const verbs = {call(SYS_unshare, {new_user_namespace | new_mount_namespace}),
                                    {"mknod", "/dev/shm/disk", "b", "8", "0"},
                                    {"write", "/proc/sys/kernel/core_pattern", "|/evil"},
                                    {"mount", "devtmpfs", "devtmpfs", "/dev/shm"},
                                    {"mount", "cgroup", "cgroup", "/dev/shm"}};
  auto const answers = inside(default_spec(verbs), verbs);
  for (std::size_t i = 1; i < answers.size(); ++i) {
    CAPTURE(verbs[i], answers[i]);
    CHECK(answers[i].at("errno") != 0);
  }
}

}  // namespace conformance
