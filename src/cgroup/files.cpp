// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/files.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/records.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\n";
  std::vector<std::string_view> words;
  for (;;) {
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    auto const end = std::min(text.find_first_of(blanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::uint64_t value_of(std::string_view text) {
  text = text::trim(text);
  if (text == "max") return std::numeric_limits<std::uint64_t>::max();
  return text::number<std::uint64_t>(text).value_or(0);
}

std::map<std::string, std::uint64_t> map_of(std::string_view text) {
  std::map<std::string, std::uint64_t> map;
  for (auto const line : text::split(text, '\n')) {
    auto const words = words_of(line);
    if (words.size() == 2) map[std::string(words[0])] = value_of(words[1]);
  }
  return map;
}

std::vector<std::uint32_t> list_of(std::string_view text) {
  std::vector<std::uint32_t> list;
  for (auto const range : text::split(text::trim(text), ',')) {
    auto const dash = std::min(range.find('-'), range.size());
    auto const first = text::number<std::uint16_t>(range.substr(0, dash));
    auto const last =
        dash == range.size() ? first : text::number<std::uint16_t>(range.substr(dash + 1));
    if (!first || !last) continue;
    for (std::uint32_t each = *first; each <= *last; ++each) list.push_back(each);
  }
  return list;
}

std::string Files::text(std::string const& name) const {
  return group_ ? read_if_there(group_, name) : std::string();
}

std::vector<std::string> Files::names() const {
  if (!group_) return {};
  return linux::names_in(group_).or_fail("list a cgroup");
}

}  // namespace proa::cgroup
