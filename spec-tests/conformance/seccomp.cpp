// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#seccomp: what the kernel does to system calls of a container.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

/// Everything is allowed but `names`, which meet `action`.
Bundle filtered(Words const& names, std::string const& action, Json const& more = Json::object()) {
  Json rule = {{"names", names}, {"action", action}};
  rule.update(more);
  return ordinary().with("/linux/seccomp",
                         {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", Json::array({rule})}});
}

/// The call of most cases is times(2): no runtime needs it on its own last steps.
Words call(long number, std::vector<long> const& arguments = {}) {
  Words words = {"syscall", std::to_string(number)};
  for (long const argument : arguments) words.push_back(std::to_string(argument));
  return words;
}

/// How the container ends whose program makes one call.
int end_of(Bundle const& bundle, Words const& verb) {
  Created web(bundle.doing({verb}));
  REQUIRE(web.start().ok());
  return web.wait();
}

Json argument_rule(int index, std::uint64_t value, char const* op, std::uint64_t two = 0) {
  return {
      {"args", Json::array({{{"index", index}, {"value", value}, {"valueTwo", two}, {"op", op}}})}};
}

}  // namespace

TEST_CASE("without seccomp there is no filter", "[spec:config-linux#seccomp][MUST]") {
  CHECK(report(ordinary()).at("seccomp") == 0);
}

TEST_CASE("a filter is loaded", "[spec:config-linux#seccomp][MUST]") {
  CHECK(report(filtered({"acct"}, "SCMP_ACT_ERRNO")).at("seccomp") == 2);
}

TEST_CASE("ERRNO answers with EPERM by default", "[spec:config-linux#seccomp][MUST]") {
  CHECK(inside(filtered({"times"}, "SCMP_ACT_ERRNO"), {call(SYS_times)})[0].at("errno") == EPERM);
}

TEST_CASE("ERRNO answers with errnoRet", "[spec:config-linux#seccomp][MUST]") {
  Bundle const bundle = filtered({"times"}, "SCMP_ACT_ERRNO", {{"errnoRet", ENOTTY}});
  CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == ENOTTY);
}

TEST_CASE("an errnoRet of 0 is a value too", "[spec:config-linux#seccomp][MUST]") {
  Bundle const bundle = filtered({"times"}, "SCMP_ACT_ERRNO", {{"errnoRet", 0}});
  Json const answer = inside(bundle, {call(SYS_times)})[0];
  CHECK(answer.at("errno") == 0);
  CHECK(answer.at("value") == 0);
}

TEST_CASE("defaultErrnoRet is the default action's", "[spec:config-linux#seccomp][MUST]") {
  // Everything that the probe and a runtime's last steps need, and not times(2).
  Words const allowed = {"access",
                         "arch_prctl",
                         "brk",
                         "capget",
                         "capset",
                         "chdir",
                         "clock_gettime",
                         "close",
                         "close_range",
                         "connect",
                         "dup",
                         "dup2",
                         "dup3",
                         "epoll_ctl",
                         "epoll_create1",
                         "epoll_pwait",
                         "execve",
                         "execveat",
                         "exit",
                         "exit_group",
                         "faccessat",
                         "faccessat2",
                         "fchdir",
                         "fchown",
                         "fcntl",
                         "fstat",
                         "fstatfs",
                         "futex",
                         "getcwd",
                         "getdents64",
                         "getegid",
                         "geteuid",
                         "getgid",
                         "getpgrp",
                         "getpid",
                         "getrandom",
                         "getrlimit",
                         "gettid",
                         "getuid",
                         "ioctl",
                         "lseek",
                         "lstat",
                         "mmap",
                         "mprotect",
                         "munmap",
                         "nanosleep",
                         "newfstatat",
                         "open",
                         "openat",
                         "openat2",
                         "pipe2",
                         "poll",
                         "ppoll",
                         "prctl",
                         "pread64",
                         "prlimit64",
                         "read",
                         "readlink",
                         "readlinkat",
                         "recvfrom",
                         "recvmsg",
                         "rseq",
                         "rt_sigaction",
                         "rt_sigprocmask",
                         "rt_sigreturn",
                         "sched_yield",
                         "sendmsg",
                         "sendto",
                         "set_robust_list",
                         "set_tid_address",
                         "setgid",
                         "setgroups",
                         "setresgid",
                         "setresuid",
                         "setsid",
                         "setuid",
                         "shutdown",
                         "sigaltstack",
                         "socket",
                         "stat",
                         "statx",
                         "tgkill",
                         "umask",
                         "uname",
                         "wait4",
                         "waitid",
                         "write",
                         "writev",
                         "madvise",
                         "mremap"};
  Bundle const bundle = ordinary().with(
      "/linux/seccomp",
      {{"defaultAction", "SCMP_ACT_ERRNO"},
       {"defaultErrnoRet", ENOTTY},
       {"syscalls", Json::array({{{"names", allowed}, {"action", "SCMP_ACT_ALLOW"}}})}});
  CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == ENOTTY);
}

TEST_CASE("KILL and KILL_PROCESS end the process with SIGSYS",
          "[spec:config-linux#seccomp][MUST][contract:2.9/bad-system-call]") {
  for (char const* action : {"SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS"}) {
    CAPTURE(action);
    CHECK(end_of(filtered({"times"}, action), call(SYS_times)) == 128 + 31);
  }
}

TEST_CASE("TRAP ends a process without a handler with SIGSYS",
          "[spec:config-linux#seccomp][MUST]") {
  CHECK(end_of(filtered({"times"}, "SCMP_ACT_TRAP").without_namespace("pid"), call(SYS_times)) ==
        128 + 31);
}

TEST_CASE("TRACE without a tracer answers ENOSYS", "[spec:config-linux#seccomp][MUST]") {
  CHECK(inside(filtered({"times"}, "SCMP_ACT_TRACE"), {call(SYS_times)})[0].at("errno") == ENOSYS);
}

TEST_CASE("LOG and ALLOW let a call through", "[spec:config-linux#seccomp][MUST]") {
  for (char const* action : {"SCMP_ACT_LOG", "SCMP_ACT_ALLOW"}) {
    CAPTURE(action);
    Bundle const bundle = ordinary().with(
        "/linux/seccomp",
        {{"defaultAction", "SCMP_ACT_ALLOW"},
         {"syscalls", Json::array({{{"names", {"times"}}, {"action", action}},
                                   {{"names", {"acct"}}, {"action", "SCMP_ACT_ERRNO"}}})}});
    CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == 0);
  }
}

TEST_CASE("arguments decide with every operator", "[spec:config-linux#seccomp][MUST]") {
  struct Row {
    char const* op;
    std::uint64_t value, two;
    std::vector<long> refused, passed;
  };
  // personality(2) takes any number; 0xffffffff only asks.
  Row const rows[] = {
      {"SCMP_CMP_EQ", 8, 0, {8}, {0, 0xffffffff}}, {"SCMP_CMP_NE", 0, 0, {8}, {0}},
      {"SCMP_CMP_LT", 8, 0, {0}, {8, 0xffffffff}}, {"SCMP_CMP_LE", 8, 0, {0, 8}, {0xffffffff}},
      {"SCMP_CMP_GE", 8, 0, {8, 0xffffffff}, {0}}, {"SCMP_CMP_GT", 8, 0, {0xffffffff}, {8, 0}},
      {"SCMP_CMP_MASKED_EQ", 12, 8, {8}, {0, 12}}};
  for (auto const& row : rows) {
    // MASKED_EQ: `value` is the mask and `valueTwo` what has to come out.
    Bundle const bundle =
        filtered({"personality"}, "SCMP_ACT_ERRNO", argument_rule(0, row.value, row.op, row.two));
    for (long const argument : row.refused) {
      CAPTURE(row.op, argument);
      CHECK(inside(bundle, {call(SYS_personality, {argument})})[0].at("errno") == EPERM);
    }
    for (long const argument : row.passed) {
      CAPTURE(row.op, argument);
      CHECK(inside(bundle, {call(SYS_personality, {argument})})[0].at("errno") == 0);
    }
  }
}

TEST_CASE("all argument conditions of a rule have to hold", "[spec:config-linux#seccomp][MUST]") {
  Json const both = {{"args",
                      {{{"index", 0}, {"value", 1}, {"op", "SCMP_CMP_EQ"}},
                       {{"index", 1}, {"value", 2}, {"op", "SCMP_CMP_EQ"}}}}};
  Bundle const bundle = filtered({"getpriority"}, "SCMP_ACT_ERRNO", both);
  auto const seen = inside(bundle, {call(SYS_getpriority, {1, 2}), call(SYS_getpriority, {0, 0}),
                                    call(SYS_getpriority, {0, 2}), call(SYS_getpriority, {1, 0})});
  CHECK(seen[0].at("errno") == EPERM);
  CHECK(seen[1].at("errno") == 0);
  CHECK(seen[2].at("errno") != EPERM);
  CHECK(seen[3].at("errno") == 0);
}

TEST_CASE("a call that this machine does not know is passed over",
          "[spec:config-linux#seccomp][MAY]") {
  Json const seen =
      inside(filtered({"no_such_call", "times"}, "SCMP_ACT_ERRNO"), {call(SYS_times)})[0];
  CHECK(seen.at("errno") == EPERM);
}

TEST_CASE("further architectures may be named", "[spec:config-linux#seccomp][MUST]") {
  Bundle const bundle = filtered({"times"}, "SCMP_ACT_ERRNO")
                            .with("/linux/seccomp/architectures",
                                  {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"});
  // An architecture that is not named is answered with the end of the process.
  constexpr long x32 = 0x40000000;
  auto const seen = inside(bundle, {call(SYS_times), call(SYS_times | x32)});
  CHECK(seen[0].at("errno") == EPERM);
  CHECK(seen[1].at("errno") == EPERM);
}

TEST_CASE("flags of seccomp(2) are taken", "[spec:config-linux#seccomp][MUST]") {
  Bundle const bundle =
      filtered({"times"}, "SCMP_ACT_ERRNO")
          .with("/linux/seccomp/flags", {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC",
                                         "SECCOMP_FILTER_FLAG_SPEC_ALLOW"});
  CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == EPERM);
}

TEST_CASE("seccomp words that nobody knows are refused", "[spec:config#valid-values][MUST]") {
  refusal(filtered({"times"}, "SCMP_ACT_NOSUCH"));
  refusal(filtered({"times"}, "SCMP_ACT_ERRNO", argument_rule(0, 1, "SCMP_CMP_NOSUCH")));
  refusal(filtered({"times"}, "SCMP_ACT_ERRNO")
              .with("/linux/seccomp/architectures", Json::array({"SCMP_ARCH_NOSUCH"})));
  refusal(filtered({"times"}, "SCMP_ACT_ERRNO")
              .with("/linux/seccomp/flags", Json::array({"SECCOMP_FILTER_FLAG_NOSUCH"})));
  refusal(ordinary().with("/linux/seccomp", {{"defaultAction", "SCMP_ACT_NOSUCH"}}));
}

// crun 1.8 ignores it.
TEST_CASE("an errnoRet where the action has none is refused", "[spec:config-linux#seccomp][MUST]") {
  refusal(filtered({"times"}, "SCMP_ACT_KILL", {{"errnoRet", 1}}));
  refusal(filtered({"times"}, "SCMP_ACT_ERRNO")
              .with({{"linux", {{"seccomp", {{"defaultErrnoRet", 1}}}}}}));
}

TEST_CASE("a rule without names is refused", "[spec:config-linux#seccomp][MUST]") {
  refusal(filtered({}, "SCMP_ACT_ERRNO"));
}

TEST_CASE("a filter works without noNewPrivileges and with it",
          "[spec:config-linux#seccomp][MUST]") {
  for (bool const nnp : {false, true}) {
    CAPTURE(nnp);
    Bundle const bundle = filtered({"times"}, "SCMP_ACT_ERRNO")
                              .with("/process/noNewPrivileges", nnp)
                              .with("/process/user", {{"uid", 1000}, {"gid", 1000}});
    CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == EPERM);
  }
}

TEST_CASE("a filter may forbid what the runtime itself uses", "[spec:config-linux#seccomp][MUST]") {
  // With noNewPrivileges the filter can be loaded last.
  Bundle const bundle = filtered({"mount", "unshare", "setns", "pivot_root", "setuid", "setgid",
                                  "setgroups", "capset", "chdir", "mount_setattr", "openat2"},
                                 "SCMP_ACT_KILL_PROCESS")
                            .with("/process/noNewPrivileges", true);
  CHECK(inside(bundle, {call(SYS_times)})[0].at("errno") == 0);
}

// capset(2) is called by exec for its own capabilities, behind the filter.
TEST_CASE("an exec whose process the filter kills before its program has failed", "[exec]") {
  Json const filter = {
      {"defaultAction", "SCMP_ACT_ALLOW"},
      {"syscalls", {{{"names", {"capset"}}, {"action", "SCMP_ACT_KILL_PROCESS"}}}}};
  auto const bundle = ordinary().with({{"process", {{"capabilities", nullptr}}}});
  Running web(bundle.with("/linux/seccomp", filter));
  std::string const pid_file = scratch() + "/exec.pid";
  Result const result = proa("exec", "--detach", "--pid-file", pid_file, "--cap", "CAP_KILL",
                             web.id(), "/probe", "pause");
  CHECK(result.status == 255);
  check_words(result.error(), "has died before it executed its program: killed by signal 31");
  CHECK_FALSE(exists(pid_file));
}

}  // namespace conformance
