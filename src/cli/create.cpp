// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/create_options.hpp"
#include "cli/environment.hpp"
#include "cli/seal.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

int perform(Call const& call) {
  seal(call);
  CreateOptions how = static_cast<CreateOptions const&>(call);
  how.sockets = listen_fds();
  how.notify_socket = notify_socket();
  runtime(call).create(call.words[0], how);
  return 0;
}

}  // namespace

constexpr Command verb::create{
    .name = "create",
    .summary = "create a container",
    .arguments = "ID",
    .description =
        "Makes the container that the bundle's config.json describes and gives it the\n"
        "name ID, which no other container below --root may have. Its process waits:\n"
        "start lets it run. The standard streams of this call become the container's.",
    .options = create_options,
    .run = perform,
};

}  // namespace proa::cli
