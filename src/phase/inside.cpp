// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/inside.hpp"

#include <linux/seccomp.h>

#include <utility>

#include "base/weaken.hpp"
#include "linux/exec.hpp"
#include "linux/prctl.hpp"
#include "process/apply.hpp"
#include "process/credentials.hpp"
#include "security/apparmor.hpp"
#include "security/listener.hpp"
#include "security/seccomp.hpp"
#include "security/selinux.hpp"

namespace proa::phase {

namespace {

void load(Identity const& identity) {
  if (identity.filter.empty()) return;
  if ((identity.filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0) {
    return seccomp::load(identity.filter, identity.filter_flags);
  }
  auto listening = seccomp::load_with_listener(identity.filter, identity.filter_flags);
  identity.channel.use_key(listening.key);
  identity.channel.send(sync::Notify{std::move(listening.listener)});
  // From here on the agent answers what this process's own calls ask.
  identity.channel.receive<sync::Notified>();
}

}  // namespace

void Messenger::line(log::Level, std::string_view text) {
  try {
    channel_.send(sync::Warned{std::string(text)});
  } catch (Error const&) {
    // The runtime has gone; the next thing that is waited for will tell so.
  }
}

void report(sync::Channel const& channel, sync::Stage stage, Error const& error) noexcept {
  try {
    channel.send(sync::Failed{stage, error.kind(), error.number(), error.text()});
  } catch (std::exception const&) {
    // Nobody is left to be told.
  }
}

void keep_only(std::vector<int> numbers, std::uint32_t preserve_fds, linux::FdRef proc) {
  numbers.push_back(proc.number());
  for (std::uint32_t i = 0; i < preserve_fds; ++i) numbers.push_back(static_cast<int>(3 + i));
  std::erase_if(numbers, [](int number) { return number < 0; });
  if (!weakened("no-descriptor-left")) {
    linux::close_all_but(std::move(numbers), proc).or_fail("close the runtime's descriptors");
  }
  linux::reset_signals();
}

// The order is the kernel's: scheduling and labels need privileges; the working directory may be
// open to root or to the user only; the bounding set needs CAP_SETPCAP; a filter needs
// CAP_SYS_ADMIN or no_new_privs, so it is loaded before the capabilities go, or, with no_new_privs,
// as the very last, where it sees the fewest of our own system calls.
void become(Identity const& identity, linux::FdRef proc, linux::FdRef root) {
  auto const& plan = identity.process;
  if (plan.no_new_privileges) linux::set_no_new_privileges().or_fail("set no_new_privs");
  process::set_final_affinity(plan);
  process::set_scheduling(plan);
  if (!identity.apparmor_profile.empty()) {
    apparmor::set_exec_profile(identity.apparmor_profile, proc);
  }
  if (!identity.selinux_label.empty()) selinux::set_exec_label(identity.selinux_label, proc);
  process::enter_cwd(plan, root);
  if (!plan.no_new_privileges) load(identity);
  if (identity.capabilities) capabilities::drop_bounding(*identity.capabilities);
  process::set_user(plan);
  if (identity.capabilities) capabilities::apply(*identity.capabilities);
  if (!weakened("no-descriptor-left")) {
    linux::close_on_exec_from(3 + identity.preserve_fds, proc)
        .or_fail("close what is not the container's");
  }
  if (plan.no_new_privileges) load(identity);
}

}  // namespace proa::phase
