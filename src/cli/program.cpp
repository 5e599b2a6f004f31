// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/program.hpp"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "linux/file.hpp"
#include "linux/signal.hpp"

namespace proa::cli {

namespace {

constexpr auto globals = std::to_array<Option>({
    {"root", "", "DIR", "directory of the state (default: /run/proa, $XDG_RUNTIME_DIR/proa)",
     &GlobalOptions::root},
    {"log", "", "FILE", "append warnings and errors to this file", &GlobalOptions::log},
    {"log-format", "", "text|json", "form of the log (default: text)", &GlobalOptions::log_format},
    {"log-level", "", "error|warning|info|debug", "what is logged (default: warning)",
     &GlobalOptions::log_level},
    {"debug", "", "", "log everything", &GlobalOptions::debug},
    {"cgroup-manager", "", "cgroupfs|systemd|disabled", "who makes cgroups (default: cgroupfs)",
     &GlobalOptions::cgroup_manager},
    {"systemd-cgroup", "", "", "the same as --cgroup-manager systemd",
     &GlobalOptions::systemd_cgroup},
    {"rootless", "", "auto|true|false", "do without root's privileges (default: auto)",
     &GlobalOptions::rootless},
    {"version", "vV", "", "show the version", &GlobalOptions::version},
});

constexpr Command const* verbs[] = {
    &verb::create, &verb::start, &verb::state,    &verb::kill,       &verb::remove,  &verb::run,
    &verb::exec,   &verb::list,  &verb::ps,       &verb::pause,      &verb::resume,  &verb::update,
    &verb::events, &verb::spec,  &verb::features, &verb::completion, &verb::version, &verb::help,
};

template <class Value>
using Word = std::pair<std::string_view, Value>;

constexpr Word<CgroupManager> managers[] = {
    {"cgroupfs", CgroupManager::cgroupfs},
    {"systemd", CgroupManager::systemd},
    {"disabled", CgroupManager::disabled},
};

constexpr Word<Rootless> privileges[] = {
    {"auto", Rootless::automatic},
    {"true", Rootless::yes},
    {"false", Rootless::no},
};

constexpr Word<LogFormat> formats[] = {
    {"text", LogFormat::text},
    {"json", LogFormat::json},
};

constexpr Word<log::Level> levels[] = {
    {"error", log::Level::error},
    {"warning", log::Level::warning},
    {"info", log::Level::info},
    {"debug", log::Level::debug},
};

/// The parser has let only words of the option's set through.
template <class Value>
Value value_of(std::string_view word, std::span<Word<Value> const> table) {
  auto const found = std::ranges::find(table, word, &Word<Value>::first);
  if (found == table.end()) fail(ErrorKind::usage, "unknown word \"{}\"", word);
  return found->second;
}

/// A standard stream that the caller has closed would be the next file that is opened here, and
/// so be handed to the container.
void occupy_standard_streams() {
  for (;;) {
    auto null = linux::open_at(linux::at_cwd, "/dev/null", O_RDWR);
    if (!null || null->number() > STDERR_FILENO) return;
    null->release();
  }
}

/// sigaction(2): where SIGCHLD is ignored, as whoever started us may have it, the kernel reaps our
/// children, and nobody hears how they ended.
void keep_children() {
  struct ::sigaction usual {};
  usual.sa_handler = SIG_DFL;
  linux::set_disposition(SIGCHLD, usual).or_fail("take notice of children");
}

void open_log(Log& log, Call const& call) {
  auto const level = call.debug ? log::Level::debug : value_of<log::Level>(call.log_level, levels);
  log.open(call.log, value_of<LogFormat>(call.log_format, formats), level);
  log::use(&log);
}

bool asks_for_help(Words words) {
  return std::ranges::any_of(words, [](auto word) { return word == "-h" || word == "--help"; });
}

Command const& required_command(std::string_view name, Words words) {
  auto const* command = find_command(name);
  if (command != nullptr) return *command;
  if (asks_for_help(words)) fail(ErrorKind::usage, "No help topic for '{}'", name);
  fail(ErrorKind::usage, "unknown command \"{}\"", name);
}

/// "proa create web": the container stands in the sentence where there is one.
std::string subject(Call const& call, Command const& command) {
  bool const has_id =
      command.arguments.starts_with("ID") || command.arguments.starts_with("CONTAINER");
  auto const verb = fmt::format("{} {}", call.program, command.name);
  return has_id && !call.words.empty() ? fmt::format("{} {}", verb, call.words[0]) : verb;
}

int run_command(Command const& command, Words words, Call& call, Log& log) {
  parse(command, words, call);
  if (call.help) {
    print(help(call.program, command));
    return 0;
  }
  log.set_subject(subject(call, command));
  int const status = command.run(call);
  log.succeed();
  return status;
}

/// What goes wrong is said by main, unless this command has a status of its own for it.
int run_or_fail(Command const& command, Words words, Call& call, Log& log) {
  log.set_subject(subject(call, command));
  try {
    return run_command(command, words, call, log);
  } catch (std::exception const& error) {
    if (command.failure == 1) throw;
    log.fail(error.what());
    return command.failure;
  }
}

}  // namespace

std::span<Command const* const> commands() { return verbs; }
std::span<Option const> global_options() { return globals; }

Command const* find_command(std::string_view name) {
  auto const found =
      std::ranges::find_if(verbs, [&](auto const* command) { return command->name == name; });
  return found == std::end(verbs) ? nullptr : *found;
}

Options library_options(Call const& call) {
  Options options;
  if (!call.root.empty() && call.root[0] != '/') {
    options.root = linux::getcwd().or_fail("find the working directory") + "/";
  }
  options.root += call.root;
  if (call.systemd_cgroup) options.cgroup_manager = CgroupManager::systemd;
  if (!call.cgroup_manager.empty()) {
    options.cgroup_manager = value_of<CgroupManager>(call.cgroup_manager, managers);
  }
  options.rootless = value_of<Rootless>(call.GlobalOptions::rootless, privileges);
  return options;
}

Runtime runtime(Call const& call) { return Runtime(library_options(call)); }

std::string program_name(char const* const* argv) {
  std::string_view path = argv[0] != nullptr ? argv[0] : "";
  path.remove_prefix(path.rfind('/') + 1);
  return std::string(path.empty() ? "proa" : path);
}

int run(std::string program, std::span<char const* const> arguments, Log& log) {
  occupy_standard_streams();
  keep_children();
  Call call;
  call.command_line.assign(arguments.begin(), arguments.end());
  call.command_line.insert(call.command_line.begin(), program);
  call.program = std::move(program);
  std::vector<std::string_view> const all(arguments.begin(), arguments.end());
  Words words(all);
  words = words.subspan(parse_options(globals, words, call));
  if (call.version) {
    print(version_text(call.program));
    return 0;
  }
  if (call.help || words.empty()) {
    print(help(call.program, verbs, globals));
    return 0;
  }
  open_log(log, call);
  return run_or_fail(required_command(words[0], words.subspan(1)), words.subspan(1), call, log);
}

}  // namespace proa::cli
