// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The home directory that a container's own /etc/passwd gives a user, passwd(5).  The file belongs
// to the image, so it may be anything: no line is trusted, none is kept that is not asked for, and
// no NSS is involved, which would load the container's libraries into this process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace proa::process {

/// Takes the file piece by piece, in constant memory.
class HomeFinder {
 public:
  explicit HomeFinder(uid_t uid) : uid_(uid) {}

  /// The next piece, cut anywhere.
  void feed(std::string_view piece);
  /// The file has ended: its last line may have no line end.
  void end();
  /// The home directory of the first line that has the uid; empty when that line gives none.
  std::optional<std::string> const& home() const { return home_; }

  /// A longer line is skipped.
  static constexpr std::size_t longest_line = 4096;

 private:
  void line(std::string_view text);

  uid_t uid_;
  std::string partial_;
  bool skipping_ = false;  ///< the present line is too long
  std::optional<std::string> home_;
};

}  // namespace proa::process
