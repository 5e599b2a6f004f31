// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#valid-values: every single mistake of the table that the unit tests share, given to the
// runtime.  What the words are is proa's; that there is an error and that nothing is left is the
// spec's.
#include "malformed.hpp"

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

Result create_with(std::string const& config) {
  std::string const place = scratch() + "/bundle";
  if (!exists(place)) minimal().write(place);
  write_text(place + "/config.json", config);
  return proa("create", "--bundle", place, "mistake");
}

bool nothing_left() {
  if (exists(state_root() + "/mistake")) return false;
  for (auto const& path : cgroup_directories("/proa/test")) {
    if (exists(path)) return false;
  }
  return true;
}

}  // namespace

// Neither runc nor crun refuse all of them.
TEST_CASE("a config.json with a mistake is refused and nothing is left",
          "[spec:config#valid-values][MUST]") {
  for (auto const& mistake : malformed::cases) {
    INFO(mistake.name << ": " << mistake.replacement);
    Result const result = create_with(malformed::text_of(mistake));
    INFO(result.err);
    CHECK(result.status > 0);
    CHECK(nothing_left());
  }
}

TEST_CASE("a mistake is told in one line that names its place", "[proa]") {
  for (auto const& mistake : malformed::cases) {
    INFO(mistake.name << ": " << mistake.replacement);
    Result const result = create_with(malformed::text_of(mistake));
    CHECK(result.error_lines() == 1);
    CHECK_THAT(result.err, Catch::Matchers::StartsWith("proa create mistake: config.json: "));
    CHECK_THAT(result.err, ContainsSubstring(mistake.fragment));
    if (*mistake.blamed != '\0') {
      CHECK_THAT(result.err, ContainsSubstring(std::string(": ") + mistake.blamed + ": "));
    }
  }
}

TEST_CASE("a config.json that is no file is refused", "[spec:runtime#create][MUST]") {
  std::string const place = scratch() + "/bundle";
  make_directories(place + "/config.json");
  Result const result = proa("create", "--bundle", place, "mistake");
  CHECK(result.status > 0);
  CHECK(nothing_left());
}

TEST_CASE("a very deep config.json is refused and not a crash",
          "[spec:config#valid-values][MUST]") {
  std::string const deep = std::string(200000, '[') + std::string(200000, ']');
  Result const result = create_with(R"({"ociVersion": "1.0.0", "x": )" + deep + "}");
  // Unknown properties are ignored, so it may also fail later, for what is missing.
  CHECK(result.status > 0);
  CHECK(nothing_left());
}

}  // namespace conformance
