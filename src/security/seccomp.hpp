// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// seccomp(2): config-linux.md#seccomp to a filter, and the filter onto the process.  The numbers of
// system calls are libseccomp's; the program is emit.hpp's, sixty times faster than libseccomp and
// tested to decide as it does.  In front of that stands the stub for system calls that are newer
// than the profile, see enosys.hpp.  A filter is bytes: it is made in the runtime, before or while
// the container's process is set up, and loaded there by load() alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proa/spec.hpp"

namespace proa::seccomp {

struct Filter {
  std::string program;  ///< array of struct sock_filter, native order
  unsigned flags = 0;   ///< SECCOMP_FILTER_FLAG_*
};

/// Runtime.  spec/validate must have passed it.  Throws Error{config} for a filter that is too long
/// for the kernel, and Error{unsupported} for what this build's libseccomp does not know.  With
/// SCMP_ACT_NOTIFY its flags have SECCOMP_FILTER_FLAG_NEW_LISTENER: see listener.hpp.
/// System calls that libseccomp does not know are left out: profiles name those of any kernel.
/// Conditions of one rule must all hold; where two of them look at the same argument, each is a
/// rule of its own, as runc has always had it and profiles have come to rely on.
Filter compile(spec::Seccomp const& seccomp);

/// The process that is to be confined.  Takes the parts of a Filter.  Needs CAP_SYS_ADMIN in its
/// user namespace, or no_new_privs.
void load(std::string_view program, unsigned flags);

/// The words of config.json for the architectures that this build's libseccomp knows.
std::vector<std::string> archs();

}  // namespace proa::seccomp
