// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/systemd.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/apply.hpp"
#include "cgroup/controllers.hpp"
#include "cgroup/directory.hpp"
#include "cgroup/properties.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

using linux::FdRef;

using namespace std::chrono_literals;

constexpr auto dying_time = 10s;  // as in manager.hpp
constexpr char unit_exists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit";

Bus connect(bool user) {
  return Bus(bus_addresses(user ? ServiceManager::user : ServiceManager::system,
                           [](char const* name) -> char const* { return std::getenv(name); }),
             Bus::answer_time);
}

std::string first_text(dbus::Message const& message) {
  auto const texts = message.texts();
  return texts.empty() ? std::string() : texts.front();
}

[[noreturn]] void fail_answer(dbus::Message const& answer, char const* what,
                              std::string const& unit) {
  fail(ErrorKind::failed, "systemd: {} {}: {} ({})", what, unit, first_text(answer),
       answer.error_name);
}

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
      : plan_(plan), group_(plan.groups.at(0)), directory_(group_.directory()) {}

  void create() override {
    if (!linux::access_at(linux::at_cwd, "/run/systemd/system", F_OK)) {
      fail(ErrorKind::unsupported,
           "the systemd cgroup manager needs systemd, which is not running on this host");
    }
    check_empty();
    bus_.emplace(connect(plan_.unit->user));
  }

  FdRef birthplace() const override { return FdRef(-1); }

  void enter(pid_t pid, Born) override {
    start_unit(pid);
    directory_ = fmt::format("{}/{}", group_.mount, group_of(pid));
    dir_ = open_group(linux::at_cwd, directory_).or_fail("open cgroup {}", directory_);
    have_controllers();
    put_limits(dir_, group_, group_.writes);
    if (!plan_.device_program.empty()) put_device_program(dir_, plan_, Fresh::no);
    put_limits(dir_, group_, group_.late_writes);
  }

  void delegate(uid_t owner) override { give(dir_, plan_, owner); }

  std::vector<spec::CgroupRecord> record() const override {
    return {{directory_, true, true, group_.controllers}};
  }

  void remove() override {
    if (!started_) return;
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

  void start_unit(pid_t pid) {
    auto const& name = plan_.unit->name;
    auto properties = plan_.unit->properties;
    for (auto const* const writes : {&group_.writes, &group_.late_writes}) {
      for (auto& each : properties_of(*writes)) properties.push_back(std::move(each));
    }
    properties.push_back(
        {"PIDs", dbus::array("u", {dbus::uint32(static_cast<std::uint32_t>(pid))})});
    started_ = true;
    auto const answer =
        bus_->call("StartTransientUnit", {dbus::string(name), dbus::string("fail"),
                                          as_value(properties), dbus::array("(sa(sv))", {})});
    if (answer.kind == dbus::Kind::error) {
      started_ = answer.error_name != unit_exists;
      fail_answer(answer, "start", name);
    }
    auto const result = bus_->job_result(first_text(answer));
    if (result != "done") fail(ErrorKind::failed, "systemd: start {}: {}", name, result);
  }

  /// Delegation gives a scope all controllers that systemd knows; the kernel has some more.
  void have_controllers() const {
    auto const text = linux::read_file(dir_, "cgroup.controllers")
                          .or_fail("read {}/cgroup.controllers", directory_);
    auto const had = text::split(text::trim(text), ' ');
    bool const all = std::all_of(group_.needed.begin(), group_.needed.end(), [&](auto const& name) {
      return std::find(had.begin(), had.end(), name) != had.end();
    });
    if (all) return;
    auto path = group_.mount;
    auto const parts = text::split(std::string_view(directory_).substr(path.size() + 1), '/');
    for (auto const part : parts) {
      auto const above = open_group(linux::at_cwd, path).or_fail("open cgroup {}", path);
      auto const enabled = enable_controllers(above, group_.needed, group_.needed);
      if (enabled.is(ENOENT)) {
        fail(ErrorKind::unsupported, "cgroup {}: controllers {} are not to be had below {}",
             directory_, text::join(group_.needed, ", "), path);
      }
      enabled.or_fail("cgroup {}: enable controllers {} below {}", directory_,
                      text::join(group_.needed, ", "), path);
      path += fmt::format("/{}", part);
    }
  }

  Plan const& plan_;
  Group const& group_;
  std::string directory_;
  linux::Fd dir_;
  std::optional<Bus> bus_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Manager> make_systemd_manager(Plan const& plan) {
  return std::make_unique<Systemd>(plan);
}

void set_properties(spec::UnitRecord const& unit, Properties const& properties) {
  if (properties.empty()) return;
  auto bus = connect(unit.user);
  auto const answer = bus.call(
      "SetUnitProperties", {dbus::string(unit.name), dbus::boolean(true), as_value(properties)});
  if (answer.kind == dbus::Kind::error) fail_answer(answer, "set properties of", unit.name);
  // systemd writes the files when it has answered, and before it looks at its next call.
  (void)bus.call("GetUnit", {dbus::string(unit.name)});
}

void stop(spec::UnitRecord const& unit, Records const& records, linux::Deadline deadline) {
  auto const there = [](auto const& record) {
    return static_cast<bool>(linux::access_at(linux::at_cwd, record.path, F_OK));
  };
  // systemd does it by itself when it has seen that the group is empty.
  if (std::none_of(records.begin(), records.end(), there)) return;
  auto bus = connect(unit.user);
  auto const answer = bus.call("StopUnit", {dbus::string(unit.name), dbus::string("replace")});
  if (answer.kind != dbus::Kind::error) {
    (void)bus.job_result(first_text(answer));
  } else if (answer.error_name != no_such_unit) {
    fail_answer(answer, "stop", unit.name);
  }
  // What systemd has left, as a group that proa enabled a controller for may be.
  remove(records, deadline);
}

}  // namespace proa::cgroup
