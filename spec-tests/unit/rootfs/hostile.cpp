// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Images and volumes that are laid out to harm, and others who move things meanwhile.  In each case
// the directory "outside" must stay as it is.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"
#include "linux/file.hpp"
#include "rootfs/apply.hpp"
#include "sandbox.hpp"

using namespace proa;
using sandbox::Bundle;

namespace {

/// A bundle with something of the host next to it.
struct Hostile : Bundle {
  Hostile() {
    make_directory("outside/pts");
    write("outside/ptmx", "keep");
    write("outside/null", "keep");
    before = inventory();
  }
  /// Names and contents of what is outside.
  std::string inventory() const {
    std::string all;
    auto const dir = linux::open_at(linux::at_cwd, *this / "outside", O_RDONLY).or_fail("open");
    auto names = linux::names_in(dir).or_fail("list");
    std::sort(names.begin(), names.end());
    for (auto const& name : names) {
      all += name + ": " + sandbox::describe(*this / ("outside/" + name)) + "\n";
    }
    return all;
  }
  bool harmed() const { return inventory() != before; }
  std::string before;
};

std::string seen(Spec const& spec, Bundle const& bundle, std::function<std::string()> look = {}) {
  return sandbox::run(
      [&] { return sandbox::in_container(sandbox::plan(spec, bundle.path()), std::move(look)); });
}

}  // namespace

TEST_CASE("a procfs or sysfs is not mounted through a link (CVE-2019-19921)", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  auto const* const name = GENERATE("proc", "sys");
  auto const target =
      GENERATE(std::string("/bad"), std::string("../outside"), std::string("/none"));
  bundle.make_directory("rootfs/bad");
  bundle.link(std::string("rootfs/") + name, target);
  CHECK_THAT(seen(sandbox::usual(), bundle),
             ContainsSubstring("must be mounted on ordinary directory"));
  CHECK_FALSE(bundle.harmed());
}

TEST_CASE("a procfs is not mounted on a file", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.write("rootfs/proc", "");
  CHECK_THAT(seen(sandbox::usual(), bundle),
             ContainsSubstring("must be mounted on ordinary directory"));
}

TEST_CASE("a /dev that leads out of the root stays inside (CVE-2026-41579)", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.link("rootfs/dev", GENERATE(std::string("../outside"), std::string("../../../outside")));
  auto spec = sandbox::usual();
  bool const without_mounts = GENERATE(false, true);
  if (without_mounts) spec.mounts.resize(1);
  auto const null = seen(spec, bundle, [] { return sandbox::describe("/dev/null"); });
  CHECK(null == "char 666 1:3");
  CHECK_FALSE(bundle.harmed());
}

TEST_CASE("an absolute link of the image is absolute in the container", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.link("rootfs/dev", bundle / "outside");
  CHECK(seen(sandbox::usual(), bundle, [] { return sandbox::describe("/dev/zero"); }) ==
        "char 666 1:5");
  CHECK_FALSE(bundle.harmed());
}

TEST_CASE("mount points are not made through links that lead out (CVE-2024-45310)",
          "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.link("rootfs/mnt", "../outside");
  bundle.make_directory("data");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("data", "/mnt/new/dir"), sandbox::mount("/mnt", "tmpfs", "tmpfs")};
  CHECK(seen(spec, bundle).empty());
  CHECK_FALSE(bundle.harmed());
}

TEST_CASE("a link into /proc is no way to cover what is in it (CVE-2025-52881)",
          "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.link("rootfs/innocent", "/proc/self/attr");
  bundle.make_directory("data");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::mount("/proc", "proc", "proc"), sandbox::bind("data", "/innocent")};
  CHECK(seen(spec, bundle) ==
        "error: mount " + bundle / "data" +
            " on /innocent: /mounts/1/destination: /innocent is inside /proc");
}

TEST_CASE("only a procfs is bound on /proc (CVE-2019-16884)", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("outside", "/proc")};
  CHECK_THAT(seen(spec, bundle),
             ContainsSubstring("cannot be mounted on /proc, it is not of type proc"));
  spec.mounts = {sandbox::bind("/proc", "/proc", {"rbind"})};
  CHECK(seen(spec, bundle).empty());
}

TEST_CASE("what masks a file is the host's null device (CVE-2025-31133)", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.make_directory("dev");
  bundle.link("dev/null", "/etc/secret");
  bundle.make_directory("rootfs/etc");
  bundle.write("rootfs/etc/secret", "secret");
  bundle.write("rootfs/masked", "masked");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("dev", "/dev")};
  spec.linux.masked_paths = {"/masked"};
  CHECK(seen(spec, bundle, [] { return sandbox::describe("/masked"); }) == "char 666 1:3");
}

TEST_CASE("nothing of what masks a file can be changed", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.write("rootfs/first", "masked");
  bundle.write("rootfs/second", "masked");
  auto spec = sandbox::usual();
  spec.linux.masked_paths = {"/first", "/second"};
  auto const plan = sandbox::plan(spec, bundle.path());
  long const missing = GENERATE(0L, long{SYS_mount_setattr}, long{SYS_open_tree});
  auto const report = sandbox::run([&] {
    if (missing != 0) sandbox::forbid({missing}, ENOSYS);
    return sandbox::in_container(plan, [] {
      std::string text;
      for (auto const* const path : {"/first", "/second"}) {
        // Harmless on the host, should it come there.
        int const changed = ::chmod(path, 01666) < 0 ? errno : 0;
        text += fmt::format("{} {} [{}] ", changed, sandbox::try_create(path), sandbox::read(path));
      }
      return text;
    });
  });
  CHECK(report == fmt::format("{0} 0 [] {0} 0 [] ", EROFS));
}

TEST_CASE("masked and read-only paths lead nowhere outside", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.link("rootfs/out", "../../../outside");
  bundle.link("rootfs/in", "/etc");
  bundle.make_directory("rootfs/etc");
  auto spec = sandbox::minimal();
  spec.linux.masked_paths = {"/out/ptmx", "/out"};
  spec.linux.readonly_paths = {"/in", "/out"};
  auto const report =
      seen(spec, bundle, [] { return std::to_string(sandbox::try_create("/etc/x")); });
  CHECK(report == std::to_string(EROFS));
  CHECK_FALSE(bundle.harmed());
}

TEST_CASE("a terminal is not bound through a link (CVE-2025-52565)", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.make_directory("dev");
  bundle.link("dev/console", "/proc/sys/kernel/core_pattern");
  auto spec = sandbox::usual();
  spec.mounts[1] = sandbox::bind("dev", "/dev");
  spec.mounts.resize(2);
  auto const report = sandbox::run([&] {
    auto const plan = sandbox::plan(spec, bundle.path());
    auto tree = rootfs::build(plan, {});
    rootfs::enter(plan, tree);
    linux::Fd const slave(::memfd_create("slave", MFD_CLOEXEC));
    try {
      rootfs::mount_console(tree, slave);
    } catch (Error const&) {
    }
    return std::to_string(sandbox::mounts_at("/proc/sys/kernel/core_pattern"));
  });
  CHECK(report == "0");
}

TEST_CASE("a device is not made through a link in its place", "[root][security]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.link("rootfs/thing", "../outside/made");
  auto spec = sandbox::minimal();
  spec::Device device;
  device.path = "/thing";
  device.major = 1;
  device.minor = 3;
  spec.linux.devices = {device};
  CHECK_THAT(seen(spec, bundle), ContainsSubstring("/thing exists and is another file"));
  CHECK_FALSE(bundle.harmed());
}

TEST_CASE("swapping a volume's directory with a link wins no race (CVE-2021-30465)",
          "[root][security][race]") {
  NEEDS_ROOT;
  Hostile const bundle;
  bundle.make_directory("volume/a/deep");
  bundle.link("volume/b", bundle / "outside");
  bundle.make_directory("data");
  pid_t const swapper = ::fork();
  if (swapper == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto const a = bundle / "volume/a";
    auto const b = bundle / "volume/b";
    for (;;) ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  }
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("volume", "/volume"), sandbox::bind("data", "/volume/a/deep"),
                 sandbox::mount("/volume/a/new", "tmpfs", "tmpfs")};
  spec.linux.readonly_paths = {"/volume/a"};
  std::string mounted_outside;
  for (int i = 0; i < 100; ++i) {
    mounted_outside += sandbox::run([&] {
      auto const plan = sandbox::plan(spec, bundle.path());
      try {
        auto const tree = rootfs::build(plan, {});
      } catch (Error const&) {
        // Refusing is as good as not being fooled.
      }
      auto const mountinfo = sandbox::read("/proc/self/mountinfo");
      return mountinfo.find(" " + bundle / "outside") == std::string::npos ? "" : mountinfo;
    });
  }
  ::kill(swapper, SIGKILL);
  ::waitpid(swapper, nullptr, 0);
  CHECK(mounted_outside.empty());
  CHECK_FALSE(bundle.harmed());
}
