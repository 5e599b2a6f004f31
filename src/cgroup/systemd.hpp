// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The manager that lets systemd make the container's group, as the group of a transient scope, on a
// host with cgroup v2 alone.  Where v1 hierarchies are, systemd makes the group in some of them and
// knows nothing of the others, so that the manager of cgroupfs.cpp goes about them all, with a
// Scope around it.
//
// A scope can't be made without a process, so init is cloned first, where the caller is, and waits
// for Admitted; enter() has systemd move it and waits for the end of that one job.  Then the group
// is there and proa writes into its files what it would have written without systemd: all of it,
// as systemd rounds some values, and has no word for others.  Init's cgroup namespace is no matter:
// it is unshared after Admitted.  The other way round, a process that holds the scope open until
// init is cloned into it, would cost the same messages, the same move, one process more, and the
// right to clone from the caller's group into the scope's, which a user in a login session has not.
//
// On systemd's own socket that is one call a create, one for a delete that comes before systemd
// has seen that the scope is empty, else none.
#pragma once

#include <memory>

#include "cgroup/manager.hpp"

namespace proa::cgroup {

/// `plan` has a unit and one group, of v2, and must outlive the manager.
std::unique_ptr<Manager> make_systemd_manager(Plan const& plan);

}  // namespace proa::cgroup
