// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/seccomp.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace proa::linux {

Outcome<void> set_seccomp_filter(std::span<::sock_filter const> program, unsigned flags) {
  if (program.size() > BPF_MAXINSNS) return Errno{EINVAL};
  ::sock_fprog const filter{static_cast<unsigned short>(program.size()),
                            const_cast<::sock_filter*>(program.data())};
  long const result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  // With TSYNC a positive result is the id of the thread that could not follow.
  if (result > 0) return Errno{ESRCH};
  return checked(result);
}

}  // namespace proa::linux
