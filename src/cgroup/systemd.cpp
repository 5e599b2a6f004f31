// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/systemd.hpp"

#include <signal.h>

#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cgroup/apply.hpp"
#include "cgroup/controllers.hpp"
#include "cgroup/directory.hpp"
#include "cgroup/properties.hpp"
#include "cgroup/scope.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

using linux::FdRef;

using namespace std::chrono_literals;

constexpr auto dying_time = 10s;  // as in manager.hpp

/// Of init, once systemd has moved it: what plan() could only guess where the caller is no part of
/// the user's session, and where systemd escapes the name.
std::string group_of(pid_t pid) {
  auto const text = linux::read_file(linux::at_cwd, fmt::format("/proc/{}/cgroup", pid))
                        .or_fail("read the cgroup of process {}", pid);
  for (auto const line : text::split(text, '\n')) {
    if (line.starts_with("0::/")) return std::string(line.substr(4));
  }
  fail(ErrorKind::failed, "process {} is in no cgroup of v2", pid);
}

class Systemd final : public Manager {
 public:
  explicit Systemd(Plan const& plan)
      : plan_(plan),
        scope_(*plan.unit),
        group_(plan.groups.at(0)),
        directory_(group_.directory()) {}

  void check() override {
    scope_.connect();
    check_empty();
  }

  void create() override {}

  FdRef birthplace() const override { return FdRef(-1); }

  void enter(pid_t pid, Born) override {
    scope_.start(pid, limits_of(plan_.groups));
    directory_ = fmt::format("{}/{}", group_.mount, group_of(pid));
    dir_ = open_group(linux::at_cwd, directory_).or_fail("open cgroup {}", directory_);
    check_thawed();
    // Delegation gives a scope all controllers that systemd knows; the kernel has some more.
    have_controllers(directory_, group_.needed);
    put_limits(dir_, group_, group_.writes);
    if (!plan_.device_program.empty()) put_device_program(dir_, plan_, Fresh::no);
    put_limits(dir_, group_, group_.late_writes);
  }

  void delegate(uid_t owner) override { give(dir_, plan_, owner); }

  std::vector<spec::CgroupRecord> record() const override {
    return {{directory_, true, true, group_.controllers}};
  }

  void remove() override {
    if (!scope_.started()) return;
    auto const deadline = linux::in(dying_time);
    signal_all(record(), SIGKILL);
    wait_empty(record(), deadline);
    stop({plan_.unit->name, plan_.unit->user}, record(), deadline);
  }

 private:
  /// config-linux.md#control-groups: somebody else's processes are in it.
  void check_empty() const {
    auto const events = linux::read_file(linux::at_cwd, directory_ + "/cgroup.events");
    if (events && flag_in(*events, "populated")) {
      fail(ErrorKind::failed, "container's cgroup is not empty: {}", directory_);
    }
  }

  /// A frozen group would hold init for ever.  It is so with each group above it that is, and
  /// cgroup.events tells it no sooner than init stands still.
  void check_thawed() const {
    for (auto path = directory_; path.size() > group_.mount.size(); path.resize(path.rfind('/'))) {
      auto const freeze = linux::read_file(linux::at_cwd, path + "/cgroup.freeze")
                              .or_fail("read {}/cgroup.freeze", path);
      if (text::trim(freeze) != "1") continue;
      fail(ErrorKind::failed, "container's cgroup unexpectedly frozen: {}", path);
    }
  }

  Plan const& plan_;
  Scope scope_;
  Group const& group_;
  std::string directory_;
  linux::Fd dir_;
};

}  // namespace

std::unique_ptr<Manager> make_systemd_manager(Plan const& plan) {
  return std::make_unique<Systemd>(plan);
}

}  // namespace proa::cgroup
