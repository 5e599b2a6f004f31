// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A throw-away directory with a root file system, and a process in namespaces of its own to try a
// plan in.  The process only gathers facts, as text; the test outside checks them.
#pragma once

#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "host/host.hpp"
#include "proa/spec.hpp"
#include "rootfs/apply.hpp"
#include "skip.hpp"

/// For the first line of a case that makes mounts.
#define NEEDS_ROOT \
  if (::geteuid() != 0) SKIP_BECAUSE("making mounts needs root")

namespace sandbox {

/// A temporary directory, removed with all that is in it.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;

  std::string const& path() const { return path_; }
  std::string operator/(std::string const& name) const { return path_ + "/" + name; }
  /// All missing parents are made too.
  void make_directory(std::string const& name, unsigned mode = 0755) const;
  void write(std::string const& name, std::string const& text, unsigned mode = 0644) const;
  void link(std::string const& name, std::string const& target) const;
  bool has(std::string const& name) const;

 private:
  std::string path_;
};

/// A bundle: a directory with an empty rootfs in it, next to which hostile links may point.
struct Bundle : Directory {
  Bundle() { make_directory("rootfs"); }
  std::string rootfs() const { return *this / "rootfs"; }
};

proa::spec::Mount mount(std::string destination, std::string type, std::string source,
                        std::vector<std::string> options = {});
/// A bind mount.
proa::spec::Mount bind(std::string source, std::string destination,
                       std::vector<std::string> options = {});

/// A Spec with a rootfs, a mount namespace and nothing else.
proa::spec::Spec minimal();
/// minimal() with the mounts, masks and read-only paths that engines give every container.
proa::spec::Spec usual();

/// The plan of a Spec in a bundle, on a host without cgroups.
proa::rootfs::Plan plan(proa::spec::Spec const& spec, std::string const& bundle);

/// Runs `work` as the first process of new mount, pid and ipc namespaces in which nothing
/// propagates to the outside, and gives what it returned; "error: ..." for an Error that it threw.
std::string run(std::function<std::string()> const& work);
/// The same in a new user namespace too, where ids 0... are 100000... outside.  `before` runs with
/// the rights of the host, in the new namespaces' parent.
enum class Network { own, host };
std::string run_as_user(std::function<void()> const& before,
                        std::function<std::string()> const& work, Network network = Network::own);

/// build(), enter() and seal(), then `look` in the container.
std::string in_container(proa::rootfs::Plan const& plan,
                         std::function<std::string()> const& look = {});

/// Lets system calls fail with `number` from now on, in this process.
void forbid(std::vector<long> const& calls, int number);

// --- facts, to be asked for inside ---------------------------------------------------------------

/// One line of /proc/self/mountinfo.
struct MountInfo {
  std::string root, options, propagation, type, source, superblock;
};
/// Of the topmost mount at a mount point; all empty when there is none.
MountInfo mount_at(std::string const& point, std::string const& mountinfo = "/proc/self/mountinfo");
/// How many mounts are at a mount point.
int mounts_at(std::string const& point);
/// Whether a word is among comma separated ones.
bool has_word(std::string const& list, std::string const& word);
/// The text of a file, or "errno N".
std::string read(std::string const& path);
/// "dir 755", "file 644 5", "char 666 1:3", "link /target", "fifo 600", or "errno N".
std::string describe(std::string const& path);
/// 0 or the errno of creating a file.
int try_create(std::string const& path);

}  // namespace sandbox
