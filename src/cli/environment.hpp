// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a call brings along beside its words: variables of the environment by which systemd and
// those who speak like it hand on sockets.
#pragma once

#include <string>

#include "proa/container.hpp"

namespace proa::cli {

/// LISTEN_FDS and LISTEN_FDNAMES, unless LISTEN_PID says that they are another process's:
/// sd_listen_fds(3).  Warns of what is no number, and takes it for none.
Sockets listen_fds();

/// NOTIFY_SOCKET, empty when it is not set, or is of a kind that sd_notify(3) knows and we do not.
std::string notify_socket();

}  // namespace proa::cli
