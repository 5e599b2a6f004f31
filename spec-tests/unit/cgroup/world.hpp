// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The three cgroup worlds for real: /sys/fs/cgroup of a private mount namespace, as far as this
// host has the hierarchies.  And groups and processes of a test's own, gone when it ends.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cgroup/manager.hpp"
#include "cgroup/plan.hpp"
#include "host/host.hpp"
#include "linux/pid.hpp"
#include "skip.hpp"

/// A case that runs once in each world, `kind`, with the tags beside "[root]".
#define IN_EACH_WORLD(name, tags)                                                            \
  TEMPLATE_TEST_CASE_SIG(name, "[root]" tags, ((worlds::Kind kind), kind), worlds::Kind::v1, \
                         worlds::Kind::hybrid, worlds::Kind::v2)

/// Ends a case that this host has no such world for.
#define IN_WORLD_OR_SKIP(world) \
  if (!(world).missing().empty()) SKIP_BECAUSE((world).missing())

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
  /// The name of a group that nobody else has.
  std::string const& name() const { return name_; }
  /// `path` in the hierarchy that has the controller; of all hierarchies it is the one that says
  /// which processes there are, when no controller is given.
  std::string directory(std::string const& path, std::string const& controller = "") const;

 private:
  std::string missing_;
  std::string name_;
  proa::Host host_;
  bool mounted_ = false;
};

/// A process; killed and reaped in the end.
class Child {
 public:
  using Body = std::function<int()>;
  static int wait_for_ever();
  /// Its exit status is what the body returns.  With `cgroup` it is born there.
  explicit Child(Body const& body = wait_for_ever,
                 proa::linux::FdRef cgroup = proa::linux::FdRef(-1));
  ~Child();
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;

  pid_t number() const { return pid_.number; }
  bool alive() const;
  proa::linux::Exit end();

 private:
  proa::linux::Pid pid_;
  bool reaped_ = false;
};

/// A container's groups, at /NAME/web unless the Spec says otherwise.  What is left of them in the
/// end is killed and removed.
class Placed {
 public:
  explicit Placed(World const& world, proa::Spec spec = {});
  ~Placed();
  Placed(Placed const&) = delete;
  Placed& operator=(Placed const&) = delete;

  proa::cgroup::Manager& manager() { return *manager_; }
  proa::cgroup::Plan const& plan() const { return plan_; }
  /// create(), and a process inside: in all groups before its body runs.
  Child& run(Child::Body const& body = Child::wait_for_ever);
  std::vector<std::string> directories() const;
  bool exists() const;

 private:
  proa::cgroup::Plan plan_;
  std::unique_ptr<proa::cgroup::Manager> manager_;
  std::vector<std::unique_ptr<Child>> children_;
};

/// A Spec with that cgroupsPath.
proa::Spec at(std::string path);

/// Freezes or thaws the group at that path by hand.
void freeze(World const& world, std::string const& path);
void thaw(World const& world, std::string const& path);

/// What `body` returns in a child process, or the text of the Error that it throws.
std::string in_child(std::function<std::string()> const& body);

bool exists(std::string const& path);
std::string read(std::string const& path);
void write(std::string const& path, std::string const& text);
/// A group and what is missing above it.
void make(std::string const& path);

}  // namespace worlds
