// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A seccomp profile of the shape that engines use, and filters run by hand.
#pragma once

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "bpf.hpp"
#include "proa/spec.hpp"
#include "security/seccomp.hpp"

namespace profile {

using proa::spec::Seccomp;
using proa::spec::SeccompAction;
using proa::spec::SeccompArg;
using proa::spec::SeccompOperator;

inline proa::spec::Syscall rule(std::vector<std::string> names, SeccompAction action,
                                std::vector<SeccompArg> args = {}) {
  proa::spec::Syscall rule;
  rule.names = std::move(names);
  rule.action = action;
  rule.args = std::move(args);
  return rule;
}

inline proa::spec::Syscall allow(std::vector<std::string> names,
                                 std::vector<SeccompArg> args = {}) {
  return rule(std::move(names), SeccompAction::allow, std::move(args));
}

inline Seccomp refusing_but(std::vector<proa::spec::Syscall> rules) {
  Seccomp seccomp;
  seccomp.default_action = SeccompAction::error;
  seccomp.syscalls = std::move(rules);
  return seccomp;
}

/// More than 32 rules, so that libseccomp builds a tree.
inline std::vector<std::string> const& usual_names() {
  static std::vector<std::string> const names{"accept4",
                                              "bind",
                                              "brk",
                                              "chdir",
                                              "clock_gettime",
                                              "close",
                                              "connect",
                                              "dup",
                                              "dup3",
                                              "epoll_wait",
                                              "execve",
                                              "exit",
                                              "exit_group",
                                              "fchdir",
                                              "fchmod",
                                              "fchown",
                                              "fcntl",
                                              "fstat",
                                              "fsync",
                                              "futex",
                                              "getcwd",
                                              "getdents64",
                                              "getegid",
                                              "geteuid",
                                              "getgid",
                                              "getpid",
                                              "getppid",
                                              "getrandom",
                                              "gettid",
                                              "getuid",
                                              "ioctl",
                                              "kill",
                                              "listen",
                                              "lseek",
                                              "madvise",
                                              "mkdirat",
                                              "mmap",
                                              "mprotect",
                                              "munmap",
                                              "nanosleep",
                                              "openat",
                                              "openat2",
                                              "pipe2",
                                              "ppoll",
                                              "prctl",
                                              "pread64",
                                              "prlimit64",
                                              "pwrite64",
                                              "read",
                                              "readlinkat",
                                              "readv",
                                              "recvmsg",
                                              "renameat2",
                                              "rt_sigaction",
                                              "rt_sigprocmask",
                                              "rt_sigreturn",
                                              "sendmsg",
                                              "setgid",
                                              "setgroups",
                                              "setuid",
                                              "sigaltstack",
                                              "statx",
                                              "symlinkat",
                                              "umask",
                                              "uname",
                                              "unlinkat",
                                              "wait4",
                                              "waitid",
                                              "write",
                                              "writev",
                                              "pidfd_send_signal"};
  return names;
}

/// Lists most calls, takes some only with certain arguments, and one is said not to exist.
inline Seccomp usual() {
  constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  auto seccomp = refusing_but({
      allow(usual_names()),
      allow({"personality"}, {{0, 0, 0, SeccompOperator::eq}}),
      allow({"personality"}, {{0, 8, 0, SeccompOperator::eq}}),
      allow({"personality"}, {{0, 0xffffffff, 0, SeccompOperator::eq}}),
      allow({"socket"}, {{0, AF_VSOCK, 0, SeccompOperator::ne}}),
      allow({"clone"}, {{0, namespaces, 0, SeccompOperator::masked_eq}}),
      rule({"clone3"}, SeccompAction::error),
  });
  seccomp.syscalls.back().errno_ret = ENOSYS;
  return seccomp;
}

inline std::uint32_t verdict(Seccomp const& seccomp, bpf::Call const& call) {
  return bpf::Machine(proa::seccomp::compile(seccomp).program).run(call);
}

constexpr std::uint32_t errno_verdict(int number) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}

}  // namespace profile
