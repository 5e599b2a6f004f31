// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a failure says.
#pragma once

#include <string>

#include "proa/error.hpp"

/// The text of the Error that the action throws.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (proa::Error const& error) {
    return error.text();
  }
  return "no error";
}
