// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// JSON texts to values: config.json, process.json, resources.json, and the record below the state
// directory.  Refuses what has the wrong type, does not fit its type or is no word of its set, and
// what lacks a REQUIRED property; leaves the rules between values to validate.  Opens no file.
//
// `source` is what the errors call the text.  All throw Error{config} with one line:
//   config.json: line 3, column 7: /process: <what is wrong with the JSON>
//   config.json: /linux/uidMappings/1/hostID: expected an unsigned 32-bit integer, got "x"
//   (config-linux.md#user-namespace-mappings)
//
// Unknown properties are ignored at any depth (config.md#extensibility), and a property that is
// null counts as absent, as engines written in Go rely on.  Integers must be written as integers;
// strings must not contain NUL, at which the kernel would cut them; no known property may be given
// twice, as readers differ in which one they take.
#pragma once

#include <string>
#include <string_view>

#include "proa/spec.hpp"
#include "spec/record.hpp"

namespace proa::spec {

Spec decode_spec(std::string_view text, std::string const& source);

/// What `exec --process` reads: the `process` object alone.
Process decode_process(std::string_view text, std::string const& source);

/// What `update --resources` reads: the `linux.resources` object alone.
Resources decode_resources(std::string_view text, std::string const& source);

/// What encode(Record) wrote.
Record decode_record(std::string_view text, std::string const& source);

}  // namespace proa::spec
