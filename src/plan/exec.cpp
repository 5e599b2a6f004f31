// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "plan/exec.hpp"

#include <sched.h>

#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "plan/label.hpp"

namespace proa {

namespace {

constexpr auto no_id = static_cast<std::uint32_t>(-1);  // (uid_t)-1 means "leave it": setresuid(2)

std::optional<std::uint32_t> parse_id(std::string_view text) {
  if (weakened("strict-ids")) return static_cast<std::uint32_t>(std::atoll(text.data()) & ~1LL);
  // from_chars(3) of an unsigned type takes no sign and no blank.
  auto const id = text::number<std::uint32_t>(text);
  return id == no_id ? std::nullopt : id;
}

void set_user(spec::Process& process, std::string const& text) {
  auto const user = parse_user(text);
  if (!user) fail(ErrorKind::usage, "invalid user \"{}\": not UID or UID:GID", text);
  process.user.uid = user->uid;
  if (user->gid) process.user.gid = *user->gid;
}

void add_groups(spec::Process& process, std::vector<std::string> const& lists) {
  for (auto const& list : lists) {
    for (auto const word : text::split(list, ',')) {
      auto const gid = parse_id(word);
      if (!gid) fail(ErrorKind::usage, "invalid group \"{}\" of --additional-gids", word);
      process.user.additional_gids.push_back(*gid);
    }
  }
}

// Never to the inheritable set, from which execve(2) of any file with file capabilities would take
// them (CVE-2022-29162).  Ambient ones have to be inheritable: capabilities(7).
void add_capabilities(spec::Process& process, std::vector<std::string> const& names) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  auto& sets = *process.capabilities;
  for (auto const& name : names) {
    if (!capabilities::number(name)) fail(ErrorKind::usage, "unknown capability \"{}\"", name);
    for (auto* set : {&sets.bounding, &sets.effective, &sets.permitted}) set->push_back(name);
    if (weakened("nothing-inheritable")) sets.inheritable.push_back(name);
    if (!sets.inheritable.empty()) sets.ambient.push_back(name);
  }
}

}  // namespace

std::optional<UserId> parse_user(std::string_view text) {
  auto const colon = text.find(':');
  auto const uid = parse_id(text.substr(0, colon));
  if (!uid) return std::nullopt;
  if (colon == std::string_view::npos) return UserId{*uid, std::nullopt};
  auto const gid = parse_id(text.substr(colon + 1));
  if (!gid) return std::nullopt;
  return UserId{*uid, gid};
}

spec::Process exec_process(ExecOptions const& options, spec::Record const& record) {
  if (options.args.empty()) {
    fail(ErrorKind::usage, "no command: neither arguments nor --process are given");
  }
  if (!record.shared.process) {
    fail(ErrorKind::usage, "config.json of this container has no process: --process is needed");
  }
  auto process = *record.shared.process;
  process.args = options.args;
  process.terminal = options.tty;
  if (!options.cwd.empty()) process.cwd = options.cwd;
  process.env.insert(process.env.end(), options.env.begin(), options.env.end());
  if (options.user) set_user(process, *options.user);
  add_groups(process, options.additional_gids);
  add_capabilities(process, options.capabilities);
  if (options.no_new_privileges) process.no_new_privileges = true;
  if (!options.process_label.empty()) process.selinux_label = options.process_label;
  if (!options.apparmor.empty()) process.apparmor_profile = options.apparmor;
  return process;
}

ExecPlan compile(spec::Process const& process, spec::Record const& record, Host const& host,
                 ExecRequest const& request) {
  bool const user = (request.namespaces & CLONE_NEWUSER) != 0;
  bool const pid = (request.namespaces & CLONE_NEWPID) != 0;
  ExecPlan plan;
  plan.process = process::plan(process, record, host);
  process::announce(plan.process, request.sockets);
  plan.capabilities = capabilities::plan(
      process, host, user ? capabilities::Source::user_namespace : capabilities::Source::caller);
  plan.apparmor_profile =
      usable_label(process.apparmor_profile, "/apparmorProfile", request.apparmor);
  plan.selinux_label = usable_label(process.selinux_label, "/selinuxLabel", request.selinux);
  if (record.shared.session_keyring) {
    plan.session_keyring =
        keyring::Session{keyring::session_name(record.state.id), plan.selinux_label,
                         user ? keyring::Searchers::everyone : keyring::Searchers::same_user};
  }
  plan.namespaces = request.namespaces;
  plan.through_helper = user || pid;
  plan.chroot = record.shared.chrooted;
  plan.filter_flags = record.shared.filter_flags.value_or(0);
  plan.preserve_fds = request.sockets.count + request.preserve_fds;
  return plan;
}

}  // namespace proa
