// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/seccomp.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace proa::linux {

namespace {

long set_filter(std::span<::sock_filter const> program, unsigned flags) {
  if (program.size() > BPF_MAXINSNS) {
    errno = EINVAL;
    return -1;
  }
  ::sock_fprog const filter{static_cast<unsigned short>(program.size()),
                            const_cast<::sock_filter*>(program.data())};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

}  // namespace

Outcome<void> set_seccomp_filter(std::span<::sock_filter const> program, unsigned flags) {
  long const result = set_filter(program, flags);
  // With TSYNC a positive result is the id of the thread that could not follow.
  if (result > 0) return Errno{ESRCH};
  return checked(result);
}

Outcome<Fd> set_seccomp_filter_with_listener(std::span<::sock_filter const> program,
                                             unsigned flags) {
  long const result = set_filter(program, flags);
  if (result < 0) return Errno::last();
  return Fd(static_cast<int>(result));
}

}  // namespace proa::linux
