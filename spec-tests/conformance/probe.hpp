// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The program that runs inside the containers under test: one static file without a shell or a
// library beside it.  It says what it sees, or what the kernel answers to one attempt, as a line of
// JSON; it never judges.  The cases outside do.
//
//   probe VERB [ARGUMENT...] [-- VERB [ARGUMENT...]]...
//
// This header: the few lines of JSON writing that both of its files need, and the report.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace probe {

/// JSON texts.  A field's value is a finished JSON text.
using Fields = std::vector<std::pair<char const*, std::string>>;

std::string quoted(std::string_view text);
std::string array(std::vector<std::string> const& items);
std::string object(Fields const& fields);
template <class Number>
std::string number(Number value) {
  return std::to_string(value);
}
inline std::string boolean(bool value) { return value ? "true" : "false"; }

using Words = std::vector<std::string>;

/// One line to standard output.
void print(std::string const& line);
/// {"errno": of the last call, or 0}
std::string outcome(bool worked);

struct Verb {
  char const* name;
  std::size_t arguments;  // at least
  std::string (*run)(Words const&);
};
/// The verbs of probe_attacks.cpp.
std::span<Verb const> attacks();

/// All of a file, up to 1 MiB, or an empty text.
std::string content(char const* path);
/// Without the separators; empty parts are left out.
std::vector<std::string> split(std::string_view text, char separator);

/// What this process sees of itself and of its surroundings, as one JSON object.
std::string report();
/// Inode numbers of /proc/self/ns/*, by the names there.
std::string namespaces();
/// The environment as a JSON array.
std::string environment();

}  // namespace probe
