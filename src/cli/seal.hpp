// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// proa's own file, out of the reach of containers.  A container can have the kernel execute what
// /proc/self/exe leads to at that moment, by a script with "#!/proc/self/exe" for instance, and
// that would be the host's file, to be overwritten as soon as nobody runs it any more
// (CVE-2019-5736). So whatever makes a process of a container first executes itself once more, on
// the host, through a mount of its file that belongs to no mount namespace, is read-only, and then
// forbids execution; nobody can change that mount, or copy it.  Where the kernel refuses such a
// mount: from a sealed copy in memory, whose mode then forbids it.
#pragma once

#include "cli/command.hpp"

namespace proa::cli {

/// Returns in a program that is sealed, or that no container could write to anyway; else the same
/// call begins once more.  Throws Error.
void seal(Call const& call);

}  // namespace proa::cli
