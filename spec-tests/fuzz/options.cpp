// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Mount options: one word after the other, separated by commas.

#include "rootfs/options.hpp"

#include "base/text.hpp"
#include "fuzz.hpp"

using namespace proa::rootfs;

namespace {

/// mount_setattr(2): a value of a group is set once the group has been cleared, and so one with
/// diratime; of every other bit only one of the two makes sense.
void check(proa::linux::MountAttributes const& attributes) {
  constexpr std::uint64_t time = MOUNT_ATTR__ATIME;
  fuzz::require((attributes.set & time) == 0 || (attributes.clear & time) == time,
                "access times are set as a group");
  fuzz::require((attributes.set & attributes.clear & ~(time | MOUNT_ATTR_NODIRATIME)) == 0,
                "a bit is set or cleared");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::vector<std::string> words;
  for (auto const word : proa::text::split(fuzz::text_of(data, size), ',')) {
    words.emplace_back(word);
  }
  auto const options = parse_options(words);
  fuzz::require((options.flags & options.cleared) == 0, "a flag is set or cleared");
  for (auto const position : options.unknown) {
    fuzz::require(position < words.size(), "an unknown word is one of the words");
  }
  check(options.recursive);
  check(bind_attributes(options.flags, options.cleared));
  return 0;
}
