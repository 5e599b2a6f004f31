// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/exec.hpp"

#include <signal.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "cgroup/entrance.hpp"
#include "cgroup/freezer.hpp"
#include "cgroup/resctrl.hpp"
#include "linux/file.hpp"
#include "linux/proc.hpp"
#include "namespaces/apply.hpp"
#include "phase/agent.hpp"
#include "phase/enter.hpp"
#include "phase/foreground.hpp"
#include "phase/handover.hpp"
#include "phase/launch.hpp"
#include "plan/exec.hpp"
#include "process/apply.hpp"
#include "security/apparmor.hpp"
#include "security/selinux.hpp"
#include "spec/decode.hpp"
#include "spec/validate.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto end_time = 10s;

spec::Record record_of(state::Entry const& entry) {
  auto record = entry.read();
  if (!record) fail(ErrorKind::state, "cannot exec in a container that is being created");
  return *std::move(record);
}

/// The container's init, which is what there is to join.
linux::Pid init_of(spec::Record const& record, ExecOptions const& how) {
  auto init = state::init_of(record);
  if (record.state.status == Status::creating && (init || !state::init_recorded(record))) {
    fail(ErrorKind::state, "cannot exec in a container that is being created");
  }
  if (!init) fail(ErrorKind::state, "cannot exec in a stopped container");
  if (!how.ignore_paused && cgroup::frozen(record.cgroups)) {
    fail(ErrorKind::state, "cannot exec in a paused container (use --ignore-paused to override)");
  }
  return *std::move(init);
}

spec::Process process_of(ExecOptions const& how, spec::Record const& record) {
  if (how.process.empty()) {
    auto process = exec_process(how, record);
    spec::validate(process, "command line");
    return process;
  }
  auto const text = linux::read_file(linux::at_cwd, how.process).or_fail("read {}", how.process);
  auto process = spec::decode_process(text, how.process);
  spec::validate(process, how.process);
  return process;
}

void check_terminal(spec::Process const& process, ExecOptions const& how) {
  if (process.terminal && how.console_socket.empty() && how.detach) {
    fail(ErrorKind::usage,
         "without a console socket nobody can take the terminal of a detached process");
  }
  if (!process.terminal && !how.console_socket.empty()) {
    fail(ErrorKind::usage, "a console socket was given, but the process has no terminal");
  }
}

/// One exec: its steps in order.
class Execution {
 public:
  Execution(state::Entry const& entry, Options const& options, ExecOptions const& how)
      : how_(how),
        record_(record_of(entry)),
        init_(init_of(record_, how)),
        host_(probe_host()),
        proc_(linux::open_proc().or_fail("open /proc")) {
    if (options.rootless != Rootless::automatic) host_.rootless = options.rootless == Rootless::yes;
    auto const process = process_of(how, record_);
    check_terminal(process, how);
    ExecRequest request;
    request.namespaces = namespaces::differing(proc_, init_.number);
    request.apparmor = !process.apparmor_profile.empty() && apparmor::enabled();
    request.selinux = !process.selinux_label.empty() && selinux::enabled();
    request.sockets = how.sockets;
    request.preserve_fds = how.preserve_fds;
    plan_ = compile(process, record_, host_, request);
    if (record_.shared.filter_flags) plan_.filter = entry.read_filter();
  }

  int run() {
    std::optional<Foreground> foreground;
    if (!how_.detach) foreground.emplace();
    Undo undo([&] { end_process(); });
    launch();
    auto console = converse();
    std::optional<Relay> relay;
    if (console) relay.emplace(std::move(console));
    start();
    undo.dismiss();
    if (!foreground) return 0;
    return foreground->wait(process_, {relay ? &*relay : nullptr}).status;
  }

 private:
  /// What only the process needs is closed on our side when this returns.
  void launch() {
    cgroup::Entrance const entrance(record_.cgroups, how_.cgroups, init_.number, host_);
    auto [ours, theirs] = sync::Channel::pair();
    channel_ = std::move(ours);
    channel_.name_peer("container process");
    Luggage luggage{std::move(theirs), std::move(init_.fd), std::move(proc_), {}};
    if (plan_.chroot) {
      luggage.root =
          linux::open_at(luggage.proc, fmt::format("{}/root", init_.number), O_PATH | O_DIRECTORY)
              .or_fail("open the container's root");
    }
    process::set_initial_affinity(plan_.process);
    auto birth = clone_into(entrance.birthplace(), 0);
    if (!birth.cloned) run_enter(plan_, std::move(luggage));
    process_ = std::move(*birth.cloned);
    proc_ = std::move(luggage.proc);
    // Our copy of its end would keep it open when it has died.
    luggage.channel.close();
    if (plan_.through_helper) take_sibling();
    entrance.enter(process_.number, birth.born);
    if (record_.resctrl) cgroup::enter_resctrl(*record_.resctrl, process_.number);
  }

  /// No deadline: in a container that is paused it takes as long as the pause.
  void take_sibling() {
    auto cloned = channel_.receive<sync::Cloned>();
    auto const helper = std::exchange(process_, {cloned.pid, std::move(cloned.pidfd)});
    linux::wait(helper.fd).or_fail("wait for the helper process");
  }

  /// From Admitted to Ready.
  linux::Fd converse() {
    channel_.send(sync::Admitted{});
    linux::Fd console;
    if (plan_.process.terminal) {
      console = channel_.receive<sync::Console>().master;
      if (!how_.console_socket.empty()) {
        send_descriptor(how_.console_socket, "/dev/ptmx", console);
        console = linux::Fd();
      }
    }
    channel_.receive<sync::Ready>();
    return console;
  }

  void start() {
    // As in a user namespace the process may neither raise limits nor write these files.
    process::set_oom_score_adj(plan_.process, proc_, std::to_string(process_.number));
    process::set_limits(plan_.process, process_.number);
    if (!how_.pidfd_socket.empty()) send_descriptor(how_.pidfd_socket, "pidfd", process_.fd);
    Agent agent(record_);
    channel_.send(sync::Start{});
    State running = record_.state;
    running.status = Status::running;
    running.pid = process_.number;
    agent.hand_over(channel_, std::move(running));
    // The end of file is execve(2) closing its end, or death.
    channel_.receive_or_end<sync::Start>();
    check_executed();
    // conmon takes a pid file for success.
    if (!how_.pid_file.empty()) write_pid_file(how_.pid_file, process_.number);
  }

  void check_executed() const {
    if (linux::process_stat(process_.number).or_fail("read the state of the process").executed) {
      return;
    }
    auto const exit = linux::wait(process_.fd).or_fail("wait for the process");
    fail(ErrorKind::failed, "container process has died before it executed its program: {}",
         exit.signal != 0 ? fmt::format("killed by signal {}", exit.signal)
                          : fmt::format("exit status {}", exit.status));
  }

  void end_process() noexcept {
    channel_.close();
    if (!process_.fd) return;
    linux::send_signal(process_.fd, SIGKILL).ignore();  // ESRCH: it has ended already
    // Killed in a container that is paused it ends when that goes on, and is for our parent to
    // reap.
    auto const ended = linux::wait_ended(process_.fd, linux::in(end_time));
    if (ended && *ended) (void)linux::wait(process_.fd);
  }

  ExecOptions const& how_;
  spec::Record record_;
  linux::Pid init_;
  Host host_;
  linux::Fd proc_;  ///< the host's /proc
  ExecPlan plan_;
  sync::Channel channel_;
  linux::Pid process_;
};

}  // namespace

int exec(Options const& options, std::string const& id, ExecOptions const& how) {
  refuse_threads();
  check_preserved(how.sockets, how.preserve_fds);
  auto const entry = state::Store(options.root).open(id);
  return Execution(entry, options, how).run();
}

}  // namespace proa::phase
