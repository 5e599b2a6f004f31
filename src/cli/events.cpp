// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <chrono>

#include "base/error.hpp"
#include "cli/duration.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"interval", "", "TIME", "time between two figures (default: 5s)", &EventsOptions::interval},
    {"stats", "", "", "print the figures once and exit", &EventsOptions::stats},
});

std::chrono::milliseconds interval_of(std::string const& text) {
  auto const time = duration(text);
  if (!time) fail(ErrorKind::usage, "invalid value \"{}\" of --interval: not a time as 5s", text);
  if (time->count() == 0) fail(ErrorKind::usage, "duration interval must be greater than 0");
  // Behind it the next time would be past the end of the clock's.
  constexpr std::chrono::hours year{24 * 365};
  return std::chrono::ceil<std::chrono::milliseconds>(
      std::min<std::chrono::nanoseconds>(*time, year));
}

int perform(Call const& call) {
  auto const interval = interval_of(call.interval);
  auto const container = runtime(call).open(call.words[0]);
  auto const report = [](Event const& event) { print(to_json(event) + "\n"); };
  if (call.stats) {
    report({"stats", container.id(), container.stats()});
  } else {
    container.watch(interval, report);
  }
  return 0;
}

}  // namespace

constexpr Command verb::events{
    .name = "events",
    .summary = "show what a container uses",
    .arguments = "CONTAINER",
    .description =
        "Prints figures of CPU, memory, tasks, block devices and huge pages from time\n"
        "to time, and a line when memory runs out, each as JSON, until the container\n"
        "ends. TIME is a number with a unit of ms, s, m or h.",
    .options = options,
    .run = perform,
};

}  // namespace proa::cli
