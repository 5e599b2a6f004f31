// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What create gives to its caller beside the container: pid file, console and pidfd sockets, and
// the descriptors that the caller wants preserved.  All throw Error.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "linux/fd.hpp"
#include "proa/container.hpp"

namespace proa::phase {

/// Writes the number and no newline, as containerd reads it; a new file renamed into place.
void write_pid_file(std::string const& path, pid_t pid);
void remove_pid_file(std::string const& path);

/// One message on a new connection to an AF_UNIX stream socket: `name`, and the descriptor.
/// The protocol of runc's --console-socket and --pidfd-socket.
void send_descriptor(std::string const& socket, std::string const& name, linux::FdRef passed);

/// The caller's descriptors from 3 on, the sockets and `count` behind them, must be open, and its
/// own rather than ours.
void check_preserved(Sockets const& sockets, std::uint32_t count);

/// RFC 3339, UTC, nanoseconds.
std::string now_text();

}  // namespace proa::phase
