// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the first bytes of a file tell people whose container does not start: execve(2) says only
// "no such file or directory" of a script whose interpreter is missing.  Pure, and trusts no byte:
// the file is the image's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace proa::process {

/// So many bytes of a file are worth reading: the kernel takes a "#!" line of at most 256, and the
/// loader's name stands in the first page of nearly every ELF file.
inline constexpr std::size_t program_head = 4096;

/// A sentence about why execve(2) gave `number` for a file with these first bytes; empty when they
/// say nothing.  Knows ENOENT and ENOEXEC.
std::string remark(int number, std::string_view head);

/// The file that the kernel starts instead: of the "#!" line, or of the ELF header PT_INTERP.
/// Empty: none.
std::string_view interpreter(std::string_view head);

}  // namespace proa::process
