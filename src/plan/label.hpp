// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Labels of Linux security modules that this kernel may not have.
#pragma once

#include <string>

namespace proa {

/// A label that the kernel would not understand is worth a warning, not a failure: the same
/// config.json goes to hosts with the module and without.  Then it is empty.
std::string usable_label(std::string const& label, char const* pointer, bool enabled);

}  // namespace proa
