// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What will be done to give the container its file system: where its root comes from, which mounts
// are made in which order, the device nodes and links of /dev, what is masked and what is
// read-only.  Pure: looks at the Spec and the Host only, touches no file, makes no system call.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/host.hpp"
#include "linux/mount.hpp"
#include "proa/spec.hpp"

namespace proa::rootfs {

/// One cgroup hierarchy as the container may see it.
struct CgroupView {
  std::string name;         ///< directory below the mount's destination, "memory"; "" for v2
  std::string controllers;  ///< v1 mount data: "memory", "cpu,cpuacct", "name=systemd"
  std::string host_path;    ///< the container's cgroup directory on the host, absolute
  std::string mount;        ///< the hierarchy's mount point on the host
  bool v2 = false;
};

struct Input {
  spec::Spec const& spec;
  Host const& host;
  std::string bundle;  ///< absolute
  std::vector<CgroupView> cgroups;
  bool no_pivot = false;
  bool selinux = false;  ///< SELinux is enabled on the host; else linux.mountLabel has no effect
};

enum class Action : std::uint8_t {
  bind,        ///< `source` is a path of the host
  filesystem,  ///< a new superblock, or the one there is, of `type`
  remount,     ///< changes the mount that is at the destination
  link,        ///< makes a symbolic link whose text is `source`
};

/// How the destination is looked up in the container's root.
enum class Lookup : std::uint8_t {
  follow,  ///< links lead to where they lead inside the root; what is missing is made
  plain,   ///< no component may be a link; a missing directory is made
  itself,  ///< a link as last component is itself the target, which must exist
};

/// Where a mount may land with regard to procfs (CVE-2019-16884, CVE-2025-52881).
enum class OverProc : std::uint8_t {
  no,        ///< never on a procfs
  yes,       ///< one of the few files that may be covered
  proc_only  ///< on /proc itself: what is mounted must be a procfs
};

/// One parameter of a file system: "mode=755" or "newinstance".
struct Parameter {
  std::string key;
  std::optional<std::string> value;
  bool operator==(Parameter const&) const = default;
};

/// What to bind where the kernel refuses a file system with EPERM or EBUSY, as it does in user
/// namespaces that do not own what the file system shows.
struct Instead {
  std::string source;  ///< empty: nothing, the refusal is an error
  bool whole_tree = false;
};

/// mount_setattr(2), MOUNT_ATTR_IDMAP: which id of the host an id of the file system becomes.
struct IdMap {
  std::vector<spec::IdMapping> uids;  ///< empty: as the user namespace that the container joins
  std::vector<spec::IdMapping> gids;
  bool whole_tree = false;
  bool operator==(IdMap const&) const = default;
};

struct Step {
  std::string pointer;  ///< "/mounts/3"
  Action action{};
  std::string type;                        ///< of a file system; "bind"
  std::string source;                      ///< see Action; of a file system its device name
  std::string destination;                 ///< absolute in the container, without "." and ".."
  unsigned long flags = 0;                 ///< MS_* as mount(2) takes them
  unsigned long cleared = 0;               ///< MS_* that are explicitly to be off
  unsigned long superblock = 0;            ///< of `flags`, those that the superblock is to have
  std::vector<Parameter> parameters;       ///< of a file system
  Instead instead;                         ///< of a file system
  std::string if_missing;                  ///< bind: what to bind where the source is not there
  linux::MountAttributes top;              ///< of the mount alone
  linux::MountAttributes recursive;        ///< of the whole tree, after `top`
  std::vector<unsigned long> propagation;  ///< MS_SHARED ... with MS_REC, in order, after all else
  std::optional<IdMap> id_map;             ///< of a bind mount or a new file system
  Lookup lookup = Lookup::follow;
  OverProc over_proc = OverProc::no;
  std::string label;            ///< SELinux label to be written on the mount's root (mqueue)
  bool only_mount2 = false;     ///< has something that only mount(2) can say
  bool source_itself = false;   ///< bind: the source is not followed when it is a link
  bool copy_symlink = false;    ///< bind: a source that is a link is made anew
  bool copy_up = false;         ///< tmpfs: starts with what the destination held
  bool inherit_mode = false;    ///< tmpfs: takes the mode of a destination that was there
  bool readonly_later = false;  ///< becomes read-only in seal(), as things are yet to be made in it
};

/// One device node or FIFO.
struct Node {
  std::string path;     ///< absolute in the container, without "." and ".."
  std::string pointer;  ///< "/linux/devices/2"; empty: one that the spec wants everywhere
  mode_t mode = 0;      ///< with S_IFCHR, S_IFBLK or S_IFIFO
  dev_t device = 0;
  uid_t uid = 0;  ///< in the container
  gid_t gid = 0;  ///< in the container
};

enum class MountNamespace : std::uint8_t {
  created,  ///< the container's own
  joined,   ///< given by path: shared with others
  host,     ///< none: nothing is mounted at all
};

enum class Entry : std::uint8_t { pivot, move, chroot };

/// How device nodes come to be: mknod(2) is not permitted in a user namespace.
enum class Supply : std::uint8_t { mknod, bind };

struct Plan {
  std::string root;  ///< path of the root file system on the host, absolute
  bool readonly = false;
  MountNamespace mount_namespace = MountNamespace::created;
  Entry entry = Entry::pivot;
  /// Nobody needs the host's mounts in the container's mount namespace, so init is born without
  /// one and build() makes it.
  bool aside = false;
  spec::Propagation propagation = spec::Propagation::unset;
  bool parent_opens_sources = false;  ///< init may lack the right to reach them: open_sources()
  bool user_namespace = false;        ///< init has root's rights over mapped ids alone
  std::vector<Step> steps;
  bool own_dev = true;  ///< /dev is the container's own, not bound from the host
  Supply supply = Supply::mknod;
  std::vector<Node> nodes;
  std::vector<std::string> readonly_paths;  ///< absolute, clean, each once
  std::vector<std::string> masked_paths;    ///< absolute, clean, each once
  std::optional<Parameter> label;           ///< SELinux context of the file system over masked ones
};

/// Decides all of it.  Throws Error{config} and Error{unsupported}, with the JSON pointer of the
/// value that is to blame in front.
Plan plan(Input const& input);

/// The lexically clean, absolute form of a path in the container: "a//b/./../c" is "/a/c".
std::string clean_path(std::string_view path);

}  // namespace proa::rootfs
