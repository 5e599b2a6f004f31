// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/create_options.hpp"
#include "cli/environment.hpp"
#include "cli/seal.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

constexpr auto options = joined(
    create_options, std::to_array<Option>({
                        {"detach", "d", "", "return once the process runs", &RunOptions::detach},
                        {"keep", "", "", "do not delete the container when its process has ended",
                         &RunOptions::keep},
                    }));

int perform(Call const& call) {
  seal(call);
  RunOptions how = static_cast<RunOptions const&>(call);
  how.sockets = listen_fds();
  how.notify_socket = notify_socket();
  return runtime(call).run(call.words[0], how);
}

}  // namespace

constexpr Command verb::run{
    .name = "run",
    .summary = "create, start, wait for and delete a container",
    .arguments = "ID",
    .description =
        "Runs the bundle's process in a new container of the name ID until it ends.\n"
        "The exit status is that of the process, 128 + n where signal n ended it.",
    .options = options,
    .run = perform,
};

}  // namespace proa::cli
