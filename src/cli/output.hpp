// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the program says on its standard streams: texts written with write(2), a reader that has
// gone is an error and never a signal.
#pragma once

#include <string>
#include <string_view>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::cli {

inline constexpr linux::FdRef standard_output{STDOUT_FILENO};
inline constexpr linux::FdRef standard_error{STDERR_FILENO};

/// write(2) until all is written; EPIPE where the reader has gone.
linux::Outcome<void> put(linux::FdRef file, std::string_view text);

/// put() on standard output.  Throws Error.
void print(std::string_view text);

/// `text` as the inside of a JSON string: quotation marks, backslashes and control characters are
/// escaped, bytes that are not UTF-8 replaced by U+FFFD.
std::string json_escaped(std::string_view text);

/// `text` on one line and harmless for a terminal: control characters are escaped.
std::string one_line(std::string_view text);

}  // namespace proa::cli
