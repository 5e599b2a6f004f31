// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The forms that files of cgroups have, cgroup-v2.rst "Format": one value, a flat map, lines of
// values, lists of ranges.  Pure but for reading; what makes no sense is left out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"

namespace proa::cgroup {

/// The words of a text, whatever blanks and line ends are between them.
std::vector<std::string_view> words_of(std::string_view text);

/// "max" is the greatest number there is; nothing is 0.
std::uint64_t value_of(std::string_view text);

/// "key value" on each line.
std::map<std::string, std::uint64_t> map_of(std::string_view text);

/// "0-2,7"
std::vector<std::uint32_t> list_of(std::string_view text);

/// The files of one group.
class Files {
 public:
  /// `group` must outlive this; an invalid one has no files.
  explicit Files(linux::FdRef group) : group_(group) {}

  /// Empty where there is no such file.
  std::string text(std::string const& name) const;
  std::uint64_t value(std::string const& name) const { return value_of(text(name)); }
  std::map<std::string, std::uint64_t> map(std::string const& name) const {
    return map_of(text(name));
  }
  /// The names of all of them.
  std::vector<std::string> names() const;

 private:
  linux::FdRef group_;
};

}  // namespace proa::cgroup
