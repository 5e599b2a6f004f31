// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets on which a case waits for what a runtime sends, with descriptors.  What does not
// come within the deadline fails the case.
#pragma once

#include <string>

#include "process.hpp"

namespace conformance {

/// A stream socket at this path, in place of what stands there.
Fd listen_at(std::string const& path);
Fd accept_from(Fd const& listener);

struct Message {
  std::string text;
  Fd descriptor;  ///< none when none came along
};

/// The next message, with one descriptor at most.
Message receive_message(Fd const& socket);

}  // namespace conformance
