// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// An older kernel, or an older system call filter around us: runs a program under a filter that
// answers an errno for some system calls.  The filter is inherited by the program's children, so a
// container under test has it as well.
//   deny ENOSYS|EPERM CALL[,CALL...] PROGRAM NAME [ARGUMENT...]
// NAME is what the program is told that it was called as.  Exit status 125 when the program cannot
// be run so.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

#if defined(__x86_64__)
constexpr unsigned native = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned native = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr unsigned native = AUDIT_ARCH_RISCV64;
#endif

struct Call {
  char const* name;
  unsigned number;
};

// From 424 on a number is the same on every architecture, and headers may be older than it.
constexpr Call calls[] = {
    {"statx", SYS_statx},
    {"memfd_create", SYS_memfd_create},
    {"execveat", SYS_execveat},
    {"pidfd_send_signal", 424},
    {"open_tree", 428},
    {"move_mount", 429},
    {"fsopen", 430},
    {"fsconfig", 431},
    {"fsmount", 432},
    {"fspick", 433},
    {"pidfd_open", 434},
    {"clone3", 435},
    {"close_range", 436},
    {"openat2", 437},
    {"pidfd_getfd", 438},
    {"faccessat2", 439},
    {"epoll_pwait2", 441},
    {"mount_setattr", 442},
    {"fchmodat2", 452},
    {"statmount", 457},
    {"listmount", 458},
    {"open_tree_attr", 467},
};

int usage(char const* what, char const* word) {
  fprintf(stderr, "deny: %s: %s\n", what, word);
  return 125;
}

/// Appends the numbers of "a,b,c"; the name that is unknown, or nothing.
std::string read(std::string const& list, std::vector<unsigned>& numbers) {
  for (size_t at = 0; at <= list.size();) {
    auto const end = std::min(list.find(',', at), list.size());
    auto const name = list.substr(at, end - at);
    Call const* found = nullptr;
    for (auto const& call : calls) {
      if (name == call.name) found = &call;
    }
    if (found == nullptr) return name.empty() ? "nothing" : name;
    numbers.push_back(found->number);
    at = end + 1;
  }
  return {};
}

bool install(std::vector<unsigned> const& numbers, unsigned error) {
  constexpr auto offset_arch = static_cast<unsigned>(offsetof(seccomp_data, arch));
  constexpr auto offset_number = static_cast<unsigned>(offsetof(seccomp_data, nr));
  constexpr unsigned short equal = BPF_JMP | BPF_JEQ | BPF_K, answer = BPF_RET | BPF_K;
  std::vector<sock_filter> program{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset_arch},
                                   {equal, 1, 0, native},
                                   {answer, 0, 0, SECCOMP_RET_ALLOW},
                                   {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset_number}};
  for (auto const number : numbers) {
    program.push_back({equal, 0, 1, number});
    program.push_back({answer, 0, 0, SECCOMP_RET_ERRNO | error});
  }
  program.push_back({answer, 0, 0, SECCOMP_RET_ALLOW});
  sock_fprog const filter{static_cast<unsigned short>(program.size()), program.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0) return true;
  // A user may have a filter where programs cannot get it more rights.
  if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    return usage("usage", "deny ENOSYS|EPERM CALL[,CALL...] PROGRAM NAME [ARGUMENT...]");
  }
  std::string const error = argv[1];
  if (error != "ENOSYS" && error != "EPERM") return usage("no such errno here", argv[1]);
  std::vector<unsigned> numbers;
  auto const unknown = read(argv[2], numbers);
  if (!unknown.empty()) return usage("no such call here", unknown.c_str());
  if (!install(numbers, error == "EPERM" ? EPERM : ENOSYS)) {
    return usage("filter", strerror(errno));
  }
  execv(argv[3], argv + 4);
  return usage(argv[3], strerror(errno));
}
