// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// No property without a case that proves its effect: see keys.hpp.

#include "unit/spec/keys.hpp"

#include <dirent.h>

#include <concepts>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "linux/file.hpp"
#include "spec/fields.hpp"
#include "spec/words.hpp"

using namespace proa;

namespace {

/// A visitor of spec/fields.hpp that collects the pointers of all properties below one.
class Pointers {
 public:
  Pointers(std::string at, std::set<std::string>& all) : at_(std::move(at)), all_(all) {}
  void clause(char const*) {}
  template <class T>
  void required(char const* key, T const& value) {
    add(at_ + "/" + key, value);
  }
  template <class T>
  void optional(char const* key, T const& value) {
    add(at_ + "/" + key, value);
  }
  template <class T>
  void member(char const* key, T const& value, spec::Need) {
    add(at_ + "/" + key, value);
  }

 private:
  template <class T>
  void add(std::string const& pointer, T const& value) {
    // What only holds its parts together has no effect of its own.
    all_.insert(pointer);
    below(pointer, value);
  }
  template <class T>
  void below(std::string const& pointer, T const& value) {
    if constexpr (spec::is_optional<T>) {
      below(pointer, typename T::value_type{});
    } else if constexpr (spec::is_vector<T>) {
      below(pointer + "/*", typename T::value_type{});
    } else if constexpr (spec::is_map<T>) {
      below(pointer + "/*", typename T::mapped_type{});
    } else if constexpr (!std::is_arithmetic_v<T> && !std::same_as<T, std::string> &&
                         !spec::Worded<T>) {
      Pointers inner(pointer, all_);
      visit(inner, value);
    }
  }
  std::string at_;
  std::set<std::string>& all_;
};

std::set<std::string> all_keys() {
  std::set<std::string> all;
  Pointers pointers("", all);
  Spec const spec;
  visit(pointers, spec);
  // Visited with a terminal only.
  for (char const* key : {"", "/height", "/width"}) {
    all.insert("/process/consoleSize" + std::string(key));
  }
  all.erase("/hooks");
  all.erase("/linux");
  return all;
}

/// The sources of all cases below a folder, with string literals that were broken put together.
std::string sources(std::string const& folder) {
  std::string text;
  auto const dir =
      linux::open_at(linux::at_cwd, folder, O_RDONLY | O_DIRECTORY).or_fail("open {}", folder);
  for (auto const& name : *linux::names_in(dir)) {
    if (name.ends_with(".cpp")) {
      text += linux::read_file(dir, name).or_fail("read {}", name);
    } else if (name.find('.') == std::string::npos) {
      text += sources(folder + "/" + name);
    }
  }
  return text;
}

bool has_case(std::string const& text, char const* name) {
  return text.find("TEST_CASE(\"" + std::string(name) + "\"") != std::string::npos;
}

/// Why there is no conformance case for it; nothing where there should be one.
char const* unseen_because(std::string const& key) {
  for (auto const& each : keys::unseen) {
    if (key.starts_with(each.key)) return each.because;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("every property of the spec has a case that proves its effect", "[spec:config][keys]") {
  auto const conformance = sources(PROA_TREE "/spec-tests/conformance");
  auto const unit = sources(PROA_TREE "/spec-tests/unit");
  auto missing = all_keys();
  std::string table = "| property | proved by | on a container |\n|---|---|---|\n";
  for (auto const& proof : keys::proofs) {
    INFO(proof.key);
    CHECK(missing.erase(proof.key) == 1);
    INFO(proof.test);
    auto const* const because = unseen_because(proof.key);
    // Where a container can show it, one has to; and no excuse is kept that is none any more.
    CHECK(has_case(because == nullptr ? conformance : unit, proof.test));
    table += "| `" + std::string(proof.key) + "` | " + proof.test + " | " +
             (because == nullptr ? "yes" : because) + " |\n";
  }
  for (auto const& key : missing) {
    INFO("no case for " << key);
    CHECK(false);
  }
  INFO(table);
  SUCCEED();
}
