// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/init.hpp"

#include "base/error.hpp"
#include "base/weaken.hpp"
#include "hooks/hooks.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "linux/socket.hpp"
#include "phase/inside.hpp"
#include "process/apply.hpp"
#include "process/console.hpp"
#include "process/lookup.hpp"
#include "process/stdio.hpp"
#include "rootfs/apply.hpp"
#include "rootfs/devices.hpp"
#include "security/keyring.hpp"

namespace proa::phase {

namespace {

using sync::Stage;

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
    run_hooks(hooks::Point::create_container, plan_.create_container, admitted.hook_state);

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
    become({*process_, plan_.capabilities, plan_.apparmor_profile, plan_.selinux_label,
            filter.filter, filter.filter_flags, plan_.preserve_fds, inherited_.channel},
           inherited_.namespaces.proc, root.root);
    if (!weakened("no-host-handle-at-exec")) {
      // process.args comes from an image, and may name /proc/self/fd/N/...: what is closed by
      // execve(2) is still open when it looks the path up (CVE-2024-21626).
      inherited_.namespaces.proc = linux::Fd();
      root.root = linux::Fd();
    }
    run_hooks(hooks::Point::start_container, plan_.start_container, admitted.hook_state);

    enter(Stage::exec);
    process::execute(*process_, program);
  }

  Stage stage() const { return stage_; }
  sync::Channel const& channel() const { return inherited_.channel; }

 private:
  void enter(Stage stage) { stage_ = stage; }

  void keep_only_what_is_inherited() const {
    std::vector<int> kept{inherited_.channel.socket().number(), inherited_.start_socket.number(),
                          inherited_.lock.number(), inherited_.namespaces.user.number()};
    for (auto const& fd : inherited_.namespaces.joins) kept.push_back(fd.number());
    for (auto const& fd : inherited_.mount_sources) kept.push_back(fd.number());
    keep_only(std::move(kept), plan_.preserve_fds, inherited_.namespaces.proc);
  }

  static void run_hooks(hooks::Point point, std::vector<spec::Hook> const& hooks,
                        linux::FdRef state) {
    if (hooks.empty()) return;
    linux::rewind(state).or_fail("rewind the state");
    hooks::run(point, hooks, linux::read_all(state).or_fail("read the state"));
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

  Plan const& plan_;
  Inheritance inherited_;
  Messenger messenger_;
  std::optional<process::Plan> process_;
  Stage stage_ = Stage::isolate;
};

}  // namespace

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
