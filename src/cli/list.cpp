// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>

#include <array>
#include <vector>

#include "cli/output.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "linux/file.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"format", "f", "table|json", "form of the list (default: table)", &ListOptions::format},
    {"quiet", "q", "", "print the ids only", &ListOptions::quiet},
});

std::string people(std::vector<State> const& states) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (auto const& state : states) {
    rows.push_back({state.id, std::to_string(state.pid), word(state.status), state.bundle,
                    state.created, state.owner});
  }
  return table(rows);
}

std::string ids(std::vector<State> const& states) {
  std::string text;
  for (auto const& state : states) text += state.id + "\n";
  return text;
}

std::string json(std::vector<State> const& states) {
  // runc's word for no containers, which is what its callers know.
  return (states.empty() ? "null" : to_json(states)) + "\n";
}

int perform(Call const& call) {
  if (!call.root.empty()) {
    linux::open_at(linux::at_cwd, call.root, O_PATH | O_DIRECTORY).or_fail("open {}", call.root);
  }
  auto const states = runtime(call).list();
  print(call.quiet ? ids(states) : call.format == "json" ? json(states) : people(states));
  return 0;
}

}  // namespace

constexpr Command verb::list{
    .name = "list",
    .summary = "list the containers",
    .arguments = "",
    .description = "Shows the containers below --root in the order of their ids.",
    .options = options,
    .run = perform,
};

}  // namespace proa::cli
