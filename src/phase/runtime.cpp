// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// include/proa/container.hpp, answered by the phases.

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "host/host.hpp"
#include "linux/file.hpp"
#include "linux/process.hpp"
#include "linux/signal.hpp"
#include "phase/create.hpp"
#include "phase/delete.hpp"
#include "phase/events.hpp"
#include "phase/exec.hpp"
#include "phase/kill.hpp"
#include "phase/pause.hpp"
#include "phase/processes.hpp"
#include "phase/run.hpp"
#include "phase/start.hpp"
#include "phase/update.hpp"
#include "proa/container.hpp"
#include "rootfs/options.hpp"
#include "security/capabilities.hpp"
#include "security/seccomp.hpp"
#include "spec/decode.hpp"
#include "spec/example.hpp"
#include "spec/features.hpp"
#include "state/store.hpp"

namespace proa {

namespace {

State state_of(state::Entry const& entry) {
  auto const record = entry.read();
  if (!record) {
    // A create that has only just made the folder.
    State state;
    state.id = entry.id();
    return state;
  }
  State state = record->state;
  state.status = phase::present_status(entry, *record);
  if (state.status == Status::stopped) state.pid = 0;
  return state;
}

/// What `list` says of an entry; nothing where no container is, or none that can be told of.
std::optional<State> listed(state::Store const& store, std::string const& id) {
  try {
    return state_of(store.open(id));
  } catch (Error const& error) {
    // Deleted since its name was read; or a file that somebody has put there.
    if (error.kind() == ErrorKind::not_found || error.number() == ENOTDIR) return std::nullopt;
    // runc's words.  One that is damaged must not hide the others.
    log::warn("load container {}: {}", id, error.text());
    return std::nullopt;
  }
}

/// Root of a user namespace that somebody without privileges has made around us, as podman does:
/// then /run is not ours.  A $USER of root is what sudo and a login in a container say.
bool borrowed_root() {
  char const* const user = std::getenv("USER");
  return std::getenv("XDG_RUNTIME_DIR") != nullptr &&
         (user == nullptr || std::string_view(user) != "root") && in_user_namespace();
}

}  // namespace

std::string default_root() {
  if (linux::effective_uid() == 0 && !borrowed_root()) return "/run/proa";
  char const* const runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  if (runtime_dir != nullptr && runtime_dir[0] == '/') return std::string(runtime_dir) + "/proa";
  return fmt::format("/tmp/proa-{}", linux::effective_uid());
}

State Container::state() const { return state_of(state::Store(options_.root).open(id_)); }
void Container::start(StartOptions const& options) { phase::start(options_, id_, options); }
int Container::exec(ExecOptions const& options) { return phase::exec(options_, id_, options); }
void Container::kill(int signal, KillOptions options) {
  phase::kill(options_, id_, signal, options);
}
void Container::pause() { phase::pause(options_, id_); }
void Container::resume() { phase::resume(options_, id_); }
void Container::update(spec::Resources const& resources, std::vector<std::string> const& schemata) {
  phase::update(options_, id_, {resources, schemata});
}
Stats Container::stats() const { return phase::stats(options_, id_); }
void Container::watch(std::chrono::milliseconds interval,
                      std::function<void(Event const&)> const& report) const {
  phase::watch(options_, id_, interval, report);
}
std::vector<std::int32_t> Container::processes() const { return phase::processes(options_, id_); }
std::string Container::process_table(std::vector<std::string> const& ps_options) const {
  return phase::process_table(options_, id_, ps_options);
}
void Container::remove(DeleteOptions options) { phase::remove(options_, id_, options); }

Runtime::Runtime(Options options) : options_(std::move(options)) {
  if (options_.root.empty()) options_.root = default_root();
  if (options_.root.front() != '/')
    fail(ErrorKind::usage, "root {} is not absolute", options_.root);
  if (options_.root.find_first_not_of('/') == std::string::npos) {
    fail(ErrorKind::usage, "root / can't be a state directory");
  }
}

Container Runtime::create(std::string const& id, CreateOptions const& options) {
  phase::create(options_, id, options, phase::Starter::later_call);
  return {options_, id};
}

int Runtime::run(std::string const& id, RunOptions const& options) {
  return phase::run(options_, id, options);
}

Container Runtime::open(std::string const& id) const {
  (void)state::Store(options_.root).open(id);
  return {options_, id};
}

void Runtime::purge(std::string const& id) {
  try {
    phase::remove(options_, id, {.force = true});
  } catch (Error const& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
}

std::vector<State> Runtime::list() const {
  // Nothing has been created yet.
  if (linux::access_at(linux::at_cwd, options_.root, F_OK).is(ENOENT)) return {};
  state::Store const store(options_.root);
  std::vector<State> states;
  for (auto const& id : store.ids()) {
    if (auto state = listed(store, id)) states.push_back(std::move(*state));
  }
  return states;
}

Features Runtime::features() {
  return spec::features(rootfs::option_words(), capabilities::names(), seccomp::archs());
}

Spec Runtime::example(Rootless rootless) {
  return spec::example(rootless, {linux::effective_uid(), linux::effective_gid()});
}

spec::Resources resources_from_json(std::string_view text, std::string const& source) {
  return spec::decode_resources(text, source);
}

std::optional<int> signal_number(std::string_view word) { return linux::signal_number(word); }

}  // namespace proa
