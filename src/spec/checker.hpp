// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Checker: how a rule says which value breaks it.  A rule names the value itself, a member of the
// checked document; the checker finds that member by its address, on a walk over spec/fields.hpp,
// and so knows its JSON pointer and its clause without either being spelled a second time.  The
// walk is made only for the value that is refused.
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

#include "proa/spec.hpp"

namespace proa::spec {

class Checker {
 public:
  /// What is checked, and what the errors call it; both must outlive the checker.
  Checker(Spec const& spec, std::string const& source);
  Checker(Process const& process, std::string const& source);
  Checker(Resources const& resources, std::string const& source);

  /// Throws Error{config}, one line: "<source>: <pointer of value>: <what> (<clause>)".  `value` is
  /// the member itself, not a copy; for an absent one, the empty std::optional or container.
  template <class T, class... Args>
  [[noreturn]] void refuse(T const& value, fmt::format_string<Args...> format,
                           Args const&... args) const {
    refuse_at({&value, &type_tag<T>}, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class T, class... Args>
  void refuse(T const&& value, fmt::format_string<Args...> format, Args const&...) const = delete;

  /// A member: its address, and its type, as an object and its first member share an address.
  struct Target {
    void const* address;
    void const* type;
  };
  template <class T>
  static constexpr char type_tag{};

 private:
  [[noreturn]] void refuse_at(Target target, std::string const& what) const;

  void const* root_;
  void (*refuse_in_)(void const* root, Target target, std::string const& source,
                     std::string const& what);
  std::string const& source_;
};

}  // namespace proa::spec
