// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A table for people and for scripts that cut it by columns.
#pragma once

#include <string>
#include <vector>

namespace proa::cli {

/// The rows as lines of aligned columns, laid out as runc's: at least 12 wide, at least 3 blanks
/// apart, the last column as long as it is.  All rows have as many cells as the first.
std::string table(std::vector<std::vector<std::string>> const& rows);

}  // namespace proa::cli
