// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "cli/environment.hpp"
#include "cli/seal.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"process", "p", "FILE", "read the process from this file", &ExecOptions::process},
    {"cwd", "", "DIR", "working directory in the container", &ExecOptions::cwd},
    {"env", "e", "NAME=VALUE", "add this variable to the environment", &ExecOptions::env},
    {"tty", "t", "", "give the process a terminal", &ExecOptions::tty},
    {"user", "u", "USER", "user of the process: UID or UID:GID", &ExecOptions::user},
    {"additional-gids", "g", "GID", "add this supplementary group", &ExecOptions::additional_gids},
    {"detach", "d", "", "return once the process runs", &ExecOptions::detach},
    {"pid-file", "", "FILE", "write the number of the process to this file",
     &ExecOptions::pid_file},
    {"console-socket", "", "SOCKET", "AF_UNIX socket that is sent the terminal's master",
     &ExecOptions::console_socket},
    {"pidfd-socket", "", "SOCKET", "AF_UNIX socket that is sent a pidfd of the process",
     &ExecOptions::pidfd_socket},
    {"cap", "c", "CAP", "add this capability", &ExecOptions::capabilities},
    {"no-new-privs", "", "", "set no_new_privs", &ExecOptions::no_new_privileges},
    {"process-label", "", "LABEL", "SELinux label of the process", &ExecOptions::process_label},
    {"apparmor", "", "PROFILE", "AppArmor profile of the process", &ExecOptions::apparmor},
    {"preserve-fds", "", "N", "hand on N descriptors from 3 on to the process",
     &ExecOptions::preserve_fds},
    {"cgroup", "", "CGROUP",
     "run in this cgroup below the container's: PATH or CONTROLLER,...:PATH",
     &ExecOptions::cgroups},
    {"ignore-paused", "", "", "wait for a paused container to go on", &ExecOptions::ignore_paused},
});

int perform(Call const& call) {
  seal(call);
  ExecOptions how = static_cast<ExecOptions const&>(call);
  how.sockets = listen_fds();
  how.args.assign(call.words.begin() + 1, call.words.end());
  return runtime(call).open(call.words[0]).exec(how);
}

}  // namespace

constexpr Command verb::exec{
    .name = "exec",
    .summary = "run one more process in a running container",
    .arguments = "CONTAINER [PROGRAM] [ARG...]",
    .description =
        "Runs PROGRAM, or the process that --process describes, in the namespaces and\n"
        "cgroups of a container. The exit status is that of the process, 128 + n where\n"
        "signal n ended it, and 255 where it could not be run. Options stand before\n"
        "CONTAINER.",
    .options = options,
    .run = perform,
    .order = Order::options_first,
    .failure = 255,
};

}  // namespace proa::cli
