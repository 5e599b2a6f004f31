// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/create.hpp"

#include <linux/seccomp.h>
#include <signal.h>

#include <chrono>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cgroup/manager.hpp"
#include "hooks/hooks.hpp"
#include "linux/file.hpp"
#include "linux/process.hpp"
#include "namespaces/devices.hpp"
#include "phase/blame.hpp"
#include "phase/bundle.hpp"
#include "phase/handover.hpp"
#include "phase/id_namespaces.hpp"
#include "phase/launch.hpp"
#include "phase/notify.hpp"
#include "plan/plan.hpp"
#include "process/apply.hpp"
#include "rootfs/apply.hpp"
#include "security/apparmor.hpp"
#include "security/seccomp.hpp"
#include "security/selinux.hpp"
#include "spec/version.hpp"
#include "state/status.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_time = 10s;
constexpr auto end_time = 10s;

/// What must not stop a rollback half-way.
template <class Action>
void quietly(Action action) noexcept {
  try {
    action();
  } catch (std::exception const& error) {
    log::warn("while taking back what create did: {}", error.what());
  }
}

/// config.json may have changed when a process joins the container.
spec::Shared shared(Spec const& spec, Plan const& plan) {
  spec::Shared shared;
  shared.process = spec.process;
  if (shared.process) shared.process->args.clear();
  shared.personality = spec.linux.personality;
  shared.memory_policy = spec.linux.memory_policy;
  shared.fixed_processors = !spec.linux.resources.cpu.cpus.empty();
  shared.session_keyring = plan.session_keyring.has_value();
  shared.chrooted = plan.rootfs.entry == rootfs::Entry::chroot;
  return shared;
}

spec::Record first_record(std::string const& id, Bundle const& bundle, Plan const& plan) {
  spec::Record record;
  record.state.oci_version = spec::version;
  record.state.id = id;
  record.state.status = Status::creating;
  record.state.bundle = bundle.path;
  record.state.annotations = bundle.spec.annotations;
  record.state.rootfs = plan.rootfs.root;
  record.state.created = now_text();
  record.state.owner = state::owner_name(linux::effective_uid());
  record.has_process = bundle.spec.process.has_value();
  record.notify = bundle.notify;
  record.private_pid_namespace = (plan.namespaces.clone_flags & CLONE_NEWPID) != 0;
  record.check_before_update =
      bundle.spec.linux.resources.memory.check_before_update.value_or(false);
  record.cgroup_manager = plan.cgroup.manager;
  if (auto const& unit = plan.cgroup.unit) record.unit = {unit->name, unit->user};
  record.shared = shared(bundle.spec, plan);
  record.poststart = bundle.spec.hooks.poststart;
  record.poststop = bundle.spec.hooks.poststop;
  return record;
}

/// One create: its steps in order, and how each is taken back.
class Creation {
 public:
  Creation(Options const& options, CreateOptions const& how, Bundle bundle, Plan plan)
      : how_(how),
        bundle_(std::move(bundle)),
        plan_(std::move(plan)),
        store_(options.root),
        cgroup_(cgroup::make_manager(plan_.cgroup)) {}

  Created run(std::string const& id, Starter starter) {
    auto entry = store_.make(id);
    // Held while create is taken back too: a delete that waits for it must not do the same.
    state::Lock lock;
    Undo undo([&] { roll_back(entry); });
    lock = entry.lock(linux::in(lock_time));
    cgroup_->check();
    record_ = first_record(id, bundle_, plan_);
    record_.cgroups = cgroup_->record();
    entry.write(record_);
    if (record_.notify) entry.make_notify_directory();
    cgroup_->create();
    record_.cgroups = cgroup_->record();
    if (plan_.resctrl) {
      record_.resctrl = cgroup::make_resctrl(*plan_.resctrl);
      entry.write(record_);
    }

    auto [ours, theirs] = sync::Channel::pair();
    channel_ = std::move(ours);
    launch_init(entry, starter, std::move(theirs));
    auto console = accompany(entry);
    undo.dismiss();
    if (starter == Starter::later_call) channel_.close();
    return {std::move(entry), std::move(lock),     std::move(record_),
            std::move(init_), std::move(channel_), std::move(console)};
  }

 private:
  /// Clones init.  What only init needs is closed on our side when this returns.
  void launch_init(state::Entry const& entry, Starter starter, sync::Channel theirs) {
    Inheritance inheritance{std::move(theirs), namespaces::open(plan_.namespaces), {}, {}, {}};
    inheritance.mount_sources =
        rootfs::open_sources(plan_.rootfs, make_id_namespaces(plan_, inheritance.namespaces));
    if (starter == Starter::later_call) inheritance.start_socket = entry.listen();
    inheritance.lock = entry.make_init_lock();
    if (!plan_.namespaces.devices.empty()) network_ = joined_network(inheritance.namespaces);
    auto launched = launch({plan_, *cgroup_, channel_, inheritance});
    proc_ = std::move(inheritance.namespaces.proc);
    init_ = std::move(launched.init);
    cgroup_->enter(init_.number, launched.born);
    record_.cgroups = cgroup_->record();
    if (record_.resctrl) cgroup::enter_resctrl(*record_.resctrl, init_.number);
    record_.state.pid = init_.number;
  }

  /// The container's network namespace where it is joined; nothing where it is new.
  linux::Fd joined_network(namespaces::Handles const& handles) const {
    auto const& joins = plan_.namespaces.joins;
    for (std::size_t i = 0; i < joins.size(); ++i) {
      if (joins[i].type != spec::NamespaceType::network) continue;
      return linux::duplicate(handles.joins[i]).or_fail("duplicate descriptor");
    }
    return {};
  }

  void move_net_devices() {
    if (plan_.namespaces.devices.empty()) return;
    if (!network_) {
      network_ = linux::open_at(proc_, fmt::format("{}/ns/net", init_.number), O_RDONLY)
                     .or_fail("open the container's network namespace");
    }
    namespaces::move_devices(plan_.namespaces, network_, proc_);
    network_ = linux::Fd();
  }

  /// From here on init works beside us; what it could not do may be its limits' fault.
  linux::Fd accompany(state::Entry const& entry) try {
    admit();
    auto console = converse(entry);
    hand_over(entry);
    return console;
  } catch (Error const& error) {
    blame_limits(error, record_.cgroups, init_);
    throw;
  }

  /// What only the host side can give: id maps, network devices, ownership, the state for init's
  /// hooks.
  void admit() {
    if (plan_.namespaces.maps) namespaces::write_maps(*plan_.namespaces.maps, init_.number);
    move_net_devices();
    if (plan_.cgroup.owner) cgroup_->delegate(*plan_.cgroup.owner);
    channel_.send(sync::Admitted{hook_state()});
  }

  /// runtime.md#state: hooks in the container's namespaces get the pid as it is seen from there.
  linux::Fd hook_state() const {
    if (plan_.create_container.empty() && plan_.start_container.empty()) return {};
    auto const inside =
        linux::innermost_number(init_.number).or_fail("read the pid of the container's init");
    return linux::text_memfd("state", state_text(Status::created, inside))
        .or_fail("make a file for the state");
  }

  /// The conversation of sync/message.hpp from Mounted to Ready.
  linux::Fd converse(state::Entry const& entry) {
    sync::HooksDone done;
    if (plan_.seccomp) {
      // Compiled while init mounts, and kept: exec has no config.json and no time to compile.
      auto filter = seccomp::compile(*plan_.seccomp);
      entry.write_filter(filter.program);
      record_.shared.filter_flags = filter.flags;
      if ((filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0) {
        record_.shared.listener_path = plan_.seccomp->listener_path;
        record_.shared.listener_metadata = plan_.seccomp->listener_metadata;
      }
      done.filter = std::move(filter.program);
      done.filter_flags = filter.flags;
    }
    channel_.receive<sync::Mounted>();
    auto const& hooks = bundle_.spec.hooks;
    if (!hooks.prestart.empty() || !hooks.create_runtime.empty()) {
      // runtime.md#state: `creating` is step 2 of the lifecycle, and these are steps 3 to 5.
      auto const state = state_text(Status::created, init_.number);
      hooks::run(hooks::Point::prestart, hooks.prestart, state);
      hooks::run(hooks::Point::create_runtime, hooks.create_runtime, state);
    }
    channel_.send(std::move(done));
    linux::Fd console;
    if (plan_.process && plan_.process->terminal) console = receive_console();
    channel_.receive<sync::Ready>();
    return console;
  }

  linux::Fd receive_console() {
    auto master = channel_.receive<sync::Console>().master;
    if (how_.console_socket.empty()) return master;
    send_descriptor(how_.console_socket, "/dev/ptmx", master);
    return {};
  }

  /// Nothing can fail any more but what the caller asked to be told.
  void hand_over(state::Entry const& entry) {
    if (plan_.process) {
      // From here, as in a user namespace init may neither raise limits nor write these files.
      process::set_oom_score_adj(*plan_.process, proc_, std::to_string(init_.number));
      process::set_limits(*plan_.process, init_.number);
    }
    if (!how_.pidfd_socket.empty()) send_descriptor(how_.pidfd_socket, "pidfd", init_.fd);
    record_.state.status = Status::created;
    record_.start_time = linux::process_stat(init_.number)
                             .or_fail("read the state of the container's init")
                             .start_time;
    record_.pidfd_inode = linux::pidfd_inode(init_.fd);
    entry.write(record_);
    if (!how_.pid_file.empty()) {
      write_pid_file(how_.pid_file, init_.number);
      has_pid_file_ = true;
    }
    channel_.send(sync::Recorded{});
  }

  std::string state_text(Status status, pid_t pid) const {
    State state = record_.state;
    state.status = status;
    state.pid = pid;
    return to_json(state, false);
  }

  /// runtime.md#lifecycle, steps 12 and 13: destroy, then the poststop hooks.
  void roll_back(state::Entry const& entry) noexcept {
    quietly([&] { end_init(); });
    quietly([&] { cgroup_->remove(); });
    if (record_.resctrl) quietly([&] { cgroup::remove_resctrl(*record_.resctrl); });
    if (record_.state.pid != 0) {
      quietly([&] {
        hooks::run_all(hooks::Point::poststop, record_.poststop, state_text(Status::stopped, 0));
      });
    }
    if (has_pid_file_) quietly([&] { remove_pid_file(how_.pid_file); });
    quietly([&] { entry.remove(); });
  }

  void end_init() {
    channel_.close();
    if (!init_.fd) return;
    linux::send_signal(init_.fd, SIGKILL).ignore();  // ESRCH: it has ended already
    if (!linux::wait_ended(init_.fd, linux::in(end_time))
             .or_fail("wait for the container's init")) {
      fail(ErrorKind::failed, "the container's init {} survives SIGKILL", init_.number);
    }
    linux::wait(init_.fd).or_fail("wait for the container's init");
  }

  CreateOptions const& how_;
  Bundle bundle_;
  Plan plan_;
  state::Store store_;
  std::unique_ptr<cgroup::Manager> cgroup_;
  spec::Record record_;
  sync::Channel channel_;
  linux::Pid init_;
  bool has_pid_file_ = false;
  linux::Fd proc_;     ///< the host's /proc
  linux::Fd network_;  ///< of the container, while devices are to be moved
};

void check_terminal(Bundle const& bundle, CreateOptions const& how, Starter starter) {
  bool const terminal = bundle.spec.process && bundle.spec.process->terminal;
  if (terminal && how.console_socket.empty() && starter != Starter::foreground) {
    fail(ErrorKind::usage,
         "/process/terminal: without a console socket nobody can take the terminal of a detached "
         "container");
  }
  if (!terminal && !how.console_socket.empty()) {
    fail(ErrorKind::usage, "a console socket was given, but /process/terminal is not set");
  }
}

/// What is asked of the host beside the Host is asked only where config.json makes it matter.
Request request(Options const& options, std::string const& id, CreateOptions const& how,
                Bundle const& bundle) {
  Request request{id, bundle.path, options.cgroup_manager, how.no_pivot, how.no_new_keyring};
  auto const& process = bundle.spec.process;
  request.apparmor = process && !process->apparmor_profile.empty() && apparmor::enabled();
  bool const labelled =
      !bundle.spec.linux.mount_label.empty() || (process && !process->selinux_label.empty());
  request.selinux = labelled && selinux::enabled();
  request.sockets = how.sockets;
  request.preserve_fds = how.preserve_fds;
  if (bundle.spec.linux.intel_rdt) request.resctrl = cgroup::probe_resctrl();
  return request;
}

}  // namespace

Created create(Options const& options, std::string const& id, CreateOptions const& how,
               Starter starter) {
  refuse_threads();
  check_preserved(how.sockets, how.preserve_fds);
  if (!state::valid_id(id)) fail(ErrorKind::usage, "invalid container ID format: \"{}\"", id);
  auto bundle = open_bundle(how);
  check_terminal(bundle, how, starter);
  if (!how.notify_socket.empty()) {
    bundle.notify =
        offer_notify_socket(bundle.spec, state::Store(options.root).notify_directory(id));
  }
  auto host = probe_host();
  if (options.rootless != Rootless::automatic) host.rootless = options.rootless == Rootless::yes;
  auto plan = [&] {
    Context at("{}", bundle.config);
    return compile(bundle.spec, host, request(options, id, how, bundle));
  }();
  return Creation(options, how, std::move(bundle), std::move(plan)).run(id, starter);
}

}  // namespace proa::phase
