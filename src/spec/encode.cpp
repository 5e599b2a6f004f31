// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/encode.hpp"

#include <concepts>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "proa/container.hpp"
#include "spec/fields.hpp"
#include "spec/fields_stats.hpp"
#include "spec/words.hpp"

namespace proa {

namespace spec {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json json_of(T const& value);

/// Whether `value` is what decode makes of absence.
template <class T>
bool blank(T const& value) {
  if constexpr (std::same_as<T, std::string> || is_vector<T> || is_map<T>) {
    return value.empty();
  } else if constexpr (is_optional<T>) {
    return !value;
  } else if constexpr (std::is_arithmetic_v<T> || Worded<T>) {
    return value == T{};
  } else {
    return json_of(value).empty();  // an object of which nothing would be written
  }
}

/// The visitor of spec/fields.hpp that makes an object from a value.
class Writer {
 public:
  explicit Writer(Json& object) : object_(object) {}

  void clause(char const*) {}

  template <class T>
  void required(char const* key, T const& value) {
    object_[key] = json_of(value);
  }
  template <class T>
  void optional(char const* key, T const& value) {
    if (!blank(value)) object_[key] = json_of(value);
  }
  template <class T>
  void member(char const* key, T const& value, Need need) {
    need == Need::required ? required(key, value) : optional(key, value);
  }
  template <class Inner>
  void group(char const* key, Inner const& visit_inner) {
    auto inner = Json::object();
    Writer writer(inner);
    visit_inner(writer);
    object_[key] = std::move(inner);
  }

 private:
  Json& object_;
};

template <class T>
Json json_of(T const& value) {
  if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
    return value;
  } else if constexpr (Worded<T>) {
    return word_of(value);
  } else if constexpr (is_optional<T>) {
    return value ? json_of(*value) : Json();
  } else if constexpr (is_vector<T>) {
    auto elements = Json::array();
    for (auto const& element : value) elements.push_back(json_of(element));
    return elements;
  } else if constexpr (is_map<T>) {
    auto entries = Json::object();
    for (auto const& [key, entry] : value) entries[key] = json_of(entry);
    return entries;
  } else {
    auto object = Json::object();
    Writer writer(object);
    visit(writer, value);
    return object;
  }
}

std::string text_of(Json const& json, bool pretty) {
  return json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string encode(Record const& record) { return text_of(json_of(record), false); }

std::string encode(ProcessState const& state) { return text_of(json_of(state), false); }

}  // namespace spec

std::string to_json(Spec const& spec, bool pretty) {
  return spec::text_of(spec::json_of(spec), pretty);
}

std::string to_json(State const& state, bool pretty) {
  return spec::text_of(spec::json_of(state), pretty);
}

std::string to_json(std::vector<State> const& states) {
  return spec::text_of(spec::json_of(states), false);
}

std::string to_json(std::vector<std::int32_t> const& pids) {
  return spec::text_of(spec::json_of(pids), false);
}

std::string to_json(Event const& event) { return spec::text_of(spec::json_of(event), false); }

std::string to_json(Features const& features, bool pretty) {
  return spec::text_of(spec::json_of(features), pretty);
}

}  // namespace proa
