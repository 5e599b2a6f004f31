// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/passwd.hpp"

#include "base/text.hpp"

namespace proa::process {

void HomeFinder::feed(std::string_view piece) {
  while (!home_ && !piece.empty()) {
    auto const end = piece.find('\n');
    auto const part = piece.substr(0, end);
    if (partial_.size() + part.size() > longest_line) skipping_ = true;
    if (!skipping_) partial_ += part;
    if (end == std::string_view::npos) return;
    this->end();
    piece.remove_prefix(end + 1);
  }
}

void HomeFinder::end() {
  if (!home_ && !skipping_) line(partial_);
  partial_.clear();
  skipping_ = false;
}

void HomeFinder::line(std::string_view text) {
  constexpr std::size_t uid_field = 2, home_field = 5;  // passwd(5)
  // A NUL would cut the environment variable short.
  if (text.find('\0') != std::string_view::npos) return;
  auto const fields = text::split(text, ':');
  if (fields.size() <= home_field || text::number<uid_t>(fields[uid_field]) != uid_) return;
  home_ = fields[home_field];
}

}  // namespace proa::process
