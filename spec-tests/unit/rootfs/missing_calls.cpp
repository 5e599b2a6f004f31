// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Kernels and filters without the newer calls: the container must come out the same.

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <algorithm>

#include "base/text.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "rootfs/apply.hpp"
#include "rootfs/mount2.hpp"
#include "sandbox.hpp"

using namespace proa;
using sandbox::Bundle;

namespace {

struct Lacking {
  char const* name;
  std::vector<long> calls;
};

std::vector<Lacking> const& all_lacking() {
  static std::vector<Lacking> const each = {
      {"openat2", {SYS_openat2}},
      {"mount_setattr", {SYS_mount_setattr}},
      {"fsopen", {SYS_fsopen}},
      {"open_tree", {SYS_open_tree}},
      {"move_mount", {SYS_move_mount}},
      {"fsconfig", {SYS_fsconfig}},
      {"fsmount", {SYS_fsmount}},
      {"the mount API",
       {SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_open_tree, SYS_move_mount, SYS_fspick,
        SYS_mount_setattr}},
      {"all",
       {SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_open_tree, SYS_move_mount, SYS_fspick,
        SYS_mount_setattr, SYS_openat2}},
  };
  return each;
}

/// Where what is mounted and how, without the numbers of mounts.
std::string mount_table() {
  std::vector<std::string> table;
  auto const text = sandbox::read("/proc/self/mountinfo");
  for (auto const line : text::split(text, '\n')) {
    auto const fields = text::split(line, ' ');
    if (fields.size() < 6) continue;
    auto const info = sandbox::mount_at(std::string(fields[4]));
    // "master:12" has the number of a peer group in it.
    auto const propagation = info.propagation.substr(0, info.propagation.find(':'));
    // Without open_tree(2) or mount_setattr(2) it is the container's null device that masks, not
    // the host's.
    bool const null = fields[4].starts_with("/file");
    table.push_back(null ? std::string(fields[4])
                         : fmt::format("{} {} [{}] {} {} {}", fields[4], fields[5], propagation,
                                       info.type, info.source, info.superblock));
  }
  std::sort(table.begin(), table.end());
  return text::join(table, "\n") + "\n";
}

std::string facts() {
  std::string text = mount_table();
  for (auto const* const path :
       {"/dev/null", "/dev/tty", "/dev/ptmx", "/dev/fd", "/fifo", "/copied/file", "/file", "/dir",
        "/dir/file", "/mnt/file", "/etc/made", "/tree/sub/file"}) {
    text += fmt::format("{}: {}\n", path, sandbox::describe(path));
  }
  for (auto const* const path : {"/x", "/dev/x", "/mnt/x", "/tmpfs/x", "/readonly/x", "/dir/x"}) {
    text += fmt::format("create {}: {}\n", path, sandbox::try_create(path));
  }
  return text;
}

/// All that can be asked for without mount_setattr(2).
Spec demanding() {
  auto spec = sandbox::usual();
  spec.root->readonly = true;
  spec.mounts.push_back(sandbox::bind("data", "/mnt", {"ro", "nosuid", "rslave"}));
  spec.mounts.push_back(sandbox::bind("data/file", "/etc/made", {"private"}));
  spec.mounts.push_back(sandbox::bind("data", "/tree", {"rbind", "noatime", "rprivate"}));
  spec.mounts.push_back(sandbox::mount("/tmpfs", "tmpfs", "tmpfs", {"ro", "shared", "size=64k"}));
  spec.mounts.push_back(sandbox::mount("/copied", "tmpfs", "tmpfs", {"tmpcopyup"}));
  spec.mounts.push_back(sandbox::mount("/tree", "", "", {"bind", "remount", "nodev"}));
  spec.linux.masked_paths = {"/file", "/dir", "/dir2", "/file2", "/none"};
  spec.linux.readonly_paths = {"/readonly", "/proc/sys", "/proc/version", "/none"};
  spec::Device fifo;
  fifo.path = "/fifo";
  fifo.type = spec::DeviceType::fifo;
  spec.linux.devices = {fifo};
  return spec;
}

struct Demanded : Bundle {
  Demanded() {
    make_directory("data/sub");
    write("data/file", "data");
    write("data/sub/file", "data");
    make_directory("rootfs/readonly");
    make_directory("rootfs/tmpfs");
    make_directory("rootfs/dir");
    make_directory("rootfs/dir2");
    make_directory("rootfs/copied", 0711);
    write("rootfs/copied/file", "copied", 0640);
    write("rootfs/dir/file", "x");
    write("rootfs/file", "x");
    write("rootfs/file2", "x");
  }
};

std::string with_lacking(Spec const& spec, Bundle const& bundle, std::vector<long> const& calls,
                         int number) {
  auto const plan = sandbox::plan(spec, bundle.path());
  return sandbox::run([&] {
    if (!calls.empty()) sandbox::forbid(calls, number);
    return sandbox::in_container(plan, facts);
  });
}

}  // namespace

TEST_CASE("a container is the same without the newer calls", "[root][fault]") {
  NEEDS_ROOT;
  Demanded const bundle;
  auto spec = demanding();
  spec.linux.rootfs_propagation =
      GENERATE(spec::Propagation::unset, spec::Propagation::private_, spec::Propagation::shared);
  auto const wanted = with_lacking(spec, bundle, {}, 0);
  REQUIRE_THAT(wanted, ContainsSubstring("/dev/null: char 666 1:3"));
  for (auto const& lacking : all_lacking()) {
    for (int const number : {ENOSYS, EPERM}) {
      CAPTURE(lacking.name, number);
      CHECK(with_lacking(spec, bundle, lacking.calls, number) == wanted);
    }
  }
}

TEST_CASE("flags of a whole tree are an error without mount_setattr",
          "[root][fault][spec:config#linux-mount-options][SHOULD]") {
  NEEDS_ROOT;
  Demanded const bundle;
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("data", "/mnt", {"rro"})};
  CHECK(with_lacking(spec, bundle, {SYS_mount_setattr}, ENOSYS) ==
        "error: mount " + bundle / "data" +
            " on /mnt: set flags of the whole tree: function not implemented");
}

TEST_CASE("devices are bound where mknod is refused", "[root][fault]") {
  NEEDS_ROOT;
  Demanded const bundle;
  auto const plan = sandbox::plan(sandbox::usual(), bundle.path());
  bool const without_open_tree = GENERATE(false, true);
  auto const report = sandbox::run([&] {
    std::vector<long> calls = {SYS_mknodat};
    if (without_open_tree) calls.push_back(SYS_open_tree);
    sandbox::forbid(calls, EPERM);
    return sandbox::in_container(plan, [] {
      return sandbox::describe("/dev/null") + " " + sandbox::mount_at("/dev/null").type;
    });
  });
  CHECK(report == "char 666 1:3 devtmpfs");
}

TEST_CASE("what is found again after a bind has to be what was bound", "[root][security]") {
  NEEDS_ROOT;
  Demanded const bundle;
  bundle.make_directory("rootfs/mnt");
  auto const found_as = [&](std::string const& source) {
    return sandbox::run([&] {
      auto const open = [](std::string const& path) {
        return linux::open_at(linux::at_cwd, path, O_PATH).or_fail("open {}", path);
      };
      rootfs::Tree tree;
      tree.root = open(bundle.rootfs());
      rootfs::mount2::prepare(tree);
      rootfs::mount2::bind(tree, open(bundle / "data"), open(bundle / "rootfs/mnt"), 0);
      auto const mount =
          rootfs::mount2::reopen(tree, "/mnt", rootfs::Lookup::follow, open(bundle / source));
      return std::string("found");
    });
  };
  CHECK(found_as("data") == "found");
  CHECK(found_as("rootfs") == "error: /mnt was moved meanwhile");
}

TEST_CASE("what stands in for /proc is not believed", "[root][security]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("proc/self/fd");
  auto const report = sandbox::run([&] {
    if (::mount((bundle / "proc").c_str(), "/proc", nullptr, MS_BIND, nullptr) < 0) {
      return std::string("mount");
    }
    rootfs::Tree tree;
    rootfs::mount2::prepare(tree);
    return std::string("believed");
  });
  CHECK(report == "error: open /proc: operation not supported");
}

TEST_CASE("a rootfs is moved without move_mount too", "[root][fault]") {
  NEEDS_ROOT;
  Demanded const bundle;
  Host const host;
  auto const spec = sandbox::usual();
  auto const plan = rootfs::plan({spec, host, bundle.path(), {}, true});
  auto const report = sandbox::run([&] {
    sandbox::forbid({SYS_open_tree, SYS_move_mount, SYS_fsopen}, ENOSYS);
    return sandbox::in_container(plan, [] { return sandbox::read("/copied/file"); });
  });
  CHECK(report == "copied");
}
