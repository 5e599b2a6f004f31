// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// How engines call a runtime: what they put before the verb, the files that they hand over and
// read, and the surroundings that their children start in, as recorded.
#pragma once

#include <string>

#include "bundle.hpp"
#include "runtime.hpp"

namespace conformance {

/// The file of --log of this case.
std::string log_file();
/// What an engine takes from it: the text of the last line of the level "error".
std::string logged_error();

/// Global options as containerd's shim gives them, two words each, and then `words`.
Words shim_words(Words const& words);
Result shim(Words const& words);
/// As conmon gives them: one word each.
Words conmon_words(Words const& words);

/// A child of the shim: killed with its parent, likelier to be killed for want of memory, with
/// descriptors open that nobody closed.
Command shim_call(Words const& words);
/// A child of conmon: killed with its parent, SIGPIPE ignored, in /, with variables that name
/// descriptors it does not have.
Command conmon_call(Words const& words);
/// A child of podman: hardly any environment.
Command podman_call(Words const& words);

/// A container that says nothing: its creator, which held its output, has gone.
Bundle waiting();
/// A process.json that runs `args`.
std::string process_file(Words const& args, bool terminal = false);
/// The number in a pid file, which has to hold nothing else.
pid_t pid_in(std::string const& path);

/// The runtime under another name.
Result under_name(std::string const& name, Words const& words);

}  // namespace conformance
