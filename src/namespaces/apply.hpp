// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The namespaces of a Plan come to be.  Each function says in which process it runs; none of them
// looks at config.json.  All throw Error.
#pragma once

#include <vector>

#include "linux/fd.hpp"
#include "namespaces/plan.hpp"

namespace proa::namespaces {

/// What is opened before the first clone and inherited by the helper and init.
struct Handles {
  std::vector<linux::Fd> joins;  ///< one for each of Plan::joins
  linux::Fd user;                ///< of Plan::user
  linux::Fd proc;                ///< the runtime's /proc: no container can have changed it
};

/// Runtime.  config-linux.md#namespaces: a path of another type MUST be an error.
Handles open(Plan const& plan);

/// Runtime.  Writes uid_map and gid_map of a process that is in the new user namespace.
void write_maps(IdMaps const& maps, pid_t pid);

/// A user namespace with these maps and without processes.  Throws Error.
linux::Fd make_user_namespace(IdMaps const& maps);

/// Helper.  Enters what Plan::joins and Plan::user name; its next child is in all of them.
void join(Plan const& plan, Handles const& handles);

/// Runtime.  The CLONE_NEW* flags of the namespaces of process `pid` that are not this process's.
/// `proc` is /proc.
int differing(linux::FdRef proc, pid_t pid);

/// The process that is to be in them, or the parent of one that is.  Enters these namespaces of a
/// process, named by its pidfd, in one call: setns(2).  In another user namespace it is root, and
/// has none of its groups unless they are to be kept.
void enter(linux::FdRef pidfd, int flags, Groups groups = Groups::drop);

/// Init, once it is in its cgroups and its ids are mapped: the rest of the namespaces, the names
/// and the kernel parameters in them.
void isolate(Plan const& plan, Handles const& handles);

}  // namespace proa::namespaces
