// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the cases of attacks*.cpp share.  Each stands for known attacks of the field, [cve:...], and
// most for a defence of proa that proa-weak can do without, [defence:...]: spec-tests/run sees that
// the case fails then.
#pragma once

#include "harness/container.hpp"

namespace conformance {

/// How often a race is tried: $PROA_ROUNDS.
int rounds();

/// A process of the host that exchanges two names as fast as it can while this lives, as a
/// container could that shares the volume.
class Exchange {
 public:
  Exchange(std::string const& one, std::string const& other);

 private:
  Process attacker_;
};

/// `exec OPTIONS ID COMMAND`
Result exec(Container const& web, Words const& options, Words const& command);

/// A volume at `destination`.
Json volume(std::string const& source, std::string const& destination);

/// What the probe said of `verb` in what it has written; null when it has said nothing.
Json said_of(std::string const& verb, std::string const& text);

/// What config.json has `proa spec` write, with this program instead of a shell.
Bundle default_spec(std::vector<Words> const& verbs);

}  // namespace conformance
