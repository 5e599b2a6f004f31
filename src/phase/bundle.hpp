// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// bundle.md: finds the bundle directory and reads its config.json.
#pragma once

#include <string>

#include "proa/container.hpp"
#include "proa/spec.hpp"

namespace proa::phase {

struct Bundle {
  std::string path;     ///< absolute, without symlinks
  std::string config;   ///< name of the configuration, for error messages
  Spec spec;            ///< validated
  bool notify = false;  ///< spec was given a socket for sd_notify(3)
};

/// Throws Error; what config.json is to blame for carries its JSON pointer.
Bundle open_bundle(CreateOptions const& options);

}  // namespace proa::phase
