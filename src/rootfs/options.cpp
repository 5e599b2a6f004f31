// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/options.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace proa::rootfs {

namespace {

/// What a word does with its bits.
enum class Effect : std::uint8_t {
  set,          ///< MS_*
  clear,        ///< MS_*
  set_whole,    ///< MOUNT_ATTR_*, recursive
  clear_whole,  ///< MOUNT_ATTR_*, recursive
  atime_whole,  ///< one value of the MOUNT_ATTR__ATIME group, recursive
  propagate,    ///< MS_*
  behave,       ///< Behaviour
};

struct Word {
  std::string_view text;
  Effect effect;
  std::uint64_t bits;
};

constexpr std::uint64_t bits_of(Behaviour behaviour) {
  return static_cast<std::uint64_t>(behaviour);
}

// Mandatory locks are gone since Linux 5.15; the words have no effect, as the spec allows.  The
// values of MOUNT_ATTR__ATIME are one enum: what takes one of them back leaves the kernel's
// default.
constexpr auto words = std::to_array<Word>({
    {"async", Effect::clear, MS_SYNCHRONOUS},
    {"atime", Effect::clear, MS_NOATIME},
    {"bind", Effect::set, MS_BIND},
    {"copy-symlink", Effect::behave, bits_of(Behaviour::copy_symlink)},
    {"defaults", Effect::set, 0},
    {"dest-nofollow", Effect::behave, bits_of(Behaviour::target_itself)},
    {"dev", Effect::clear, MS_NODEV},
    {"diratime", Effect::clear, MS_NODIRATIME},
    {"dirsync", Effect::set, MS_DIRSYNC},
    {"exec", Effect::clear, MS_NOEXEC},
    {"idmap", Effect::behave, bits_of(Behaviour::id_map)},
    {"iversion", Effect::set, MS_I_VERSION},
    {"lazytime", Effect::set, MS_LAZYTIME},
    {"loud", Effect::clear, MS_SILENT},
    {"mand", Effect::set, 0},
    {"noatime", Effect::set, MS_NOATIME},
    {"nodev", Effect::set, MS_NODEV},
    {"nodiratime", Effect::set, MS_NODIRATIME},
    {"noexec", Effect::set, MS_NOEXEC},
    {"noiversion", Effect::clear, MS_I_VERSION},
    {"nolazytime", Effect::clear, MS_LAZYTIME},
    {"nomand", Effect::set, 0},
    {"norelatime", Effect::clear, MS_RELATIME},
    {"nostrictatime", Effect::clear, MS_STRICTATIME},
    {"nosuid", Effect::set, MS_NOSUID},
    {"nosymfollow", Effect::set, MS_NOSYMFOLLOW},
    {"private", Effect::propagate, MS_PRIVATE},
    {"ratime", Effect::atime_whole, MOUNT_ATTR_RELATIME},
    {"rbind", Effect::set, MS_BIND | MS_REC},
    {"rdev", Effect::clear_whole, MOUNT_ATTR_NODEV},
    {"rdiratime", Effect::clear_whole, MOUNT_ATTR_NODIRATIME},
    {"relatime", Effect::set, MS_RELATIME},
    {"remount", Effect::set, MS_REMOUNT},
    {"rexec", Effect::clear_whole, MOUNT_ATTR_NOEXEC},
    {"ridmap", Effect::behave, bits_of(Behaviour::id_map_whole)},
    {"rnoatime", Effect::atime_whole, MOUNT_ATTR_NOATIME},
    {"rnodev", Effect::set_whole, MOUNT_ATTR_NODEV},
    {"rnodiratime", Effect::set_whole, MOUNT_ATTR_NODIRATIME},
    {"rnoexec", Effect::set_whole, MOUNT_ATTR_NOEXEC},
    {"rnorelatime", Effect::atime_whole, MOUNT_ATTR_RELATIME},
    {"rnostrictatime", Effect::atime_whole, MOUNT_ATTR_RELATIME},
    {"rnosuid", Effect::set_whole, MOUNT_ATTR_NOSUID},
    {"rnosymfollow", Effect::set_whole, MOUNT_ATTR_NOSYMFOLLOW},
    {"ro", Effect::set, MS_RDONLY},
    {"rprivate", Effect::propagate, MS_PRIVATE | MS_REC},
    {"rrelatime", Effect::atime_whole, MOUNT_ATTR_RELATIME},
    {"rro", Effect::set_whole, MOUNT_ATTR_RDONLY},
    {"rrw", Effect::clear_whole, MOUNT_ATTR_RDONLY},
    {"rshared", Effect::propagate, MS_SHARED | MS_REC},
    {"rslave", Effect::propagate, MS_SLAVE | MS_REC},
    {"rstrictatime", Effect::atime_whole, MOUNT_ATTR_STRICTATIME},
    {"rsuid", Effect::clear_whole, MOUNT_ATTR_NOSUID},
    {"rsymfollow", Effect::clear_whole, MOUNT_ATTR_NOSYMFOLLOW},
    {"runbindable", Effect::propagate, MS_UNBINDABLE | MS_REC},
    {"rw", Effect::clear, MS_RDONLY},
    {"shared", Effect::propagate, MS_SHARED},
    {"silent", Effect::set, MS_SILENT},
    {"slave", Effect::propagate, MS_SLAVE},
    {"src-nofollow", Effect::behave, bits_of(Behaviour::source_itself)},
    {"strictatime", Effect::set, MS_STRICTATIME},
    {"suid", Effect::clear, MS_NOSUID},
    {"symfollow", Effect::clear, MS_NOSYMFOLLOW},
    {"sync", Effect::set, MS_SYNCHRONOUS},
    {"tmpcopyup", Effect::behave, bits_of(Behaviour::copy_up)},
    {"unbindable", Effect::propagate, MS_UNBINDABLE},
});
static_assert(std::ranges::is_sorted(words, {}, &Word::text));

void apply(Word const& word, Options& options) {
  auto& whole = options.recursive;
  switch (word.effect) {
    case Effect::set:
      options.flags |= word.bits;
      options.cleared &= ~word.bits;
      break;
    case Effect::clear:
      options.flags &= ~word.bits;
      options.cleared |= word.bits;
      break;
    case Effect::set_whole:
      whole.set |= word.bits;
      whole.clear &= ~word.bits;
      break;
    case Effect::clear_whole:
      whole.set &= ~word.bits;
      whole.clear |= word.bits;
      break;
    case Effect::atime_whole:
      // mount_setattr(2): the whole group has to be cleared for one value to be set.
      whole.set = (whole.set & ~std::uint64_t{MOUNT_ATTR__ATIME}) | word.bits;
      whole.clear |= MOUNT_ATTR__ATIME;
      break;
    case Effect::propagate:
      options.propagation.push_back(word.bits);
      break;
    case Effect::behave:
      options.behaviours |= static_cast<std::uint32_t>(word.bits);
      break;
  }
}

struct Pair {
  unsigned long flag;
  std::uint64_t attribute;
};
constexpr auto attribute_pairs = std::to_array<Pair>({
    {MS_RDONLY, MOUNT_ATTR_RDONLY},
    {MS_NOSUID, MOUNT_ATTR_NOSUID},
    {MS_NODEV, MOUNT_ATTR_NODEV},
    {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
    {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
});

}  // namespace

Options parse_options(std::vector<std::string> const& options) {
  Options parsed;
  for (std::size_t i = 0; i < options.size(); ++i) {
    auto const word = std::ranges::lower_bound(words, options[i], {}, &Word::text);
    if (word == words.end() || word->text != options[i]) {
      parsed.unknown.push_back(i);
    } else {
      apply(*word, parsed);
    }
  }
  return parsed;
}

std::vector<std::string> option_words() {
  std::vector<std::string> texts;
  texts.reserve(std::size(words));
  for (auto const& word : words) texts.emplace_back(word.text);
  return texts;
}

std::uint64_t attributes_of(unsigned long flags) {
  std::uint64_t attributes = MOUNT_ATTR_RELATIME;
  if ((flags & MS_STRICTATIME) != 0) {
    attributes = MOUNT_ATTR_STRICTATIME;
  } else if ((flags & MS_NOATIME) != 0) {
    attributes = MOUNT_ATTR_NOATIME;
  }
  for (auto const& pair : attribute_pairs) {
    if ((flags & pair.flag) != 0) attributes |= pair.attribute;
  }
  return attributes;
}

linux::MountAttributes bind_attributes(unsigned long flags, unsigned long cleared) {
  linux::MountAttributes attributes;
  if (((flags | cleared) & (simple_flags | atime_flags)) == 0) return attributes;
  attributes.set = attributes_of(flags & simple_flags);
  attributes.clear = attributes_of(simple_flags & ~flags);
  if ((flags & atime_flags) != 0) {
    attributes.set |= attributes_of(flags & atime_flags);
    attributes.clear |= MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
  }
  return attributes;
}

}  // namespace proa::rootfs
