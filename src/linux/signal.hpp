// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// signal(7): names and numbers, and one process-wide disposition.  What other processes are sent
// stands in linux/pid.hpp.
#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/outcome.hpp"

namespace proa::linux {

/// The number of a signal given as "TERM", "SIGTERM", "sigterm", "RTMIN+3", "RTMAX-1" or "15".
/// 0, which only asks whether the process is there, is a number like the others.
std::optional<int> signal_number(std::string_view word);

/// The names that signal_number() knows, sorted: "ABRT" ...; without the real-time ones.
std::vector<std::string_view> signal_names();

/// sigaction(2): what a signal does to this process, SIG_IGN or SIG_DFL.  Returns what it did.
Outcome<struct ::sigaction> set_disposition(int signal, struct ::sigaction const& action);

}  // namespace proa::linux
