// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/launch.hpp"

#include <signal.h>

#include <chrono>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "linux/exec.hpp"
#include "phase/init.hpp"
#include "phase/inside.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

// The helper makes a handful of system calls, none of which waits for anybody.
constexpr auto helper_time = 30s;

Launched launch_directly(Launch const& launch) {
  auto birth = clone_into(launch.cgroup.birthplace(), launch.plan.namespaces.clone_flags);
  if (!birth.cloned) run_init(launch.plan, std::move(launch.inheritance));
  return {std::move(*birth.cloned), birth.born};
}

/// The helper's whole life: joins, makes init as its own sibling, tells who it is.
[[noreturn]] void run_helper(Launch const& launch) {
  auto const& plan = launch.plan.namespaces;
  auto const& channel = launch.inheritance.channel;
  try {
    hide(plan);
    namespaces::join(plan, launch.inheritance.namespaces);
    // Whoever becomes another user becomes dumpable again where fs.suid_dumpable says so.
    hide(plan);
    auto init = linux::clone({plan.clone_flags | CLONE_PARENT})
                    .or_fail("make the container's first process");
    if (!init) run_init(launch.plan, std::move(launch.inheritance));
    channel.send(sync::Cloned{init->number, std::move(init->fd)});
  } catch (Error const& error) {
    report(channel, sync::Stage::join, error);
    linux::exit_now(1);
  } catch (std::exception const& error) {
    report(channel, sync::Stage::join, Error(ErrorKind::failed, 0, error.what()));
    linux::exit_now(1);
  }
  linux::exit_now(0);
}

Launched launch_through_helper(Launch const& launch) {
  auto birth = clone_into(launch.cgroup.birthplace(), 0);
  if (!birth.cloned) run_helper(launch);
  auto const& helper = *birth.cloned;
  // The helper's copy of this end would keep it open when the helper has died.
  launch.inheritance.channel.close();
  Undo end([&] {
    linux::send_signal(helper.fd, SIGKILL).ignore();  // ESRCH: it has ended already
    (void)linux::wait(helper.fd);
  });
  auto cloned = launch.channel.receive<sync::Cloned>(linux::in(helper_time));
  end.dismiss();
  linux::wait(helper.fd).or_fail("wait for the helper process");
  return {{cloned.pid, std::move(cloned.pidfd)}, birth.born};
}

}  // namespace

void refuse_threads() {
  if (linux::thread_count().or_fail("count the threads of this process") > 1) {
    fail(ErrorKind::usage, "a process with several threads can't make containers");
  }
}

// CLONE_INTO_CGROUP (5.7) saves moving the process, which costs the kernel an RCU grace period.
// Refused: ENOSYS, EINVAL and E2BIG by old kernels, EBUSY and EOPNOTSUPP by cgroups that may hold
// no processes or only threads, EACCES and EPERM for lack of rights over the common ancestor,
// EAGAIN by pids.max, which lets processes be moved in; clone(2), cgroups(7).
Birth clone_into(linux::FdRef group, std::uint64_t flags) {
  if (group) {
    auto cloned = linux::clone({flags, group});
    if (cloned) return {std::move(*cloned), cgroup::Born::inside};
    if (!cloned.is(ENOSYS, EINVAL, E2BIG, EBUSY, EOPNOTSUPP, EACCES, EPERM, EAGAIN)) {
      std::move(cloned).or_fail("make a process in the container's cgroup");
    }
  }
  return {linux::clone({flags}).or_fail("make a process"), cgroup::Born::outside};
}

Launched launch(Launch const& launch) {
  return launch.plan.namespaces.joiner == namespaces::Joiner::helper ? launch_through_helper(launch)
                                                                     : launch_directly(launch);
}

}  // namespace proa::phase
