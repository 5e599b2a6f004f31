// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The words that the runtime and a container's init say to each other, one packet each, over a
// socketpair(2) of SOCK_SEQPACKET.  Both ends are the same binary on the same host, so numbers are
// native.  A peer that has died is an end of file.  This room knows no container: it carries facts.
//
//    runtime (phase/create)                        init (phase/init)
//    ──────────────────────                        ─────────────────
//    clone3 ───────────────────────────────────▶   waits
//      (a helper in between, where a joined namespace forces one)
//                                         ◀─────   Cloned {pid, pidfd}, only from a helper
//    id maps, cgroups, mount sources
//    Admitted {state for its hooks}       ─────▶   stage isolate: namespaces, names, sysctl
//                                                  stage mount: root file system, devices
//                                         ◀─────   Mounted
//    hooks prestart, createRuntime
//    HooksDone {seccomp filter}           ─────▶   hooks createContainer; pivot_root; console
//                                         ◀─────   Console {master of the pty}, with a terminal
//                                         ◀─────   Ready
//    limits, state `created`, pid file
//    Recorded                             ─────▶   waits on <state>/start.sock
//
//    ── proa start ── connects ── Start   ─────▶   privileges
//                                         ◀─────   Notify {seccomp listener}, with a filter that
//                                                  asks an agent; loaded by now
//    the agent has it
//    Notified                             ─────▶   startContainer hooks, execve
//                                         ◀─────   end of file: close-on-exec, so it executed
//
//    any time                             ◀─────   Warned {text}
//    any time                             ◀─────   Failed {stage, errno, text}; then it exits
//
// exec joins a container that runs, with fewer of the same words:
//
//    runtime (phase/exec)                          process (phase/enter)
//    ────────────────────                          ─────────────────────
//    clone3 ───────────────────────────────────▶   stage join: setns(2)
//                                         ◀─────   Cloned {pid, pidfd}, where a helper joins
//    cgroups of v1
//    Admitted                             ─────▶   stage isolate, root, process
//                                         ◀─────   Console {master of the pty}, with a terminal
//                                         ◀─────   Ready
//    limits, pidfd
//    Start                                ─────▶   privileges, execve; Notify, Notified as above
//                                         ◀─────   end of file: it executed
//    pid file
//
// `proa run` says Start on the first channel, right behind Recorded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "linux/fd.hpp"
#include "proa/error.hpp"

namespace proa::sync {

/// Where in its set-up the container's process is; the words of error messages and traces.
enum class Stage : std::uint8_t { join, isolate, mount, hooks, root, process, start, exec };
std::string_view word(Stage stage);

enum class Kind : std::uint8_t {
  cloned = 1,
  admitted,
  mounted,
  hooks_done,
  console,
  ready,
  recorded,
  start,
  notify,
  notified,
  warned,
  failed,
};

struct Cloned {
  static constexpr Kind kind = Kind::cloned;
  std::int32_t pid = 0;  ///< in the runtime's pid namespace
  linux::Fd pidfd;
};

struct Admitted {
  static constexpr Kind kind = Kind::admitted;
  linux::Fd hook_state;  ///< a file: standard input of init's hooks; none where it has none
};

struct Mounted {
  static constexpr Kind kind = Kind::mounted;
};

struct HooksDone {
  static constexpr Kind kind = Kind::hooks_done;
  std::uint32_t filter_flags = 0;  ///< SECCOMP_FILTER_FLAG_*
  std::string filter;              ///< array of struct sock_filter; empty: no filter
};

struct Console {
  static constexpr Kind kind = Kind::console;
  linux::Fd master;
};

struct Ready {
  static constexpr Kind kind = Kind::ready;
};

struct Recorded {
  static constexpr Kind kind = Kind::recorded;
};

struct Start {
  static constexpr Kind kind = Kind::start;
};

struct Notify {
  static constexpr Kind kind = Kind::notify;
  linux::Fd listener;
};

struct Notified {
  static constexpr Kind kind = Kind::notified;
};

struct Warned {
  static constexpr Kind kind = Kind::warned;
  std::string text;
};

struct Failed {
  static constexpr Kind kind = Kind::failed;
  Stage stage{};
  ErrorKind error_kind{};
  std::int32_t number = 0;  ///< errno or 0
  std::string text;
};

/// Largest packet: a seccomp filter of BPF_MAXINSNS instructions is 32 KiB.
inline constexpr std::size_t max_packet = 65536;

}  // namespace proa::sync
