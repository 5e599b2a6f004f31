// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Values to JSON texts, each property under the key and in the order of spec/fields.hpp.  What has
// its default value and is OPTIONAL is left out, so that a decoded text comes back as it was.  The
// texts for people and engines are declared in proa/container.hpp as to_json().
//
// JSON is UTF-8, a path need not be: bytes that are not UTF-8 come out as U+FFFD.
#pragma once

#include <string>

#include "spec/record.hpp"

namespace proa::spec {

/// The record as it lies below the state directory, on one line; decode_record() reads it.
std::string encode(Record const& record);

/// What is sent to a seccomp agent.
std::string encode(ProcessState const& state);

}  // namespace proa::spec
