// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/run.hpp"

#include <linux/capability.h>

#include <cstdint>
#include <optional>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "phase/create.hpp"
#include "phase/delete.hpp"
#include "phase/foreground.hpp"
#include "phase/start.hpp"

namespace proa::phase {

namespace {

/// The caller wants to know how the container ended, or why it did not start, whatever becomes of
/// its remains.
void remove_remains(Options const& options, std::string const& id) noexcept {
  try {
    remove(options, id, {.force = true});
  } catch (Error const& error) {
    // A start that failed has destroyed it, or somebody else has deleted it.
    if (error.kind() != ErrorKind::not_found)
      log::warn("cannot remove container: {}", error.what());
  } catch (std::exception const& error) {
    log::warn("cannot remove container: {}", error.what());
  }
}

void give_up(Options const& options, Created& created) noexcept {
  created.lock.release();
  remove_remains(options, created.entry.id());
}

void start_created(Created& created) {
  start_init(created.entry, created.record, std::move(created.channel));
  created.lock.release();
}

// What is left to do after start: to send signals to whatever user the container's processes are,
// and to remove cgroups that may belong to the container's root.
constexpr std::uint64_t kept_capabilities = std::uint64_t{1} << CAP_KILL | std::uint64_t{1}
                                                                               << CAP_DAC_OVERRIDE;

/// The one that waits, for days maybe, has no further use for most of its privileges.  Hooks have,
/// and so may systemd, which looks at who asks it to end a unit.  What the kernel refuses to take
/// back stays as it was: the container runs already.
void drop_privileges(spec::Record const& record) {
  if (!record.poststop.empty() || record.cgroup_manager == CgroupManager::systemd) return;
  // Fewer capabilities than a container has would let the container trace this process.
  if (!linux::set_dumpable(linux::Dumpable::no)) return;
  linux::set_no_new_privileges().ignore();
  auto held = linux::capability_sets();
  if (!held) return;
  auto const kept = held->permitted & kept_capabilities;
  linux::set_capabilities({kept, kept, 0}).ignore();
}

std::optional<Notifier> notifier_of(Created const& created, RunOptions const& how, pid_t main) {
  if (!created.record.notify) return std::nullopt;
  auto notifier = Notifier::open(created.entry, how.notify_socket);
  if (notifier) notifier->set_main(main);
  return notifier;
}

int run_in_foreground(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.no_subreaper) linux::set_child_subreaper().or_fail("become a subreaper");
  Foreground foreground;
  auto created = create(options, id, how, Starter::foreground);
  Undo undo([&] { give_up(options, created); });
  std::optional<Relay> relay;
  if (created.console) relay.emplace(std::move(created.console));
  // What a manager watches is this process, which ends when the container does.
  auto notifier = notifier_of(created, how, linux::process_id());
  start_created(created);
  undo.dismiss();
  drop_privileges(created.record);
  auto const exit =
      foreground.wait(created.init, {relay ? &*relay : nullptr, notifier ? &*notifier : nullptr});
  relay.reset();
  if (!how.keep) remove_remains(options, id);
  return exit.status;
}

}  // namespace

int run(Options const& options, std::string const& id, RunOptions const& how) {
  if (!how.detach) return run_in_foreground(options, id, how);
  auto created = create(options, id, how, Starter::detached);
  Undo undo([&] { give_up(options, created); });
  auto notifier = notifier_of(created, how, created.init.number);
  start_created(created);
  undo.dismiss();
  if (notifier) notifier->wait_ready(created.init);
  return 0;
}

}  // namespace proa::phase
