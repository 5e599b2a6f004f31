// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of a container as runtime.md#state defines it, and what `list` shows beside it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace proa {

/// runtime.md#state; `paused` is the word of runc, which engines know.
enum class Status : std::uint8_t { creating, created, running, paused, stopped };

/// "creating", "created", "running", "paused", "stopped"
char const* word(Status status);

struct State {
  std::string oci_version;
  std::string id;
  std::int32_t pid = 0;  ///< in the caller's pid namespace; 0 once stopped
  Status status = Status::creating;
  std::string bundle;  ///< absolute path
  std::map<std::string, std::string> annotations;

  std::string rootfs;   ///< absolute path; runc shows it, the spec does not know it
  std::string created;  ///< RFC 3339, UTC
  std::string owner;    ///< user name or number of the creator
};

}  // namespace proa
