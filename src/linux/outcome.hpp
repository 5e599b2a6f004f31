// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Outcome<T>: what one system call gave, a value or an errno.  The caller either expects the errno
// (`if (tree.is(ENOSYS)) ...`) or gives up with words: `.or_fail("open {}", path)`.
#pragma once

#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace proa::linux {

/// A bare errno, so that `return Errno{ENOSYS};` makes any Outcome.
struct Errno {
  int number;
  static Errno last() noexcept { return {errno}; }
};

template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) noexcept : value_(std::move(value)), errno_(0) {}
  Outcome(Errno error) noexcept : value_(), errno_(error.number) {}

  explicit operator bool() const noexcept { return errno_ == 0; }
  int error() const noexcept { return errno_; }
  /// True when the call failed with one of these.
  template <class... Numbers>
  bool is(Numbers... numbers) const noexcept {
    return ((errno_ == numbers) || ...);
  }

  /// The value; only after a check that the call succeeded.
  T& operator*() & noexcept { return value_; }
  T const& operator*() const& noexcept { return value_; }
  /// By value, so that a range-based for over *f() keeps it alive.
  T operator*() && { return std::move(value_); }
  T* operator->() noexcept { return &value_; }

  T value_or(T other) && { return errno_ == 0 ? std::move(value_) : std::move(other); }

  /// The value, or an Error that says what was tried and the kernel's reason.
  template <class... Args>
  T or_fail(fmt::format_string<Args...> format, Args const&... args) && {
    if (errno_ != 0) [[unlikely]]
      fail_errno(errno_, format, args...);
    return std::move(value_);
  }

 private:
  T value_;
  int errno_;
};

template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() noexcept = default;
  Outcome(Errno error) noexcept : errno_(error.number) {}

  explicit operator bool() const noexcept { return errno_ == 0; }
  int error() const noexcept { return errno_; }
  template <class... Numbers>
  bool is(Numbers... numbers) const noexcept {
    return ((errno_ == numbers) || ...);
  }
  template <class... Args>
  void or_fail(fmt::format_string<Args...> format, Args const&... args) const {
    if (errno_ != 0) [[unlikely]]
      fail_errno(errno_, format, args...);
  }
  /// For calls whose failure changes nothing that matters here; the comment beside it says why.
  void ignore() const noexcept {}

 private:
  int errno_ = 0;
};

/// Outcome<void> of a call that returns -1 on failure.
inline Outcome<void> checked(long result) noexcept {
  if (result < 0) return Errno::last();
  return {};
}

}  // namespace proa::linux
