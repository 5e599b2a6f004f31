// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "attacks.hpp"

#include <cstdlib>
#include <sstream>

#include "catch.hpp"

namespace conformance {

int rounds() {
  char const* const wanted = std::getenv("PROA_ROUNDS");
  return wanted == nullptr ? 30 : std::atoi(wanted);
}

Exchange::Exchange(std::string const& one, std::string const& other)
    : attacker_(Command{{probe_path(), "exchange", one, other}, "", ""}) {
  REQUIRE(attacker_.line().has_value());
}

Result exec(Container const& web, Words const& options, Words const& command) {
  Words words = {"exec"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(web.id());
  words.insert(words.end(), command.begin(), command.end());
  return proa(words);
}

Json volume(std::string const& source, std::string const& destination) {
  return {{"destination", destination},
          {"type", "none"},
          {"source", source},
          {"options", {"bind", "rw"}}};
}

Json said_of(std::string const& verb, std::string const& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto const said = Json::parse(line, nullptr, false);
    if (said.is_object() && said.value("verb", "") == verb && !said.contains("ready")) return said;
  }
  return {};
}

Bundle default_spec(std::vector<Words> const& verbs) {
  std::string const place = scratch() + "/spec";
  if (!exists(place)) {
    make_directories(place);
    REQUIRE(proa("spec", "--bundle", place).ok());
  }
  return Bundle(Json::parse(read_text(place + "/config.json").value()))
      .with("/process/terminal", false)
      .doing(verbs);
}

}  // namespace conformance
