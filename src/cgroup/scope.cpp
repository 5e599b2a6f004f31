// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/scope.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "cgroup/manager.hpp"
#include "cgroup/properties.hpp"
#include "linux/file.hpp"

namespace proa::cgroup {

namespace {

constexpr char unit_exists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char invalid_arguments[] = "org.freedesktop.DBus.Error.InvalidArgs";
constexpr char no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit";

Bus bus_of(bool user) {
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

/// True when there was one.
bool drop_idle_weight(Properties& properties) {
  Property const idle{"CPUWeight", dbus::uint64(idle_weight)};
  return std::erase(properties, idle) != 0;
}

/// A method that takes properties as its third argument, between the others.  For a systemd that
/// does not know idle groups, without that one: the kernel's file has it all the same, until
/// systemd writes its own.
dbus::Message call(Bus& bus, char const* member, dbus::Values const& others,
                   Properties properties) {
  for (;;) {
    auto arguments = others;
    arguments.insert(arguments.begin() + 2, as_value(properties));
    auto answer = bus.call(member, std::move(arguments));
    bool const refused = answer.kind == dbus::Kind::error && answer.error_name == invalid_arguments;
    if (!refused || !drop_idle_weight(properties)) return answer;
  }
}

}  // namespace

void Scope::connect() {
  if (!linux::access_at(linux::at_cwd, "/run/systemd/system", F_OK)) {
    fail(ErrorKind::unsupported,
         "the systemd cgroup manager needs systemd, which is not running on this host");
  }
  bus_.emplace(bus_of(unit_.user));
}

void Scope::start(pid_t pid, Properties const& limits) {
  auto properties = unit_.properties;
  properties.insert(properties.end(), limits.begin(), limits.end());
  properties.push_back({"PIDs", dbus::array("u", {dbus::uint32(static_cast<std::uint32_t>(pid))})});
  started_ = true;
  auto const answer = call(
      *bus_, "StartTransientUnit",
      {dbus::string(unit_.name), dbus::string("fail"), dbus::array("(sa(sv))", {})}, properties);
  if (answer.kind == dbus::Kind::error) {
    started_ = answer.error_name != unit_exists;
    fail_answer(answer, "start", unit_.name);
  }
  auto const result = bus_->job_result(first_text(answer));
  if (result != "done") fail(ErrorKind::failed, "systemd: start {}: {}", unit_.name, result);
}

void set_properties(spec::UnitRecord const& unit, Properties const& properties) {
  if (properties.empty()) return;
  auto bus = bus_of(unit.user);
  auto const answer =
      call(bus, "SetUnitProperties", {dbus::string(unit.name), dbus::boolean(true)}, properties);
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
  auto bus = bus_of(unit.user);
  auto const answer = bus.call("StopUnit", {dbus::string(unit.name), dbus::string("replace")});
  if (answer.kind != dbus::Kind::error) {
    (void)bus.job_result(first_text(answer));
  } else if (answer.error_name != no_such_unit) {
    fail_answer(answer, "stop", unit.name);
  }
  // What systemd has left: a group that proa enabled a controller for, or of a v1 hierarchy that
  // systemd has no use for.
  remove(records, deadline);
}

}  // namespace proa::cgroup
