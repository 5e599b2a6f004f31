// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What proa throws.  One sentence: on whose behalf, what was tried on what, and the kernel's
// reason in lower case.  Errors are values that cross the process boundary (see sync/message.hpp).
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace proa {

/// What kind of failure it was; decides the exit status and what a caller may do about it.
enum class ErrorKind : std::uint8_t {
  failed,       ///< the kernel or the host refused
  usage,        ///< the command line is wrong
  config,       ///< config.json (or process.json, resources.json) is to blame
  unsupported,  ///< asked for something that proa or this host cannot give
  not_found,    ///< no such container
  exists,       ///< the container id is taken
  state,        ///< the operation is not allowed in the container's present status
};

class Error : public std::exception {
 public:
  /// `number` is an errno(3) value, or 0 where no system call is to blame.
  Error(ErrorKind kind, int number, std::string text)
      : kind_(kind), errno_(number), text_(std::move(text)) {}

  ErrorKind kind() const noexcept { return kind_; }
  int number() const noexcept { return errno_; }
  std::string const& text() const noexcept { return text_; }
  char const* what() const noexcept override { return text_.c_str(); }

 private:
  ErrorKind kind_;
  int errno_;
  std::string text_;
};

}  // namespace proa
