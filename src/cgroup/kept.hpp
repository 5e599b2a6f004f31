// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the files of a group say, kept over a call that has systemd change a property of its unit.
// systemd then writes all its files in the group anew, those of other controllers too, from what it
// knows: a quota that it rounds, and what it has no word for, would be lost.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "linux/fd.hpp"
#include "spec/record.hpp"

namespace proa::cgroup {

class Kept {
 public:
  /// Reads those files that the group has.
  explicit Kept(spec::CgroupRecord const& record);

  /// Writes what they do not say any more.  Where that does not work is a warning: the change that
  /// was asked for is made.
  void put_back() const;

 private:
  void put_back(std::string const& file, std::string_view line) const;

  std::string path_;
  linux::Fd dir_;
  std::vector<std::pair<std::string, std::string>> files_;
};

}  // namespace proa::cgroup
