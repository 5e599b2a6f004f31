// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/processes.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/manager.hpp"
#include "command/command.hpp"
#include "state/store.hpp"

namespace proa::phase {

namespace {

constexpr std::size_t longest_table = 64 << 20;  // a few hundred thousand long command lines

/// What ps(1) prints with these options.
std::string run_ps(std::vector<std::string> const& ps_options) {
  command::Command ps;
  ps.args = {"ps"};
  ps.args.insert(ps.args.end(), ps_options.begin(), ps_options.end());
  if (ps_options.empty()) ps.args.emplace_back("-ef");
  ps.output_kept = longest_table;
  auto const result = command::run(ps);
  if (result.exec_error != 0) fail_errno(result.exec_error, "exec: \"ps\"");
  if (result.exit.status != 0) {
    fail(ErrorKind::failed, "ps: exit status {}: {}", result.exit.status, result.output);
  }
  return result.output;
}

/// The words of a line, however many blanks are between them.
std::vector<std::string_view> words_of(std::string_view line) {
  auto words = text::split(line, ' ');
  std::erase(words, std::string_view());
  return words;
}

}  // namespace

std::vector<pid_t> processes(Options const& options, std::string const& id) {
  auto const record = state::Store(options.root).open(id).read();
  if (!record) return {};
  if (record->cgroups.empty()) {
    fail(ErrorKind::unsupported, "the container has no cgroup that could tell its processes");
  }
  auto pids = cgroup::processes(record->cgroups);
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::string lines_of(std::string_view table, std::vector<pid_t> const& pids) {
  auto const lines = text::split(table, '\n');
  auto const titles = words_of(lines.front());
  auto const title = std::find(titles.begin(), titles.end(), "PID");
  if (title == titles.end()) {
    fail(ErrorKind::usage, "ps prints no column PID: \"{}\"", lines.front());
  }
  auto const column = static_cast<std::size_t>(title - titles.begin());
  std::string chosen = fmt::format("{}\n", lines.front());
  for (auto const line : lines) {
    auto const words = words_of(line);
    auto const pid = column < words.size() ? text::number<pid_t>(words[column]) : std::nullopt;
    if (pid && std::binary_search(pids.begin(), pids.end(), *pid)) {
      chosen += fmt::format("{}\n", line);
    }
  }
  return chosen;
}

std::string process_table(Options const& options, std::string const& id,
                          std::vector<std::string> const& ps_options) {
  // ps first: whoever it shows and is in the container by now is the container's.
  auto const table = run_ps(ps_options);
  return lines_of(table, processes(options, id));
}

}  // namespace proa::phase
