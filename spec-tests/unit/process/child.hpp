// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Tests of what changes the process that does it: each runs in a child of its own, which says what
// it saw.
#pragma once

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <functional>
#include <string>

/// What `body` returns, "error: " and the text of what it throws, or "signal N" when it was killed.
inline std::string in_child(std::function<std::string()> const& body) {
  int ends[2];
  if (::pipe(ends) < 0) std::abort();
  pid_t const child = ::fork();
  if (child == 0) {
    std::string said;
    try {
      said = body();
    } catch (std::exception const& error) {
      said = std::string("error: ") + error.what();
    }
    if (::write(ends[1], said.data(), said.size()) < 0) ::_exit(1);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : said;
}

/// Whether a child of this process may make such namespaces: CLONE_NEW* flags.
inline bool may_unshare(int flags) {
  return in_child([&] { return std::string(::unshare(flags) == 0 ? "yes" : "no"); }) == "yes";
}

/// Whether tests may mount, in a mount namespace of their own.
inline bool may_mount() { return ::geteuid() == 0 && may_unshare(CLONE_NEWNS); }
