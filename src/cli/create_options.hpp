// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The options that create and run share.
#pragma once

#include <algorithm>
#include <array>

#include "cli/command.hpp"

namespace proa::cli {

inline constexpr auto create_options = std::to_array<Option>({
    {"bundle", "b", "DIR", "directory of the bundle (default: the working directory)",
     &CreateOptions::bundle},
    {"config", "f", "FILE", "read this file instead of the bundle's config.json",
     &CreateOptions::config},
    {"console-socket", "", "SOCKET", "AF_UNIX socket that is sent the terminal's master",
     &CreateOptions::console_socket},
    {"pidfd-socket", "", "SOCKET", "AF_UNIX socket that is sent a pidfd of the process",
     &CreateOptions::pidfd_socket},
    {"pid-file", "", "FILE", "write the number of the process to this file",
     &CreateOptions::pid_file},
    {"no-pivot", "", "", "use chroot(2) instead of pivot_root(2), as on a ramdisk",
     &CreateOptions::no_pivot},
    {"no-new-keyring", "", "", "keep the caller's session keyring", &CreateOptions::no_new_keyring},
    {"preserve-fds", "", "N", "hand on N descriptors from 3 on to the container",
     &CreateOptions::preserve_fds},
    {"no-subreaper", "", "", "do not adopt processes that lose their parent",
     &RunOptions::no_subreaper},
});

/// Two tables in a row.
template <std::size_t first, std::size_t second>
constexpr std::array<Option, first + second> joined(std::array<Option, first> const& one,
                                                    std::array<Option, second> const& other) {
  std::array<Option, first + second> result{};
  std::copy(other.begin(), other.end(), std::copy(one.begin(), one.end(), result.begin()));
  return result;
}

}  // namespace proa::cli
