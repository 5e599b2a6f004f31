// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/enter.hpp"

#include <sched.h>

#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/weaken.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/mount.hpp"
#include "linux/pid.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "namespaces/apply.hpp"
#include "phase/inside.hpp"
#include "process/apply.hpp"
#include "process/console.hpp"
#include "process/lookup.hpp"
#include "process/stdio.hpp"
#include "security/keyring.hpp"

namespace proa::phase {

namespace {

using sync::Stage;

class Enter {
 public:
  Enter(ExecPlan const& plan, Luggage luggage)
      : plan_(plan), luggage_(std::move(luggage)), messenger_(luggage_.channel) {
    log::use(&messenger_);
  }

  /// The page to read first: what happens to the process, in the order that the kernel forces.
  [[noreturn]] void run() {
    // Before the container can see us: CVE-2016-9962.
    keep_only({luggage_.channel.socket().number(), luggage_.init.number(), luggage_.root.number()},
              plan_.preserve_fds, luggage_.proc);
    linux::set_dumpable(linux::Dumpable::no).or_fail("become undumpable");
    bool const keep = plan_.process.group_policy == process::Groups::keep;
    namespaces::enter(luggage_.init, plan_.namespaces,
                      keep ? namespaces::Groups::keep : namespaces::Groups::drop);
    // Whoever becomes another user becomes dumpable again where fs.suid_dumpable says so.
    linux::set_dumpable(linux::Dumpable::no).or_fail("become undumpable");
    if (plan_.through_helper) go_on_as_sibling();
    luggage_.init = linux::Fd();
    luggage_.channel.receive<sync::Admitted>();

    enter(Stage::isolate);
    linux::set_session().or_fail("start a session");
    if (plan_.session_keyring) keyring::join_session(*plan_.session_keyring, luggage_.proc);

    enter(Stage::root);
    auto root = enter_root();
    take_stdio(root);

    enter(Stage::process);
    process_ = plan_.process;
    process::complete_environment(*process_, root);
    auto const program = process::find_executable(*process_);
    luggage_.channel.send(sync::Ready{});
    luggage_.channel.receive<sync::Start>();

    enter(Stage::start);
    become({*process_, plan_.capabilities, plan_.apparmor_profile, plan_.selinux_label,
            plan_.filter, plan_.filter_flags, plan_.preserve_fds, luggage_.channel},
           luggage_.proc, root);
    if (!weakened("no-host-handle-at-exec")) {
      // What execve(2) closes is still open when it looks the path up (CVE-2024-21626).
      luggage_.proc = linux::Fd();
      root = linux::Fd();
    }

    enter(Stage::exec);
    process::execute(*process_, program);
  }

  Stage stage() const { return stage_; }
  sync::Channel const& channel() const { return luggage_.channel; }

 private:
  void enter(Stage stage) { stage_ = stage; }

  /// This process ends here and a new one goes on: a child of the runtime, as only then whoever
  /// adopts the runtime's children gets it, and born in the pid namespace that has been joined.
  void go_on_as_sibling() {
    auto sibling = linux::clone({CLONE_PARENT}).or_fail("make the process");
    if (!sibling) return;
    luggage_.channel.send(sync::Cloned{sibling->number, std::move(sibling->fd)});
    linux::exit_now(0);
  }

  linux::Fd enter_root() {
    if (plan_.chroot) {
      linux::fchdir(luggage_.root).or_fail("change to the container's root");
      linux::chroot(".").or_fail("chroot to the container's root");
      luggage_.root = linux::Fd();
    }
    return linux::open_at(linux::at_cwd, "/", O_PATH | O_DIRECTORY)
        .or_fail("open the container's root");
  }

  void take_stdio(linux::FdRef root) {
    constexpr auto inside = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    auto const& plan = plan_.process;
    auto dev = linux::open_in(root, "dev", O_PATH | O_DIRECTORY, inside);
    if (dev.is(ENOSYS, EPERM)) dev = linux::open_at(root, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (plan.terminal) {
      auto console =
          process::open_console(std::move(dev).or_fail("open the container's /dev"), plan);
      process::adopt_console(console.slave);
      luggage_.channel.send(sync::Console{std::move(console.master)});
    } else if (dev) {
      process::reopen_null_stdio(*dev);
    }
    process::fix_stdio_owner(plan);
  }

  ExecPlan const& plan_;
  Luggage luggage_;
  Messenger messenger_;
  std::optional<process::Plan> process_;
  Stage stage_ = Stage::join;
};

}  // namespace

void run_enter(ExecPlan const& plan, Luggage luggage) noexcept {
  Enter process(plan, std::move(luggage));
  try {
    process.run();
  } catch (Error const& error) {
    report(process.channel(), process.stage(), error);
  } catch (std::exception const& error) {
    report(process.channel(), process.stage(), Error(ErrorKind::failed, 0, error.what()));
  }
  linux::exit_now(1);
}

}  // namespace proa::phase
