// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// seccomp(2): puts a filter on the calling process.
#pragma once

#include <linux/filter.h>

#include <span>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: <linux/seccomp.h> of Linux 5.19 is the first to have it.
inline constexpr unsigned wait_killable_recv = 1U << 5;

/// SECCOMP_SET_MODE_FILTER; `flags` is SECCOMP_FILTER_FLAG_*.  EACCES without CAP_SYS_ADMIN and
/// without no_new_privs.  With SECCOMP_FILTER_FLAG_TSYNC a thread that can't follow is ESRCH.
Outcome<void> set_seccomp_filter(std::span<::sock_filter const> program, unsigned flags);

/// The same with SECCOMP_FILTER_FLAG_NEW_LISTENER among `flags`: the descriptor, close-on-exec, at
/// which SECCOMP_RET_USER_NOTIF asks.  EBUSY: a filter of this process has a listener already.
Outcome<Fd> set_seccomp_filter_with_listener(std::span<::sock_filter const> program,
                                             unsigned flags);

}  // namespace proa::linux
