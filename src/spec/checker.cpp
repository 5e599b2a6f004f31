// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/checker.hpp"

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "base/backwards.hpp"
#include "spec/fields.hpp"
#include "spec/place.hpp"
#include "spec/words.hpp"

namespace proa::spec {

namespace {

/// The visitor of spec/fields.hpp that looks for a member by its address.
class Locator {
 public:
  explicit Locator(Checker::Target target) : target_(target) {}

  void clause(char const* text) { clause_ = text; }

  template <class T>
  void required(char const* key, T const& value) {
    member(key, value, Need::required);
  }
  template <class T>
  void optional(char const* key, T const& value) {
    member(key, value, Need::optional);
  }
  template <class T>
  void member(char const* key, T const& value, Need) {
    if (found_ || !in(value)) return;
    steps_.emplace_back(key);
    found_ = true;
  }

  /// Whether `value` is or contains the target; then the steps lead there, the last one first.
  template <class T>
  bool in(T const& value) {
    if (target_.address == &value && target_.type == &Checker::type_tag<T>) {
      found_clause_ = clause_;
      return true;
    }
    if constexpr (is_optional<T>) {
      return value && in(*value);
    } else if constexpr (is_vector<T>) {
      for (std::size_t index = 0; index < value.size(); ++index) {
        if (in(value[index])) return stepped(index);
      }
      return false;
    } else if constexpr (is_map<T>) {
      for (auto const& [key, entry] : value) {
        if (in(entry)) return stepped(std::string_view(key));
      }
      return false;
    } else if constexpr (Worded<T> || std::integral<T> || std::same_as<T, std::string>) {
      return false;
    } else {
      auto const outer = clause_;
      visit(*this, value);
      clause_ = outer;
      return std::exchange(found_, false);
    }
  }

  Place place(std::string const& source) const {
    Place at(source);
    for (auto const& step : Backwards(steps_)) {
      at = std::visit([&](auto const& part) { return at / part; }, step);
    }
    return at;
  }
  char const* found_clause() const { return found_clause_; }

 private:
  using Step = std::variant<std::string_view, std::size_t>;

  bool stepped(Step step) {
    steps_.push_back(step);
    return true;
  }

  Checker::Target target_;
  char const* clause_ = clause::none;
  char const* found_clause_ = clause::none;
  bool found_ = false;
  std::vector<Step> steps_;
};

template <class Root>
[[noreturn]] void refuse_in(void const* root, Checker::Target target, std::string const& source,
                            std::string const& what) {
  Locator locator(target);
  locator.in(*static_cast<Root const*>(root));
  locator.place(source).refuse_text(locator.found_clause(), what);
}

}  // namespace

Checker::Checker(Spec const& spec, std::string const& source)
    : root_(&spec), refuse_in_(refuse_in<Spec>), source_(source) {}
Checker::Checker(Process const& process, std::string const& source)
    : root_(&process), refuse_in_(refuse_in<Process>), source_(source) {}
Checker::Checker(Resources const& resources, std::string const& source)
    : root_(&resources), refuse_in_(refuse_in<Resources>), source_(source) {}

void Checker::refuse_at(Target target, std::string const& what) const {
  refuse_in_(root_, target, source_, what);
  __builtin_unreachable();  // a pointer to a function cannot say [[noreturn]]
}

}  // namespace proa::spec
