// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The whole life of a container: create, start, state, kill, delete, and `run`, which is all of
// them.  A Runtime is bound to one state directory; a Container is a handle on one entry of it.
//
// Errors: every function throws proa::Error.  Threads: create(), run() and exec() clone this
// process, so they refuse when the calling process has more than one thread; everything else may be
// called from any thread.  Descriptors 0, 1 and 2 of the caller become the container's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proa/features.hpp"
#include "proa/spec.hpp"
#include "proa/state.hpp"
#include "proa/stats.hpp"

namespace proa {

/// Who writes the cgroup files.
enum class CgroupManager : std::uint8_t { cgroupfs, systemd, disabled };

/// `automatic` is: rootless when the effective uid is not 0, or in a user namespace.
enum class Rootless : std::uint8_t { automatic, yes, no };

/// What the global flags of the command line say.
struct Options {
  std::string root;  ///< state directory, absolute; empty: default_root()
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  Rootless rootless = Rootless::automatic;
};

/// /run/proa for root, else $XDG_RUNTIME_DIR/proa, or /tmp/proa-UID without that; so too for root
/// of a user namespace, where XDG_RUNTIME_DIR is set and $USER is not root.
std::string default_root();

/// Sockets that came with the call, as systemd hands them on: sd_listen_fds(3).
struct Sockets {
  std::uint32_t count = 0;  ///< descriptors 3 ... 3 + count - 1
  std::string names;        ///< one each, between colons; may be empty
};

struct CreateOptions {
  std::string bundle = ".";
  std::string config;              ///< file to read instead of <bundle>/config.json
  std::string console_socket;      ///< AF_UNIX path that gets the pty's master
  std::string pidfd_socket;        ///< AF_UNIX path that gets a pidfd of init
  std::string pid_file;            ///< written with the init's pid, no newline
  bool no_pivot = false;           ///< MS_MOVE and chroot(2) instead of pivot_root(2)
  bool no_new_keyring = false;     ///< keep the caller's session keyring
  Sockets sockets;                 ///< reach the container as well, and its environment says so
  std::uint32_t preserve_fds = 0;  ///< that many descriptors behind them reach the container
  /// Where a manager is told that the container is ready, sd_notify(3): a path, or "@NAME"; empty:
  /// nobody.  The container gets a socket of its own at /run/notify.
  std::string notify_socket;
};

/// What goes with a container that create() has made.
struct StartOptions {
  /// As in CreateOptions; both are needed.  start() then returns when the container says that it is
  /// ready, or ends.
  std::string notify_socket;
};

struct RunOptions : CreateOptions {
  bool detach = false;        ///< return once the process runs
  bool keep = false;          ///< do not delete the container when it has exited
  bool no_subreaper = false;  ///< do not adopt what the container's processes leave behind
};

struct KillOptions {
  bool all = false;  ///< every process of the container's cgroup; no error when init is gone
};

struct DeleteOptions {
  bool force = false;  ///< kill it first; no error when there is nothing to delete
};

/// A process that joins a running container.
struct ExecOptions {
  /// File with config.md#process as JSON, which then says all of what follows down to the labels.
  std::string process;
  std::vector<std::string> args;
  std::vector<std::string> env;     ///< "NAME=value", added to the container's
  std::string cwd;                  ///< empty: the container's
  std::optional<std::string> user;  ///< "UID" or "UID:GID"; absent: the container's
  std::vector<std::string> additional_gids;
  std::vector<std::string> capabilities;  ///< "CAP_KILL", added to the container's
  bool tty = false;
  bool no_new_privileges = false;  ///< in any case, not only where the container has it
  std::string process_label;       ///< SELinux; empty: the container's
  std::string apparmor;            ///< profile; empty: the container's

  std::vector<std::string> cgroups;  ///< "PATH" or "CONTROLLER,...:PATH", below the container's
  bool ignore_paused = false;        ///< a paused container is no error: wait until it goes on
  bool detach = false;               ///< return once the process runs
  std::string console_socket;        ///< AF_UNIX path that gets the pty's master
  std::string pidfd_socket;          ///< AF_UNIX path that gets a pidfd of the process
  std::string pid_file;              ///< written once the process runs
  Sockets sockets;                   ///< as in CreateOptions
  std::uint32_t preserve_fds = 0;    ///< that many descriptors behind them reach the process
};

class Runtime;

/// A container that exists in the state directory.  Holds no lock; each call looks anew.
class Container {
 public:
  /// runtime.md#query-state.  Asks the kernel each time.
  State state() const;
  /// runtime.md#start.  Returns once the process has been executed and the poststart hooks ran.
  void start(StartOptions const& options = {});
  /// Runs one more process in it.  The exit status of the process, 128 + n when signal n ended it;
  /// 0 when detached.  Throws Error when it could not be executed.
  int exec(ExecOptions const& options);
  /// runtime.md#kill.
  void kill(int signal, KillOptions options = {});
  /// Freezes every process; the state is then `paused`.  Only a created or a running container can
  /// be paused.
  void pause();
  /// Lets a paused container go on.
  void resume();
  /// Other limits, also for a paused or a created container: what is absent, empty or zero stays as
  /// it is, and so do the devices.  A zero counts as pids.limit, which is then 1, as cpu.idle,
  /// cpu.burst and memory.swappiness, and for what is listed by device or page size, but for a
  /// weight.  `schemata` are lines for its group of resctrl, see config-linux.md#intelrdt.  When
  /// one of them is refused, none is changed.
  void update(spec::Resources const& resources, std::vector<std::string> const& schemata = {});
  /// The numbers of its processes in the caller's pid namespace, in order.
  std::vector<std::int32_t> processes() const;
  /// What ps(1), found in PATH and told by these options, says of them: its title and their lines.
  /// Without options it is `ps -ef`.
  std::string process_table(std::vector<std::string> const& ps_options) const;
  /// What it uses and has used.  Throws Error{state} when it has ended.
  Stats stats() const;
  /// Calls `report` with the stats once every `interval`, and with each want of memory as it
  /// happens, until the container ends.
  void watch(std::chrono::milliseconds interval,
             std::function<void(Event const&)> const& report) const;
  /// runtime.md#delete (`delete` is a keyword).
  void remove(DeleteOptions options = {});

  std::string const& id() const { return id_; }

 private:
  friend class Runtime;
  Container(Options options, std::string id) : options_(std::move(options)), id_(std::move(id)) {}
  Options options_;
  std::string id_;
};

class Runtime {
 public:
  explicit Runtime(Options options);

  /// runtime.md#create: everything of config.json but process.args is applied when it returns.
  /// On failure nothing is left behind.
  Container create(std::string const& id, CreateOptions const& options);
  /// create and start; in the foreground also wait and delete.  The exit status of the process,
  /// 128 + n when signal n ended it; 0 when detached.
  int run(std::string const& id, RunOptions const& options);
  /// Throws Error{not_found} "container does not exist".
  Container open(std::string const& id) const;
  /// `delete --force` of whatever is left under that id, also of a half-made container.
  void purge(std::string const& id);
  /// In the order of their ids.
  std::vector<State> list() const;

  static Features features();

  /// A config.json to start from, as `proa spec` writes it.  For it `automatic` looks at the uid
  /// alone.
  static Spec example(Rootless rootless);

 private:
  Options options_;
};

/// JSON texts of the values above: as engines and people read them, two-space indentation when
/// `pretty`, ending without a newline.
std::string to_json(Spec const& spec, bool pretty);
std::string to_json(State const& state, bool pretty);
std::string to_json(std::vector<State> const& states);
std::string to_json(std::vector<std::int32_t> const& pids);
std::string to_json(Event const& event);
std::string to_json(Features const& features, bool pretty);

/// The text of a `linux.resources` object, which errors call `source`.  Throws Error{config}.
spec::Resources resources_from_json(std::string_view text, std::string const& source);

/// The number of a signal given as "TERM", "SIGTERM", "sigterm", "RTMIN+3" or "15".
std::optional<int> signal_number(std::string_view word);

}  // namespace proa
