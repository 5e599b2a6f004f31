// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#network-devices: moves devices of the runtime's network namespace into the
// container's, with their addresses.  They are never moved back: that is the spec's rule.
#pragma once

#include "linux/fd.hpp"
#include "namespaces/plan.hpp"

namespace proa::namespaces {

/// Runtime.  `target` is the container's network namespace, `proc` the runtime's /proc.  Whether
/// all can be moved is looked at before the first is.  Throws Error.
void move_devices(Plan const& plan, linux::FdRef target, linux::FdRef proc);

}  // namespace proa::namespaces
