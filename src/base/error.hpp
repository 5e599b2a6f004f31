// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// How an Error comes to be: fail() composes the sentence and throws, and Context objects on the
// stack say on whose behalf the code was working.  A Context costs two pointer stores while all
// goes well; its words are formatted only by the thrower, who walks the list before unwinding.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <tuple>

#include "proa/error.hpp"

namespace proa {

/// The kernel's text for an errno value, in lower case as engines match it: "permission denied".
std::string errno_text(int number);

namespace detail {

/// One link of the calling thread's list of contexts.
class ContextLink {
 public:
  ContextLink(ContextLink const&) = delete;
  ContextLink& operator=(ContextLink const&) = delete;

 protected:
  using Text = std::string (*)(ContextLink const&);
  explicit ContextLink(Text text) noexcept;
  ~ContextLink();

 private:
  friend std::string contexts();
  ContextLink const* outer_;
  Text text_;
};

/// All contexts of this thread, outermost first, each followed by ": ".
std::string contexts();

[[noreturn]] void raise(ErrorKind kind, int number, fmt::string_view format, fmt::format_args args);

}  // namespace detail

/// Says on whose behalf the enclosing scope works: `Context at("mount {} on {}", source, target);`
/// The arguments are held by reference and must outlive the object, so temporaries do not compile.
template <class... Args>
class [[nodiscard]] Context final : private detail::ContextLink {
 public:
  explicit Context(fmt::string_view format, Args&... args) noexcept
      : ContextLink(text), format_(format), args_(args...) {}

 private:
  static std::string text(ContextLink const& link) {
    auto const& self = static_cast<Context const&>(link);
    return std::apply(
        [&](auto&... args) { return fmt::vformat(self.format_, fmt::make_format_args(args...)); },
        self.args_);
  }

  fmt::string_view format_;
  std::tuple<Args&...> args_;
};

template <class... Args>
Context(char const*, Args&...) -> Context<Args...>;

/// Throws an Error whose text is the contexts, then the formatted words.
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args const&... args) {
  detail::raise(kind, 0, fmt::string_view(format), fmt::make_format_args(args...));
}

/// As fail(), with the text of `number` behind the words.
template <class... Args>
[[noreturn]] void fail_errno(int number, fmt::format_string<Args...> format, Args const&... args) {
  detail::raise(ErrorKind::failed, number, fmt::string_view(format),
                fmt::make_format_args(args...));
}

}  // namespace proa
