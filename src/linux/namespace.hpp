// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// namespaces(7): setns(2), unshare(2), ioctl_ns(2), and the names and clocks that live in them.
#pragma once

#include <sched.h>

#include <string>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080  // <linux/sched.h>; glibc's <sched.h> lacks it
#endif

namespace proa::linux {

/// setns(2); `type` is a CLONE_NEW* flag, EINVAL when the descriptor is of another type.
Outcome<void> setns(FdRef ns, int type);
Outcome<void> unshare(int flags);
/// NS_GET_NSTYPE: the CLONE_NEW* flag of a namespace's descriptor; ENOTTY when it is none.
Outcome<int> namespace_type(FdRef ns);
Outcome<void> sethostname(std::string const& name);
Outcome<void> setdomainname(std::string const& name);
/// Sets IFF_UP of an interface in this process's network namespace, netdevice(7).
Outcome<void> interface_up(std::string const& name);

}  // namespace proa::linux
