// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The three cgroup worlds for real: /sys/fs/cgroup of a private mount namespace, as far as this
// host has the hierarchies.  And groups and processes of a test's own, gone when it ends.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cgroup/manager.hpp"
#include "cgroup/plan.hpp"
#include "host/host.hpp"
#include "linux/pid.hpp"

namespace worlds {

enum class Kind { v1, hybrid, v2 };

/// Mounts one of the worlds for as long as it lives.
class World {
 public:
  explicit World(Kind kind);
  ~World();
  World(World const&) = delete;
  World& operator=(World const&) = delete;

  /// Why this host has no such world; empty: it has.
  std::string const& missing() const { return missing_; }
  proa::Host const& host() const { return host_; }
  /// A name for groups that nobody else has.
  std::string const& name() const { return name_; }
  /// The directory of a group in the hierarchy that has the controller; "" means the v2 one.
  std::string directory(std::string const& controller, std::string const& path) const;

 private:
  void mount(Kind kind);
  void mount_v1();

  std::string missing_;
  proa::Host host_;
  std::string name_;
  bool mounted_ = false;
};

/// One container's plan and manager, at /NAME/web unless the Spec says otherwise.  What is left of
/// its groups in the end is killed and removed.
class Placed {
 public:
  Placed(World const& world, proa::Spec spec = {});
  ~Placed();
  Placed(Placed const&) = delete;
  Placed& operator=(Placed const&) = delete;

  proa::cgroup::Manager& manager() { return *manager_; }
  proa::cgroup::Plan const& plan() const { return plan_; }
  std::vector<proa::spec::CgroupRecord> record() const { return manager_->record(); }
  /// create(), and a process that waits for signals inside.
  proa::linux::Pid const& run();
  /// The directories that its groups have, or will have.
  std::vector<std::string> directories() const;

 private:
  proa::Spec spec_;
  proa::Host host_;
  proa::cgroup::Plan plan_;
  std::unique_ptr<proa::cgroup::Manager> manager_;
  std::vector<proa::linux::Pid> processes_;
};

/// A process that does nothing; with `cgroup` it is born there.  Killed and reaped in the end.
class Child {
 public:
  explicit Child(proa::linux::FdRef cgroup = proa::linux::FdRef(-1));
  /// Runs `body` in the child, whose exit status is what it returns.
  Child(int (*body)(void*), void* data);
  ~Child();
  Child(Child&& other) = default;
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;

  proa::linux::Pid const& pid() const { return pid_; }
  bool alive() const;
  /// Waits for its end.
  proa::linux::Exit end();

 private:
  proa::linux::Pid pid_;
};

/// Runs `body` in a child and gives what it returns, or the text of its Error.
template <class Body>
std::string text_of_child(Body body);

bool exists(std::string const& path);
std::string read(std::string const& path);
void write(std::string const& path, std::string const& text);
/// mkdir -p of a group.
void make(std::string const& path);

}  // namespace worlds
