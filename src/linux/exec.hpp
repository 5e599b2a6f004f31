// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// From one program to the next: execve(2), the standard streams, pipe(2), close_range(2), signal
// dispositions, _exit(2).
#pragma once

#include <signal.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "linux/fd.hpp"
#include "linux/outcome.hpp"

namespace proa::linux {

/// An argv or envp over strings that outlive it.
class Strings {
 public:
  explicit Strings(std::vector<std::string> const& strings);
  Strings(std::vector<std::string>&&) = delete;
  char* const* data() const { return pointers_.data(); }

 private:
  std::vector<char*> pointers_;
};

/// execve(2); returns only on failure.
Outcome<void> execute(std::string const& path, char* const* argv, char* const* envp);
/// execveat(2) of the very file, where that is missing by the host's /dev/fd; returns only on
/// failure.  A close-on-exec descriptor will do for what is no script.
Outcome<void> execute_file(FdRef file, char* const* argv, char* const* envp);
/// What the kernel was asked to execute when it made this program: AT_EXECFN of getauxval(3);
/// "/dev/fd/N" when that was the descriptor N.
std::string_view executed_name();
/// The environment that this program was given, as execve(2) wants it.
char* const* environment();
/// execvpe(3): looks argv[0] up in this process's PATH.
Outcome<void> execute_in_path(Strings const& argv, char* const* envp);

/// pipe2(2), close-on-exec: the reading end, then the writing end, which never has O_NONBLOCK.
Outcome<std::pair<Fd, Fd>> pipe(int read_flags = 0);
/// One read(2); 0 is the end of file.
Outcome<std::size_t> read_some(FdRef file, std::span<char> buffer);
/// One write(2).
Outcome<std::size_t> write_some(FdRef file, std::string_view text);
/// O_NONBLOCK of the open file description: whoever shares it shares the flag.
Outcome<void> set_nonblocking(FdRef file);

/// Makes these three descriptors 0, 1 and 2, dup2(2).
Outcome<void> replace_stdio(int const (&streams)[3]);
/// close_range(2) with CLOSE_RANGE_CLOEXEC (5.11); where it lacks, by hand and with this procfs,
/// open_proc().
Outcome<void> close_on_exec_from(unsigned first, FdRef proc);
/// Lets the descriptor pass through execve(2): the opposite of what everything here does.
Outcome<void> keep_on_exec(FdRef file);
/// Whether the descriptor is open and came through our own execve(2): what we open is
/// close-on-exec.
bool inherited(int number);
/// close_range(2) (5.9): every descriptor from 3 on that is not in `kept`; by hand as above, and
/// then `proc` has to be kept.
Outcome<void> close_all_but(std::vector<int> kept, FdRef proc);

/// All signals back to their default, none blocked: what execve(2) would hand on otherwise.
void reset_signals();

[[noreturn]] void exit_now(int status);

}  // namespace proa::linux
