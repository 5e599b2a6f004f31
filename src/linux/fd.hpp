// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Owners of descriptors.  No naked int descriptor leaves linux/: Fd owns one, FdRef names one that
// somebody else owns for at least as long.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace proa::linux {

class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int number) noexcept : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Fd() {
    if (number_ >= 0) ::close(number_);
  }

  int number() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// A descriptor that somebody else owns; also AT_FDCWD.
class FdRef {
 public:
  FdRef(Fd const& fd) noexcept : number_(fd.number()) {}
  explicit constexpr FdRef(int number) noexcept : number_(number) {}
  constexpr int number() const noexcept { return number_; }
  explicit constexpr operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

/// Paths relative to it start at the working directory; absolute ones at the root.
inline constexpr FdRef at_cwd{AT_FDCWD};

}  // namespace proa::linux
