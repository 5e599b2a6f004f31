// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/inotify.hpp"

#include <sys/inotify.h>

namespace proa::linux {

Outcome<Fd> watch_closes(std::string const& path) {
  Fd watch(::inotify_init1(IN_CLOEXEC));
  if (!watch) return Errno::last();
  if (::inotify_add_watch(watch.number(), path.c_str(), IN_CLOSE) < 0) return Errno::last();
  return watch;
}

}  // namespace proa::linux
