// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "world.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"

namespace worlds {

using namespace proa;
using namespace std::chrono_literals;
using linux::at_cwd;
using linux::checked;

namespace {

constexpr char const* root = "/sys/fs/cgroup";

/// Once a process: mounts of the tests must not reach the machine's.
void leave_mount_namespace() {
  static bool left = false;
  if (left) return;
  checked(::unshare(CLONE_NEWNS)).or_fail("unshare");
  checked(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr)).or_fail("make private");
  left = true;
}

/// Only the v1 hierarchies, on a tmpfs of their own.
void mount_v1(Host const& host) {
  char name[] = "/tmp/proa-world-XXXXXX";
  std::string const place = ::mkdtemp(name);
  checked(::mount("cgroup", place.c_str(), "tmpfs", 0, "mode=755")).or_fail("mount tmpfs");
  for (auto const& row : host.cgroups.hierarchies) {
    if (row.v2) continue;
    auto const target = place + "/" + row.name;
    linux::mkdir_at(at_cwd, target, 0755).or_fail("mkdir {}", target);
    checked(::mount(row.mount.c_str(), target.c_str(), nullptr, MS_BIND, nullptr))
        .or_fail("bind {}", row.mount);
  }
  checked(::mount(place.c_str(), root, nullptr, MS_MOVE, nullptr)).or_fail("move {}", place);
  ::rmdir(place.c_str());
}

std::string new_name() {
  static int count = 0;
  return fmt::format("proa-unit-{}-{}", ::getpid(), ++count);
}

}  // namespace

// --- World --------------------------------------------------------------------------------------

World::World(Kind kind) : name_(new_name()) {
  if (::geteuid() != 0) {
    missing_ = "needs root";
    return;
  }
  host_ = probe_host();
  bool const has_v1 =
      std::any_of(host_.cgroups.hierarchies.begin(), host_.cgroups.hierarchies.end(),
                  [](auto const& row) { return row.controllers.size() > 0 && !row.v2; });
  bool const has_v2 = host_.cgroups.unified() != nullptr;
  if (kind != Kind::v2 && !has_v1) missing_ = "this host has no cgroup v1 hierarchies";
  if (kind == Kind::hybrid && !has_v2) missing_ = "this host has no cgroup v2 hierarchy mounted";
  if (!missing_.empty()) return;
  leave_mount_namespace();
  if (kind == Kind::v1) mount_v1(host_);
  if (kind == Kind::v2 && has_v1) {
    checked(::mount("cgroup2", root, "cgroup2", 0, nullptr)).or_fail("mount cgroup2");
  }
  mounted_ = kind != Kind::hybrid && has_v1;
  host_ = probe_host();
}

World::~World() {
  if (!missing_.empty()) return;
  for (auto const& row : host_.cgroups.hierarchies) {
    try {
      cgroup::remove({{row.mount + "/" + name_, row.v2, true, row.controllers}});
    } catch (Error const& error) {
      ::fprintf(stderr, "%s\n", error.what());
    }
  }
  if (mounted_) ::umount2(root, MNT_DETACH);
}

std::string World::directory(std::string const& path, std::string const& controller) const {
  auto const* row = controller.empty() ? host_.cgroups.unified() : host_.cgroups.find(controller);
  if (row == nullptr && controller.empty()) row = host_.cgroups.find("freezer");
  if (row == nullptr) fail(ErrorKind::failed, "this world has no controller {}", controller);
  return row->mount + "/" + path;
}

// --- Child --------------------------------------------------------------------------------------

int Child::wait_for_ever() {
  for (;;) ::pause();
}

Child::Child(Body const& body, linux::FdRef cgroup) {
  // Blocked until the child has got rid of Catch2's handlers, which would report a failed case.
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  auto cloned = linux::clone({0, cgroup});
  if (cloned && !*cloned) {
    linux::reset_signals();
    linux::exit_now(body());
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  pid_ = std::move(*std::move(cloned).or_fail("clone"));
}

Child::~Child() {
  if (reaped_) return;
  linux::send_signal(pid_.fd, SIGKILL).ignore();
  (void)linux::wait(pid_.fd);
}

bool Child::alive() const { return !linux::wait_ended(pid_.fd, linux::in(0ms)).or_fail("poll"); }

linux::Exit Child::end() {
  reaped_ = true;
  return linux::wait(pid_.fd).or_fail("wait");
}

// --- Placed -------------------------------------------------------------------------------------

Placed::Placed(World const& world, Spec spec) {
  if (spec.linux.cgroups_path.empty()) spec.linux.cgroups_path = "/" + world.name() + "/web";
  plan_ = cgroup::plan({spec, world.host(), "web"});
  manager_ = cgroup::make_manager(plan_);
}

Placed::~Placed() {
  try {
    std::vector<spec::CgroupRecord> all;
    for (auto const& group : plan_.groups) {
      all.push_back({group.directory(), group.v2, true, group.controllers});
    }
    cgroup::signal_all(all, SIGKILL);
    children_.clear();
    cgroup::remove(all);
  } catch (Error const& error) {
    ::fprintf(stderr, "%s\n", error.what());
  }
}

Child& Placed::run(Child::Body const& body) {
  manager_->create();
  auto const birthplace = manager_->birthplace();
  auto [gate, opener] = linux::pipe().or_fail("pipe");
  auto const behind_the_gate = [&, in = &gate, out = &opener] {
    *out = linux::Fd();
    linux::read_all(*in).or_fail("wait for the end of enter()");
    return body();
  };
  children_.push_back(std::make_unique<Child>(behind_the_gate, birthplace));
  manager_->enter(children_.back()->number(),
                  birthplace ? cgroup::Born::inside : cgroup::Born::outside);
  opener = linux::Fd();
  return *children_.back();
}

std::vector<std::string> Placed::directories() const {
  std::vector<std::string> all;
  for (auto const& group : plan_.groups) all.push_back(group.directory());
  return all;
}

bool Placed::exists() const {
  auto const all = directories();
  return std::any_of(all.begin(), all.end(), [](auto const& path) { return worlds::exists(path); });
}

// --- the rest -----------------------------------------------------------------------------------

Spec at(std::string path) {
  Spec spec;
  spec.linux.cgroups_path = std::move(path);
  return spec;
}

namespace {

void set_frozen(World const& world, std::string const& path, bool frozen) {
  if (world.host().cgroups.find("freezer") != nullptr) {
    write(world.directory(path, "freezer") + "/freezer.state", frozen ? "FROZEN" : "THAWED");
  } else {
    write(world.directory(path) + "/cgroup.freeze", frozen ? "1" : "0");
  }
}

}  // namespace

void freeze(World const& world, std::string const& path) { set_frozen(world, path, true); }
void thaw(World const& world, std::string const& path) { set_frozen(world, path, false); }

std::string in_child(std::function<std::string()> const& body) {
  auto [reading, writing] = linux::pipe().or_fail("pipe");
  Child child([&, out = &writing] {
    std::string text;
    try {
      text = body();
    } catch (Error const& error) {
      text = error.text();
    }
    linux::write_all(*out, text).ignore();
    return 0;
  });
  writing = linux::Fd();
  auto text = linux::read_all(reading).or_fail("read");
  child.end();
  return text;
}

bool exists(std::string const& path) {
  return static_cast<bool>(linux::access_at(at_cwd, path, F_OK));
}

std::string read(std::string const& path) {
  return std::string(text::trim(linux::read_file(at_cwd, path).or_fail("read {}", path)));
}

void write(std::string const& path, std::string const& text) {
  linux::write_file(at_cwd, path, text).or_fail("write {} to {}", text, path);
}

void make(std::string const& path) {
  for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    auto const made = linux::mkdir_at(at_cwd, path.substr(0, slash), 0755);
    if (!made.is(EEXIST, EROFS)) made.or_fail("mkdir {}", path.substr(0, slash));
    if (slash == std::string::npos) return;
  }
}

}  // namespace worlds
