// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/resolve.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include "base/backwards.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "linux/file.hpp"

namespace proa::rootfs {

namespace {

using linux::Errno;
using linux::Fd;
using linux::FdRef;
using linux::Outcome;

// path_resolution(7): the kernel's own limit.
constexpr int most_links = 40;
constexpr mode_t directory_mode = 0755;
constexpr mode_t file_mode = 0644;

/// A walk from a root, by components.
class Walk {
 public:
  Walk(FdRef root, Lookup lookup, std::optional<Kind> missing)
      : root_(root), lookup_(lookup), missing_(missing) {}

  Outcome<Fd> to(std::string const& path) {
    push(path);
    while (auto const name = next()) {
      if (*name == "..") {
        // Not openat(".."): a directory that is moved out of the root meanwhile has another parent.
        if (!way_.empty()) way_.pop_back();
        continue;
      }
      if (auto const stepped = step(*name); !stepped) return Errno{stepped.error()};
    }
    if (way_.empty()) return linux::open_at(root_, ".", O_PATH);
    return std::move(way_.back());
  }

 private:
  /// Puts the components of a path before those that are left.
  void push(std::string_view path) {
    auto const parts = text::split(path, '/');
    for (auto const part : Backwards(parts)) {
      if (!part.empty() && part != ".") left_.emplace_back(part);
    }
  }

  std::optional<std::string> next() {
    if (left_.empty()) return std::nullopt;
    std::string name = std::move(left_.back());
    left_.pop_back();
    return name;
  }

  FdRef here() const { return way_.empty() ? root_ : FdRef(way_.back()); }
  bool last() const { return left_.empty(); }

  Outcome<void> step(std::string const& name) {
    auto entry = open(name);
    if (!entry) return Errno{entry.error()};
    auto const info = linux::stat(*entry);
    if (!info) return Errno{info.error()};
    if (S_ISLNK((*info).st_mode) && !(last() && lookup_ == Lookup::itself)) return follow(*entry);
    if (!last() && !S_ISDIR((*info).st_mode)) return Errno{ENOTDIR};
    way_.push_back(std::move(*entry));
    return {};
  }

  Outcome<void> follow(FdRef link) {
    if (lookup_ == Lookup::plain || ++links_ > most_links) return Errno{ELOOP};
    auto const target = linux::readlink_at(link, "");
    if (!target) return Errno{target.error()};
    if ((*target).starts_with('/')) way_.clear();
    push(*target);
    return {};
  }

  Outcome<Fd> open(std::string const& name) {
    int const nofollow = weakened("in-root") ? 0 : O_NOFOLLOW;
    auto entry = linux::open_at(here(), name, O_PATH | nofollow);
    if (!entry.is(ENOENT) || !missing_) return entry;
    // EEXIST: somebody else was faster; what they made is looked at like anything else.
    if (auto const made = create(name); !made && !made.is(EEXIST)) return Errno{made.error()};
    return linux::open_at(here(), name, O_PATH | O_NOFOLLOW);
  }

  Outcome<void> create(std::string const& name) {
    if (!last() || *missing_ == Kind::directory) {
      return linux::mkdir_at(here(), name, directory_mode);
    }
    auto const file =
        linux::open_at(here(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, file_mode);
    if (!file) return Errno{file.error()};
    return {};
  }

  FdRef root_;
  Lookup lookup_;
  std::optional<Kind> missing_;
  std::vector<Fd> way_;            ///< what has been walked through below the root
  std::vector<std::string> left_;  ///< components still to be walked, the next one last
  int links_ = 0;
};

}  // namespace

Outcome<Fd> look_up(FdRef root, std::string const& path, Lookup lookup) {
  if (weakened("in-root")) return linux::open_at(root, "./" + path, O_PATH);
  std::uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  if (lookup == Lookup::plain) resolve |= RESOLVE_NO_SYMLINKS;
  int const flags = lookup == Lookup::itself ? O_PATH | O_NOFOLLOW : O_PATH;
  auto found = linux::open_in(root, path, flags, resolve);
  // EPERM is what system call filters give that are older than the call; EAGAIN: the tree is being
  // renamed faster than the kernel walks, which it takes for an attack.
  if (!found.is(ENOSYS, EPERM, EAGAIN)) return found;
  return detail::walk(root, path, lookup);
}

namespace {

/// Nearly always only the last component is missing, which takes fewer calls than a walk.
Outcome<Fd> make_last(FdRef root, std::string const& path, Kind kind, Lookup lookup) {
  auto const slash = path.rfind('/');
  if (slash == std::string::npos) return Errno{ENOENT};
  auto const parent = look_up(root, slash == 0 ? "/" : path.substr(0, slash), lookup);
  if (!parent) return Errno{parent.error()};
  auto const name = path.substr(slash + 1);
  if (kind == Kind::file) {
    return linux::open_at(*parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, file_mode);
  }
  auto const made = linux::mkdir_at(*parent, name, directory_mode);
  if (!made) return Errno{made.error()};
  return linux::open_at(*parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

Outcome<Found> look_up_or_make(FdRef root, std::string const& path, Kind kind, Lookup lookup) {
  auto found = look_up(root, path, lookup);
  if (found) return Found{std::move(*found), true};
  if (!found.is(ENOENT) || lookup == Lookup::itself) return Errno{found.error()};
  auto made = make_last(root, path, kind, lookup);
  // More is missing, or the last component is a dangling link, or somebody else was faster.
  if (!made) made = Walk(root, lookup, kind).to(path);
  if (!made) return Errno{made.error()};
  return Found{std::move(*made), false};
}

Outcome<Fd> detail::walk(FdRef root, std::string const& path, Lookup lookup) {
  return Walk(root, lookup, std::nullopt).to(path);
}

}  // namespace proa::rootfs
