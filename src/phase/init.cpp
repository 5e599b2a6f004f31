// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/init.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "hooks/hooks.hpp"
#include "linux/exec.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "linux/socket.hpp"
#include "process/apply.hpp"
#include "process/console.hpp"
#include "process/credentials.hpp"
#include "process/lookup.hpp"
#include "process/stdio.hpp"
#include "rootfs/apply.hpp"
#include "rootfs/devices.hpp"
#include "security/apparmor.hpp"
#include "security/keyring.hpp"
#include "security/seccomp.hpp"
#include "security/selinux.hpp"

namespace proa::phase {

namespace {

using sync::Stage;

/// Warnings of init travel to the runtime, which knows where log lines go.
class Messenger final : public log::Sink {
 public:
  explicit Messenger(sync::Channel const& channel) : channel_(channel) {}
  void line(log::Level, std::string_view text) override {
    try {
      channel_.send(sync::Warned{std::string(text)});
    } catch (Error const&) {
      // The runtime has gone; the next thing that init waits for will tell it so.
    }
  }

 private:
  sync::Channel const& channel_;
};

class Init {
 public:
  Init(Plan const& plan, Inheritance inheritance)
      : plan_(plan), inherited_(std::move(inheritance)), messenger_(inherited_.channel) {
    log::use(&messenger_);
  }

  /// The page to read first: what happens to the container's process, in the order that the
  /// kernel forces and the spec wants.
  [[noreturn]] void run() {
    keep_only_what_is_inherited();
    hide(plan_.namespaces);
    auto const admitted = inherited_.channel.receive<sync::Admitted>();

    enter(Stage::isolate);
    linux::set_session().or_fail("start a session");
    namespaces::isolate(plan_.namespaces, inherited_.namespaces);
    linux::set_dumpable(linux::Dumpable::no).or_fail("become undumpable");
    if (plan_.session_keyring) {
      keyring::join_session(*plan_.session_keyring, inherited_.namespaces.proc);
    }

    enter(Stage::mount);
    auto root = rootfs::build(plan_.rootfs, std::move(inherited_.mount_sources));
    inherited_.channel.send(sync::Mounted{});

    enter(Stage::hooks);
    auto filter = inherited_.channel.receive<sync::HooksDone>();
    hooks::run(hooks::Point::create_container, plan_.create_container,
               admitted.create_container_state);

    enter(Stage::root);
    rootfs::enter(plan_.rootfs, root);
    if (plan_.process) take_stdio(root);
    rootfs::seal(plan_.rootfs, root);

    enter(Stage::process);
    auto const program = plan_.process ? prepare(root.root) : std::string();
    inherited_.channel.send(sync::Ready{});
    inherited_.channel.receive<sync::Recorded>();
    wait_for_start();

    enter(Stage::start);
    if (!plan_.process)
      fail(ErrorKind::config, "/process: is not set, so there is nothing to start");
    become_the_user(filter, root.root);
    hooks::run(hooks::Point::start_container, plan_.start_container,
               admitted.start_container_state);

    enter(Stage::exec);
    process::execute(*process_, program);
  }

  Stage stage() const { return stage_; }
  sync::Channel const& channel() const { return inherited_.channel; }

 private:
  void enter(Stage stage) { stage_ = stage; }

  void keep_only_what_is_inherited() const {
    std::vector<int> kept{inherited_.channel.socket().number(), inherited_.start_socket.number(),
                          inherited_.lock.number(), inherited_.namespaces.proc.number(),
                          inherited_.namespaces.user.number()};
    for (auto const& fd : inherited_.namespaces.joins) kept.push_back(fd.number());
    for (auto const& fd : inherited_.mount_sources) kept.push_back(fd.number());
    for (std::uint32_t i = 0; i < plan_.preserve_fds; ++i) kept.push_back(static_cast<int>(3 + i));
    std::erase_if(kept, [](int number) { return number < 0; });
    linux::close_all_but(std::move(kept)).or_fail("close the runtime's descriptors");
    linux::reset_signals();
  }

  void take_stdio(rootfs::Tree& root) {
    auto const& plan = *plan_.process;
    if (plan.terminal) {
      auto console = process::open_console(rootfs::dev(root), plan);
      rootfs::mount_console(root, console.slave);
      process::adopt_console(console.slave);
      inherited_.channel.send(sync::Console{std::move(console.master)});
    } else if (root.dev) {
      process::reopen_null_stdio(root.dev);
    }
    process::fix_stdio_owner(plan);
  }

  /// What can fail because of the container's own files fails at create, not at start.
  std::string prepare(linux::FdRef root) {
    process_ = plan_.process;
    process::complete_environment(*process_, root);
    process::make_cwd(*process_, root);
    return process::find_executable(*process_);
  }

  void wait_for_start() {
    while (inherited_.start_socket) {
      sync::Channel starter(linux::accept(inherited_.start_socket).or_fail("wait for start"));
      // Somebody who connects and says nothing has not started us.
      if (!starter.receive_or_end<sync::Start>()) continue;
      inherited_.channel = std::move(starter);
      inherited_.start_socket = linux::Fd();
      return;
    }
    inherited_.channel.receive<sync::Start>();
  }

  // The order is the kernel's: scheduling and labels need privileges; the working directory may be
  // open to root or to the user only; the bounding set needs CAP_SETPCAP; a filter needs
  // CAP_SYS_ADMIN or no_new_privs, so it is loaded before the capabilities go, or, with
  // no_new_privs, as the very last, where it sees the fewest of our own system calls.
  void become_the_user(sync::HooksDone const& filter, linux::FdRef root) {
    auto const& plan = *process_;
    auto const& proc = inherited_.namespaces.proc;
    if (plan.no_new_privileges) linux::set_no_new_privileges().or_fail("set no_new_privs");
    process::set_final_affinity(plan);
    process::set_scheduling(plan);
    if (!plan_.apparmor_profile.empty()) apparmor::set_exec_profile(plan_.apparmor_profile, proc);
    if (!plan_.selinux_label.empty()) selinux::set_exec_label(plan_.selinux_label, proc);
    process::enter_cwd(plan, root);
    if (!plan.no_new_privileges) load(filter);
    if (plan_.capabilities) capabilities::drop_bounding(*plan_.capabilities);
    process::set_user(plan);
    if (plan_.capabilities) capabilities::apply(*plan_.capabilities);
    linux::close_on_exec_from(3 + plan_.preserve_fds).or_fail("close what is not the container's");
    if (plan.no_new_privileges) load(filter);
  }

  static void load(sync::HooksDone const& filter) {
    if (!filter.filter.empty()) seccomp::load(filter.filter, filter.filter_flags);
  }

  Plan const& plan_;
  Inheritance inherited_;
  Messenger messenger_;
  std::optional<process::Plan> process_;
  Stage stage_ = Stage::isolate;
};

}  // namespace

void report(sync::Channel const& channel, sync::Stage stage, Error const& error) noexcept {
  try {
    channel.send(sync::Failed{stage, error.kind(), error.number(), error.text()});
  } catch (std::exception const&) {
    // Nobody is left to be told.
  }
}

void hide(namespaces::Plan const& plan) {
  if (!plan.new_user()) linux::set_dumpable(linux::Dumpable::no).or_fail("become undumpable");
}

void run_init(Plan const& plan, Inheritance inheritance) noexcept {
  Init init(plan, std::move(inheritance));
  try {
    init.run();
  } catch (Error const& error) {
    report(init.channel(), init.stage(), error);
  } catch (std::exception const& error) {
    report(init.channel(), init.stage(), Error(ErrorKind::failed, 0, error.what()));
  }
  linux::exit_now(1);
}

}  // namespace proa::phase
