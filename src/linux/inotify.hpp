// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// inotify(7): waiting for something to happen to a file.
#pragma once

#include <string>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// A descriptor that becomes readable when somebody closes the file or directory (IN_CLOSE).
Outcome<Fd> watch_closes(std::string const& path);

}  // namespace proa::linux
