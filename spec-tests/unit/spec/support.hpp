// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the unit tests of the spec room share.
#pragma once

#include <string>

#include "proa/error.hpp"

/// The text of the configuration error that `action` throws.
template <class Action>
std::string refusal(Action const& action) {
  try {
    action();
  } catch (proa::Error const& error) {
    return error.kind() == proa::ErrorKind::config ? error.text() : "not a config error";
  }
  return "accepted";
}

inline std::string const config_json = "config.json";
