// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Plans carried out for real, in throw-away namespaces.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "catch.hpp"
#include "linux/file.hpp"
#include "rootfs/apply.hpp"
#include "sandbox.hpp"

using namespace proa;
using sandbox::Bundle;
using sandbox::has_word;
using sandbox::mount_at;

namespace {

/// What `look` sees in a container of the Spec.
std::string seen(Spec const& spec, Bundle const& bundle, std::function<std::string()> look) {
  return sandbox::run(
      [&] { return sandbox::in_container(sandbox::plan(spec, bundle.path()), std::move(look)); });
}

/// The flags that a mount has in a container with one mount at /mnt besides /proc.
std::string flags_of(spec::Mount mount, Bundle const& bundle) {
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/proc", "proc", "proc"), std::move(mount)};
  return seen(spec, bundle, [] { return mount_at("/mnt").options; });
}

void mount_tmpfs(std::string const& path, unsigned long flags = 0) {
  if (::mount("tmpfs", path.c_str(), "tmpfs", flags, nullptr) < 0) throw std::runtime_error(path);
}

}  // namespace

// --- the root ------------------------------------------------------------------------------------

TEST_CASE("the container's root is the rootfs and nothing of the host is left", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("rootfs/marker", "here");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/proc", "proc", "proc")};
  auto const report = seen(spec, bundle, [] {
    return sandbox::read("/marker") + " " + sandbox::read("/../marker") + " " +
           std::to_string(sandbox::mounts_at("/")) + "\n" + sandbox::read("/proc/self/mountinfo");
  });
  CHECK_THAT(report, ContainsSubstring("here here 1\n"));
  CHECK(std::count(report.begin(), report.end(), '\n') == 3);  // the counts, / and /proc
}

TEST_CASE("a root that is missing or no directory is an error", "[root][spec:config#root][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("file", "");
  auto spec = sandbox::minimal();
  spec.root->path = "none";
  CHECK(seen(spec, bundle, {}) ==
        "error: /root/path: rootfs " + bundle / "none" + ": no such file or directory");
  spec.root->path = "file";
  CHECK(seen(spec, bundle, {}) ==
        "error: /root/path: rootfs " + bundle / "file" + ": not a directory");
}

TEST_CASE("a read-only root cannot be written", "[root][spec:config#root][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::usual();
  spec.root->readonly = true;
  auto const report = seen(spec, bundle, [] {
    return std::to_string(sandbox::try_create("/x")) + " " +
           std::to_string(sandbox::try_create("/dev/shm/x"));
  });
  CHECK(report == std::to_string(EROFS) + " 0");
}

TEST_CASE("mounts below the rootfs are part of the container", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("rootfs/sub");
  auto const report = sandbox::run([&] {
    mount_tmpfs(bundle / "rootfs/sub");
    bundle.write("rootfs/sub/inner", "inner");
    return sandbox::in_container(sandbox::plan(sandbox::minimal(), bundle.path()),
                                 [] { return sandbox::read("/sub/inner"); });
  });
  CHECK(report == "inner");
}

TEST_CASE("without pivot_root the root is moved", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("rootfs/marker", "here");
  auto const spec = sandbox::usual();
  Host const host;
  auto const report = sandbox::run([&] {
    return sandbox::in_container(rootfs::plan({spec, host, bundle.path(), {}, true}), [] {
      return sandbox::read("/marker") + sandbox::read("/etc/passwd");
    });
  });
  CHECK(report == "hereerrno 2");
}

TEST_CASE("without pivot_root no full procfs of the host is left to be mounted",
          "[root][security]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto const spec = sandbox::usual();
  Host const host;
  auto const report = sandbox::run([&] {
    return sandbox::in_container(rootfs::plan({spec, host, bundle.path(), {}, true}), [] {
      // As anybody in the container could, with the powers of a new user namespace.
      if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) return std::string("unshare");
      return std::to_string(::mount("proc", "/dev/shm", "proc", 0, nullptr) < 0 ? errno : 0);
    });
  });
  CHECK(report == std::to_string(EPERM));
}

TEST_CASE("without a mount namespace the root is entered by chroot", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("rootfs/marker", "here");
  auto spec = sandbox::minimal();
  spec.linux.namespaces.clear();
  auto const report = seen(
      spec, bundle, [] { return sandbox::read("/marker") + " " + sandbox::describe("/dev/null"); });
  CHECK(report == "here char 666 1:3");
}

TEST_CASE("a joined mount namespace is entered by chroot too", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("rootfs/marker", "here");
  auto spec = sandbox::usual();
  spec.linux.namespaces[0].path = "/proc/self/ns/mnt";
  CHECK(seen(spec, bundle, [] { return sandbox::read("/marker"); }) == "here");
}

// --- mounts --------------------------------------------------------------------------------------

TEST_CASE("the usual mounts have their types and flags", "[root][spec:config#mounts][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto const report = seen(sandbox::usual(), bundle, [] {
    std::string text;
    for (auto const* const point :
         {"/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"}) {
      auto const info = mount_at(point);
      text += fmt::format("{} {} {}\n", point, info.type, info.options);
    }
    return text;
  });
  CHECK(report ==
        "/proc proc rw,relatime\n"
        "/dev tmpfs rw,nosuid\n"
        "/dev/pts devpts rw,nosuid,noexec,relatime\n"
        "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime\n"
        "/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime\n"
        "/sys sysfs ro,nosuid,nodev,noexec,relatime\n");
}

TEST_CASE("later mounts cover earlier ones", "[root][spec:config#mounts][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("one");
  bundle.make_directory("two");
  bundle.write("one/file", "one");
  bundle.write("two/file", "two");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("one", "/mnt"), sandbox::bind("two", "/mnt")};
  CHECK(seen(spec, bundle, [] { return sandbox::read("/mnt/file"); }) == "two");
}

TEST_CASE("a source may be what an earlier mount put into the root", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  bundle.write("data/file", "data");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("data", "/a"), sandbox::bind("rootfs/a", "/b", {"rbind"})};
  CHECK(seen(spec, bundle, [] { return sandbox::read("/b/file"); }) == "data");
}

TEST_CASE("a file is bound on a file that is made for it", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("hosts", "127.0.0.1");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("hosts", "/etc/hosts", {"ro"})};
  CHECK(seen(spec, bundle, [] { return sandbox::read("/etc/hosts"); }) == "127.0.0.1");
  CHECK(sandbox::describe(bundle / "rootfs/etc/hosts") == "file 644 0");
}

TEST_CASE("a missing source is an error that names it", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("none", "/mnt")};
  CHECK(seen(spec, bundle, {}) ==
        "error: mount " + bundle / "none" + " on /mnt: open source: no such file or directory");
  CHECK_FALSE(bundle.has("rootfs/mnt"));
}

TEST_CASE("the kernel's own words are in the error", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/mnt", "tmpfs", "tmpfs", {"mode=banana"})};
  auto const error = seen(spec, bundle, {});
  CHECK_THAT(error, ContainsSubstring("error: mount tmpfs on /mnt: set mode=banana: "));
  CHECK_THAT(error, ContainsSubstring("mode"));
  CHECK_THAT(error, ContainsSubstring("invalid argument"));
}

TEST_CASE("an unknown file system is an error", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/mnt", "nosuchfs", "x")};
  CHECK(seen(spec, bundle, {}) ==
        "error: mount nosuchfs on /mnt: open file system type nosuchfs: no such device");
}

TEST_CASE("flags of a bind mount are what is asked for",
          "[root][spec:config#linux-mount-options]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  struct Case {
    std::vector<std::string> options;
    char const* flags;
  };
  auto const each = GENERATE(values<Case>({
      {{"ro"}, "ro,relatime"},
      {{"nosuid", "nodev", "noexec"}, "rw,nosuid,nodev,noexec,relatime"},
      {{"noatime"}, "rw,noatime"},
      {{"strictatime"}, "rw"},
      {{"nodiratime"}, "rw,nodiratime,relatime"},
      {{"nosymfollow"}, "rw,relatime,nosymfollow"},
      {{"rro"}, "ro,relatime"},
      {{"rnoatime"}, "rw,noatime"},
      {{"ro", "rrw"}, "rw,relatime"},
  }));
  auto const flags = flags_of(sandbox::bind("data", "/mnt", each.options), bundle);
  CHECK(flags == each.flags);
}

TEST_CASE("flags of the source are cleared where they are not asked for", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  auto const flags = [&](std::vector<std::string> options) {
    return sandbox::run([&] {
      mount_tmpfs(bundle / "data");
      if (::mount(nullptr, (bundle / "data").c_str(), nullptr,
                  MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOEXEC | MS_NOATIME, nullptr) < 0) {
        return std::string("remount");
      }
      auto spec = sandbox::minimal();
      spec.mounts = {sandbox::mount("/proc", "proc", "proc"),
                     sandbox::bind("data", "/mnt", std::move(options))};
      return sandbox::in_container(sandbox::plan(spec, bundle.path()),
                                   [] { return mount_at("/mnt").options; });
    });
  };
  CHECK(flags({}) == "ro,noexec,noatime");
  CHECK(flags({"rw"}) == "rw,noatime");
  CHECK(flags({"dev"}) == "rw,noatime");
  CHECK(flags({"ro", "exec"}) == "ro,noatime");
  CHECK(flags({"relatime"}) == "rw,relatime");
  CHECK(flags({"atime"}) == "rw,noatime");  // as with mount(8)
}

TEST_CASE("ro is for one mount and rro for the tree", "[root][spec:config#linux-mount-options]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data/sub");
  auto const created = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "rbind");
    return sandbox::run([&] {
      mount_tmpfs(bundle / "data");
      bundle.make_directory("data/sub");
      mount_tmpfs(bundle / "data/sub");
      auto spec = sandbox::minimal();
      spec.mounts = {sandbox::mount("/mnt", "", bundle / "data", options)};
      return sandbox::in_container(sandbox::plan(spec, bundle.path()), [] {
        return std::to_string(sandbox::try_create("/mnt/x")) + " " +
               std::to_string(sandbox::try_create("/mnt/sub/x"));
      });
    });
  };
  auto const erofs = std::to_string(EROFS);
  CHECK(created({"ro"}) == erofs + " 0");
  CHECK(created({"rro"}) == erofs + " " + erofs);
  CHECK(created({}) == "0 0");
}

TEST_CASE("propagation is as asked for", "[root][spec:config#linux-mount-options]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  struct Case {
    char const* word;
    char const* propagation;
  };
  auto const each = GENERATE(values<Case>({{"private", ""},
                                           {"rprivate", ""},
                                           {"unbindable", "unbindable"},
                                           {"runbindable", "unbindable"},
                                           {"shared", "shared:"},
                                           {"rshared", "shared:"}}));
  auto const* const type = GENERATE("bind", "tmpfs");
  auto spec = sandbox::minimal();
  auto mount = std::string(type) == "bind" ? sandbox::bind("data", "/mnt", {each.word})
                                           : sandbox::mount("/mnt", "tmpfs", "tmpfs", {each.word});
  spec.mounts = {sandbox::mount("/proc", "proc", "proc"), std::move(mount)};
  auto const found = seen(spec, bundle, [] { return mount_at("/mnt").propagation; });
  CAPTURE(each.word, type, found);
  CHECK(found.starts_with(each.propagation));
  CHECK(found.empty() == std::string(each.propagation).empty());
}

TEST_CASE("superblock flags reach the superblock",
          "[root][spec:config#linux-mount-options][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto const* const word = GENERATE("sync", "dirsync", "lazytime");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/proc", "proc", "proc"),
                 sandbox::mount("/mnt", "ramfs", "ramfs", {word})};
  auto const flags = seen(spec, bundle, [] { return mount_at("/mnt").superblock; });
  CAPTURE(word, flags);
  CHECK(has_word(flags, word));
}

TEST_CASE("options that only mount(2) knows are taken",
          "[root][spec:config#linux-mount-options][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  std::vector<std::string> const options = {GENERATE("iversion", "silent", "loud", "noiversion"),
                                            "nosuid", "size=64k", "mode=711"};
  CAPTURE(options);
  CHECK(flags_of(sandbox::mount("/mnt", "tmpfs", "tmpfs", options), bundle) ==
        "rw,nosuid,relatime");
}

TEST_CASE("a remount changes what is there", "[root][spec:config#linux-mount-options][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::minimal();
  auto const tmpfs = sandbox::mount("/mnt", "tmpfs", "tmpfs", {"size=64k"});
  auto const result = [&](std::vector<std::string> options) {
    spec.mounts = {sandbox::mount("/proc", "proc", "proc"), tmpfs,
                   sandbox::mount("/mnt", "tmpfs", "tmpfs", std::move(options))};
    return seen(spec, bundle, [] {
      auto const info = mount_at("/mnt");
      return info.options + " " + info.superblock + " " +
             std::to_string(sandbox::mounts_at("/mnt"));
    });
  };
  CHECK_THAT(result({"remount", "nosuid", "size=128k"}),
             ContainsSubstring("rw,nosuid,relatime rw,size=128k"));
  CHECK_THAT(result({"remount", "bind", "ro"}), ContainsSubstring("ro,relatime rw,size=64k"));
  CHECK_THAT(result({"remount", "ro"}), ContainsSubstring("ro,relatime ro,size=64k"));
}

TEST_CASE("a tmpfs has the mode of the directory that it covers", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("rootfs/mnt", 0710);
  auto spec = sandbox::minimal();
  auto const mode = [&](std::string destination, std::vector<std::string> options) {
    spec.mounts = {sandbox::mount(destination, "tmpfs", "tmpfs", std::move(options))};
    return seen(spec, bundle, [destination] { return sandbox::describe(destination); });
  };
  CHECK(mode("/mnt", {"rw"}) == "dir 710");
  CHECK(mode("/mnt", {"mode=1500"}) == "dir 1500");
  CHECK(mode("/new/dir", {}) == "dir 1777");
  CHECK(sandbox::describe(bundle / "rootfs/new/dir") == "dir 755");
  CHECK(sandbox::describe(bundle / "rootfs/mnt") == "dir 710");
}

TEST_CASE("a read-only tmpfs takes the mounts that are made in it", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  auto spec = sandbox::usual();
  spec.mounts.push_back(sandbox::mount("/mnt", "tmpfs", "tmpfs", {"ro"}));
  spec.mounts.push_back(sandbox::bind("data", "/mnt/data"));
  spec.mounts[1].options.push_back("ro");
  auto const report = seen(spec, bundle, [] {
    return fmt::format("{} {} {} {}", sandbox::try_create("/mnt/x"),
                       sandbox::try_create("/mnt/data/x"), sandbox::try_create("/dev/x"),
                       sandbox::describe("/dev/null"));
  });
  CHECK(report == fmt::format("{0} 0 {0} char 666 1:3", EROFS));
}

TEST_CASE("tmpcopyup keeps what the directory held",
          "[root][spec:config#linux-mount-options][MAY]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("rootfs/mnt/dir", 0777);
  bundle.write("rootfs/mnt/dir/file", "text", 04711);
  bundle.link("rootfs/mnt/link", "/etc/passwd");
  REQUIRE(::mkfifo((bundle / "rootfs/mnt/fifo").c_str(), 0600) == 0);
  REQUIRE(::chown((bundle / "rootfs/mnt/dir").c_str(), 5, 6) == 0);
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/mnt", "tmpfs", "tmpfs", {"tmpcopyup", "ro"})};
  auto const report = seen(spec, bundle, [] {
    struct stat info {};
    ::stat("/mnt/dir", &info);
    return fmt::format("{}, {}, {}, {}, {}, {}:{}, {}", sandbox::describe("/mnt/dir"),
                       sandbox::describe("/mnt/dir/file"), sandbox::read("/mnt/dir/file"),
                       sandbox::describe("/mnt/link"), sandbox::describe("/mnt/fifo"), info.st_uid,
                       info.st_gid, sandbox::try_create("/mnt/x"));
  });
  CHECK(report ==
        fmt::format("dir 777, file 4711 4, text, link /etc/passwd, errno 2, 5:6, {}", EROFS));
}

TEST_CASE("a source that is a link can be made anew", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("file", "text");
  bundle.link("link", "/some/where");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("link", "/etc/link", {"copy-symlink"}),
                 sandbox::bind("file", "/etc/file", {"copy-symlink"})};
  auto const look = [] {
    return sandbox::describe("/etc/link") + " " + sandbox::read("/etc/file");
  };
  CHECK(seen(spec, bundle, look) == "link /some/where text");
  CHECK(seen(spec, bundle, look) == "link /some/where text");
  bundle.link("rootfs/etc/other", "x");
  spec.mounts[0].destination = "/etc/other";
  CHECK_THAT(seen(spec, bundle, {}),
             ContainsSubstring("/mounts/0/destination: exists and is not a link to /some/where"));
}

TEST_CASE("a mount on / becomes the root", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("other/dev");
  bundle.write("other/marker", "other");
  auto spec = sandbox::minimal();
  spec.root->readonly = true;
  spec.mounts = {sandbox::bind("other", "/"), sandbox::mount("/mnt", "tmpfs", "tmpfs")};
  auto const report = seen(spec, bundle, [] {
    return fmt::format("{} {} {}", sandbox::read("/marker"), sandbox::try_create("/x"),
                       sandbox::try_create("/mnt/x"));
  });
  CHECK(report == fmt::format("other {} 0", EROFS));
}

// --- propagation ---------------------------------------------------------------------------------

TEST_CASE("the root has the propagation that is asked for",
          "[root][spec:config-linux#rootfs-mount-propagation]") {
  NEEDS_ROOT;
  Bundle const bundle;
  struct Case {
    spec::Propagation wanted;
    char const* has;
  };
  auto const each = GENERATE(values<Case>({{spec::Propagation::shared, "shared:"},
                                           {spec::Propagation::slave, "master:"},
                                           {spec::Propagation::unset, "master:"},
                                           {spec::Propagation::private_, ""},
                                           {spec::Propagation::unbindable, "unbindable"}}));
  auto spec = sandbox::usual();
  spec.linux.rootfs_propagation = each.wanted;
  auto const found = sandbox::run([&] {
    // The host's mounts are shared, as under systemd.
    mount_tmpfs(bundle.rootfs());
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) < 0)
      return std::string("shared");
    if (::unshare(CLONE_NEWNS) < 0) return std::string("unshare");
    return sandbox::in_container(sandbox::plan(spec, bundle.path()),
                                 [] { return mount_at("/").propagation; });
  });
  CAPTURE(found);
  CHECK(found.starts_with(each.has));
  CHECK(found.empty() == std::string(each.has).empty());
}

TEST_CASE("nothing of the container shows up in a shared host", "[root][security]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  auto const wanted =
      GENERATE(spec::Propagation::unset, spec::Propagation::shared, spec::Propagation::slave,
               spec::Propagation::private_, spec::Propagation::unbindable);
  bool const no_pivot = GENERATE(false, true);
  bool const own_mount = GENERATE(false, true);
  auto spec = sandbox::usual();
  spec.linux.rootfs_propagation = wanted;
  spec.mounts.push_back(sandbox::bind("data", "/mnt"));
  Host const host;
  auto const changed = sandbox::run([&] {
    if (own_mount) mount_tmpfs(bundle.rootfs());
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) < 0)
      return std::string("shared");
    auto const before = sandbox::read("/proc/self/mountinfo");
    pid_t const child = ::fork();
    if (child == 0) {
      if (::unshare(CLONE_NEWNS) < 0) ::_exit(1);
      sandbox::in_container(rootfs::plan({spec, host, bundle.path(), {}, no_pivot}));
      ::_exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    if (status != 0) return std::string("the container was not made");
    auto const after = sandbox::read("/proc/self/mountinfo");
    return after == before ? "same" : before + "became\n" + after;
  });
  CAPTURE(static_cast<int>(wanted), no_pivot, own_mount);
  CHECK(changed == "same");
}

TEST_CASE("with a shared root a bind with rshared is two-way", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("data");
  auto spec = sandbox::minimal();
  spec.linux.rootfs_propagation = spec::Propagation::shared;
  spec.mounts = {sandbox::bind("data", "/mnt", {"rbind", "rshared"})};
  auto const found = sandbox::run([&] {
    mount_tmpfs(bundle / "data");
    bundle.make_directory("data/in");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) < 0)
      return std::string("shared");
    pid_t const child = ::fork();
    if (child == 0) {
      if (::unshare(CLONE_NEWNS) < 0) ::_exit(1);
      sandbox::in_container(sandbox::plan(spec, bundle.path()), [] {
        mount_tmpfs("/mnt/in");
        return std::to_string(sandbox::try_create("/mnt/in/from-container"));
      });
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    return sandbox::describe(bundle / "data/in/from-container");
  });
  CHECK(found == "file 600 0");
}
