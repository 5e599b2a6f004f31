// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "malformed.hpp"

#include <random>

#include "catch.hpp"
#include "spec/decode.hpp"
#include "spec/validate.hpp"
#include "support.hpp"

using namespace proa;

namespace {

void read(std::string_view text) {
  spec::validate(spec::decode_spec(text, config_json), config_json);
}

/// Decoding must end in a value or an Error, whatever the text.
bool survives(std::string_view text) {
  try {
    read(text);
  } catch (Error const& error) {
    return error.text().find('\n') == std::string::npos;
  }
  return true;
}

}  // namespace

TEST_CASE("the config.json that the mistakes are made in is good", "[spec:config#valid-values]") {
  CHECK(refusal([] { read(config_text::full); }) == "accepted");
}

TEST_CASE("a mistake is refused in one line that names its place, the reason and the clause",
          "[spec:config#valid-values][MUST]") {
  for (auto const& mistake : malformed::cases) {
    INFO(mistake.name);
    auto const line = refusal([&] { read(malformed::text_of(mistake)); });
    CHECK(line.starts_with("config.json: "));
    CHECK_THAT(line, ContainsSubstring(mistake.fragment));
    CHECK(line.find('\n') == std::string::npos);
    std::string const place = mistake.blamed;
    if (!place.empty()) CHECK_THAT(line, ContainsSubstring(": " + place + ": "));
    if (place.empty()) CHECK(line.find(": /") == std::string::npos);
    bool const syntax = line.find(": line ") != std::string::npos;
    bool const clause = line.ends_with(")") && line.find(" (config") != std::string::npos;
    CHECK(clause != (syntax || line.find("nested deeper") != std::string::npos));
  }
}

TEST_CASE("a config.json cut off at any byte is refused", "[spec:config#valid-values][MUST]") {
  std::string_view const full = config_text::full;
  for (std::size_t length = 0; length < full.size(); ++length) {
    INFO(length);
    CHECK_THAT(refusal([&] { read(full.substr(0, length)); }), ContainsSubstring(": line "));
  }
}

TEST_CASE("no changed byte makes decoding do anything but refuse", "[spec:config#valid-values]") {
  std::mt19937 random(20261123);
  std::string_view const full = config_text::full;
  std::uniform_int_distribution<std::size_t> any_place(0, full.size() - 1);
  std::uniform_int_distribution<int> any_byte(0, 255);
  for (int round = 0; round < 4000; ++round) {
    std::string text(full);
    std::string changes;
    for (int change = 0; change <= round % 3; ++change) {
      auto const place = any_place(random);
      text[place] = static_cast<char>(any_byte(random));
      changes += std::to_string(place) + "=" + std::to_string(text[place]) + " ";
    }
    INFO(changes);
    CHECK(survives(text));
  }
}

TEST_CASE("no exchanged token makes decoding do anything but refuse",
          "[spec:config#valid-values]") {
  std::mt19937 random(7);
  std::string_view const full = config_text::full;
  std::uniform_int_distribution<std::size_t> any_place(0, full.size() - 1);
  constexpr char const* tokens[] = {"{",    "}",  "[", "]",   ",",       ":",    "\"", "null",
                                    "true", "-1", "0", "1e9", "\\u0000", "[[[[", "{}", "\"\":"};
  std::uniform_int_distribution<std::size_t> any_token(0, std::size(tokens) - 1);
  for (int round = 0; round < 4000; ++round) {
    std::string text(full);
    auto const place = any_place(random);
    auto const token = any_token(random);
    text.insert(place, tokens[token]);
    INFO(place << " " << tokens[token]);
    CHECK(survives(text));
  }
}

TEST_CASE("nesting of any depth is refused, not followed", "[spec:config#valid-values]") {
  for (auto const* opening : {"[", "{\"a\":"}) {
    std::string text = "{\"x\": ";
    for (int level = 0; level < 200'000; ++level) text += opening;
    CHECK(refusal([&] { read(text); }) == "config.json: nested deeper than 256 levels");
  }
}
