// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What a container finds in /dev, behind masks and in a user namespace, carried out for real.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <stdexcept>

#include "base/text.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "rootfs/apply.hpp"
#include "sandbox.hpp"

using namespace proa;
using sandbox::Bundle;
using sandbox::mount_at;

namespace {

/// What `look` sees in a container of the Spec.
std::string seen(Spec const& spec, Bundle const& bundle, std::function<std::string()> look) {
  return sandbox::run(
      [&] { return sandbox::in_container(sandbox::plan(spec, bundle.path()), std::move(look)); });
}

void mount_tmpfs(std::string const& path, unsigned long flags = 0) {
  if (::mount("tmpfs", path.c_str(), "tmpfs", flags, nullptr) < 0) throw std::runtime_error(path);
}

/// The host's cgroups as views, each the whole of its hierarchy.
std::vector<rootfs::CgroupView> views_of(Host const& host) {
  std::vector<rootfs::CgroupView> views;
  for (auto const& hierarchy : host.cgroups.hierarchies) {
    views.push_back({hierarchy.name, text::join(hierarchy.controllers, ","), hierarchy.mount,
                     hierarchy.mount, hierarchy.v2});
  }
  return views;
}

}  // namespace

// --- /dev ----------------------------------------------------------------------------------------

TEST_CASE("devices and links are in /dev", "[root][spec:config-linux#default-devices][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto const report = sandbox::run([&] {
    ::umask(077);
    auto const text = sandbox::in_container(sandbox::plan(sandbox::usual(), bundle.path()), [] {
      std::string all;
      for (auto const* const name : {"null", "zero", "full", "random", "urandom", "tty", "fd",
                                     "stdin", "stdout", "stderr", "ptmx"}) {
        all += fmt::format("{}: {}\n", name, sandbox::describe(std::string("/dev/") + name));
      }
      return all;
    });
    return text + fmt::format("umask {:o}", ::umask(0));
  });
  CHECK(report ==
        "null: char 666 1:3\n"
        "zero: char 666 1:5\n"
        "full: char 666 1:7\n"
        "random: char 666 1:8\n"
        "urandom: char 666 1:9\n"
        "tty: char 666 5:0\n"
        "fd: link /proc/self/fd\n"
        "stdin: link /proc/self/fd/0\n"
        "stdout: link /proc/self/fd/1\n"
        "stderr: link /proc/self/fd/2\n"
        "ptmx: link pts/ptmx\n"
        "umask 77");
}

TEST_CASE("without a procfs there are no links into it",
          "[root][spec:runtime-linux#dev-symbolic-links]") {
  NEEDS_ROOT;
  Bundle const bundle;
  CHECK(seen(sandbox::minimal(), bundle, [] { return sandbox::describe("/dev/fd"); }) == "errno 2");
}

TEST_CASE("configured devices are made anywhere", "[root][spec:config-linux#devices][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::usual();
  spec::Device device;
  device.path = "/some/dir/disk";
  device.type = spec::DeviceType::block;
  device.major = 7;
  device.minor = 1;
  device.file_mode = 0640;
  device.uid = 3;
  device.gid = 4;
  spec::Device fifo;
  fifo.path = "/fifo";
  fifo.type = spec::DeviceType::fifo;
  fifo.file_mode = 0600;
  spec.linux.devices = {device, fifo};
  auto const report = seen(spec, bundle, [] {
    struct stat info {};
    ::stat("/some/dir/disk", &info);
    return fmt::format("{} {}:{} {}", sandbox::describe("/some/dir/disk"), info.st_uid, info.st_gid,
                       sandbox::describe("/fifo"));
  });
  CHECK(report == "block 640 7:1 3:4 fifo 600");
}

TEST_CASE("a device that is there already is kept", "[root][spec:config-linux#devices]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto const look = [] { return sandbox::describe("/dev/null"); };
  CHECK(seen(sandbox::minimal(), bundle, look) == "char 666 1:3");
  REQUIRE(::chmod((bundle / "rootfs/dev/null").c_str(), 0600) == 0);
  CHECK(seen(sandbox::minimal(), bundle, look) == "char 600 1:3");
}

TEST_CASE("another file in a device's place is an error",
          "[root][spec:config-linux#devices][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("rootfs/thing", "");
  auto spec = sandbox::minimal();
  spec::Device device;
  device.path = "/thing";
  device.type = spec::DeviceType::character;
  device.major = 1;
  device.minor = 3;
  spec.linux.devices = {device};
  CHECK(seen(spec, bundle, {}) ==
        "error: device /thing: /linux/devices/0: /thing exists and is another file");
}

TEST_CASE("a /dev bound from the host stays as it is", "[root]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.make_directory("dev");
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("dev", "/dev")};
  CHECK(seen(spec, bundle, {}).empty());
  CHECK_FALSE(bundle.has("dev/null"));
  CHECK_FALSE(bundle.has("dev/ptmx"));
}

TEST_CASE("the terminal is bound on /dev/console",
          "[root][spec:config-linux#default-devices][MUST]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::usual();
  auto const report = sandbox::run([&] {
    auto const plan = sandbox::plan(spec, bundle.path());
    auto tree = rootfs::build(plan, {});
    rootfs::enter(plan, tree);
    linux::Fd const master(::open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    int const unlock = 0;
    ::ioctl(master.number(), TIOCSPTLCK, &unlock);
    linux::Fd const slave(::ioctl(master.number(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    rootfs::mount_console(tree, slave);
    rootfs::seal(plan, tree);
    return sandbox::describe("/dev/console") + " " + mount_at("/dev/console").type;
  });
  CHECK(report == "char 620 136:0 devpts");
}

// --- masks ---------------------------------------------------------------------------------------

TEST_CASE("masked files read as empty and masked directories are empty",
          "[root][spec:config-linux#masked-paths]") {
  NEEDS_ROOT;
  Bundle const bundle;
  bundle.write("rootfs/file", "secret");
  bundle.write("rootfs/file2", "secret");
  bundle.make_directory("rootfs/dir");
  bundle.make_directory("rootfs/dir2");
  bundle.write("rootfs/dir/file", "secret");
  auto spec = sandbox::usual();
  spec.linux.masked_paths = {"/file", "/dir", "/none", "/file/none", "/file2", "/dir2", "/dir"};
  auto const report = seen(spec, bundle, [] {
    struct stat one {
    }, two{};
    ::stat("/dir", &one);
    ::stat("/dir2", &two);
    return fmt::format("[{}] [{}] {} {} {} {} {}", sandbox::read("/file"), sandbox::read("/file2"),
                       sandbox::describe("/dir/file"), sandbox::try_create("/dir/x"),
                       sandbox::mounts_at("/dir"), sandbox::mounts_at("/file"),
                       one.st_dev == two.st_dev);
  });
  CHECK(report == fmt::format("[] [] errno 2 {} 1 1 true", EROFS));
}

TEST_CASE("read-only paths cannot be written and keep their other flags",
          "[root][spec:config-linux#readonly-paths]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto spec = sandbox::usual();
  spec.mounts[0].options = {"nosuid", "noexec"};
  spec.linux.readonly_paths = {"/proc/sys", "/none/path", "/proc/version"};
  auto const report = seen(spec, bundle, [] {
    int const fd = ::open("/proc/sys/kernel/domainname", O_WRONLY | O_CLOEXEC);
    return mount_at("/proc/sys").options + " " + std::to_string(fd < 0 ? errno : 0) + " " +
           mount_at("/proc/version").options;
  });
  CHECK(report == fmt::format("ro,nosuid,noexec,relatime {} ro,nosuid,noexec,relatime", EROFS));
}

// --- user namespaces -----------------------------------------------------------------------------

TEST_CASE("a user namespace gets its mounts and bound devices", "[root][userns]") {
  NEEDS_ROOT;
  Bundle const bundle;
  REQUIRE(::chown(bundle.rootfs().c_str(), 100000, 100000) == 0);
  auto spec = sandbox::usual();
  spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
  auto const plan = sandbox::plan(spec, bundle.path());
  auto const report = sandbox::run_as_user({}, [&] {
    return sandbox::in_container(plan, [] {
      return fmt::format("{} {} {} {}", sandbox::describe("/dev/null"), mount_at("/dev/null").type,
                         sandbox::read("/proc/keys"), sandbox::describe("/dev/ptmx"));
    });
  });
  CHECK(report == "char 666 1:3 devtmpfs  link pts/ptmx");
}

TEST_CASE("the parent opens what the user namespace may not reach", "[root][userns]") {
  NEEDS_ROOT;
  Bundle const bundle;
  REQUIRE(::chown(bundle.rootfs().c_str(), 100000, 100000) == 0);
  bundle.make_directory("closed", 0700);
  bundle.make_directory("closed/data", 0755);
  bundle.write("closed/data/file", "data");
  auto spec = sandbox::minimal();
  spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
  spec.mounts = {sandbox::bind("closed/data", "/mnt")};
  auto const plan = sandbox::plan(spec, bundle.path());
  auto const report = [&](bool with_sources) {
    std::vector<linux::Fd> sources;
    return sandbox::run_as_user(
        [&] {
          if (with_sources) sources = rootfs::open_sources(plan);
        },
        [&] {
          auto tree = rootfs::build(plan, std::move(sources));
          rootfs::enter(plan, tree);
          return sandbox::read("/mnt/file");
        });
  };
  CHECK(report(true) == "data");
  CHECK_THAT(report(false), ContainsSubstring("open source: permission denied"));
}

TEST_CASE("what the parent lends is no peer of the host's without mount_setattr either",
          "[root][userns][fault][security]") {
  NEEDS_ROOT;
  Bundle const bundle;
  REQUIRE(::chown(bundle.rootfs().c_str(), 100000, 100000) == 0);
  bundle.make_directory("closed", 0700);
  bundle.make_directory("closed/data/sub", 0755);
  auto spec = sandbox::minimal();
  spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
  spec.mounts = {sandbox::mount("/proc", "proc", "proc"),
                 sandbox::bind("closed/data", "/mnt", {"rbind"})};
  auto const plan = sandbox::plan(spec, bundle.path());
  int const number = GENERATE(0, ENOSYS, EPERM);
  std::vector<linux::Fd> sources;
  auto const report = sandbox::run_as_user(
      [&] {
        mount_tmpfs(bundle / "closed/data/sub");
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) < 0) ::_exit(3);
        if (number != 0) sandbox::forbid({SYS_mount_setattr}, number);
        sources = rootfs::open_sources(plan);
      },
      [&] {
        auto tree = rootfs::build(plan, std::move(sources));
        rootfs::enter(plan, tree);
        std::string text;
        for (auto const* const point : {"/mnt", "/mnt/sub"}) {
          auto const propagation = mount_at(point).propagation;
          text += propagation.substr(0, propagation.find(':')) + " ";
        }
        return text;
      });
  CHECK(report == "master master ");
}

TEST_CASE("what is closed to root of a user namespace needs no mask", "[root][userns]") {
  NEEDS_ROOT;
  Bundle const bundle;
  REQUIRE(::chown(bundle.rootfs().c_str(), 100000, 100000) == 0);
  bundle.make_directory("rootfs/closed", 0700);
  bundle.write("rootfs/closed/file", "secret");
  auto spec = sandbox::usual();
  spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
  spec.linux.masked_paths = {"/closed/file"};
  spec.linux.readonly_paths = {"/closed/file"};
  auto const plan = sandbox::plan(spec, bundle.path());
  auto const report = sandbox::run_as_user({}, [&] {
    return sandbox::in_container(plan, [] { return sandbox::read("/closed/file"); });
  });
  CHECK(report == fmt::format("errno {}", EACCES));
}

TEST_CASE("locked flags are kept unless the config says otherwise", "[root][userns]") {
  NEEDS_ROOT;
  Bundle const bundle;
  REQUIRE(::chown(bundle.rootfs().c_str(), 100000, 100000) == 0);
  bundle.make_directory("data");
  auto const flags = [&](std::vector<std::string> options) {
    auto spec = sandbox::minimal();
    spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
    spec.mounts = {sandbox::mount("/proc", "proc", "proc"),
                   sandbox::bind("data", "/mnt", std::move(options))};
    auto const plan = sandbox::plan(spec, bundle.path());
    return sandbox::run_as_user(
        [&] { mount_tmpfs(bundle / "data", MS_NOSUID | MS_NODEV | MS_NOATIME); },
        [&] { return sandbox::in_container(plan, [] { return mount_at("/mnt").options; }); });
  };
  CHECK(flags({"ro"}) == "ro,nosuid,nodev,noatime");
  CHECK(flags({"exec", "noatime"}) == "rw,nosuid,nodev,noatime");
  CHECK_THAT(flags({"dev"}), ContainsSubstring("operation not permitted"));
  CHECK_THAT(flags({"relatime"}), ContainsSubstring("operation not permitted"));
}

TEST_CASE("sysfs of the host is bound, read-only with all below, where it may not be mounted",
          "[root][userns][security]") {
  NEEDS_ROOT;
  Bundle const bundle;
  REQUIRE(::chown(bundle.rootfs().c_str(), 100000, 100000) == 0);
  auto spec = sandbox::usual();
  spec.linux.namespaces.push_back({spec::NamespaceType::user, ""});
  auto const plan = sandbox::plan(spec, bundle.path());
  auto const report = sandbox::run_as_user(
      {},
      [&] {
        return sandbox::in_container(plan, [] {
          std::string writable;
          auto const text = sandbox::read("/proc/self/mountinfo");
          for (auto const line : text::split(text, '\n')) {
            auto const fields = text::split(line, ' ');
            if (fields.size() < 6 || !fields[4].starts_with("/sys")) continue;
            if (!fields[5].starts_with("ro,")) writable += std::string(fields[4]) + " ";
          }
          return mount_at("/sys").type + " " + writable;
        });
      },
      sandbox::Network::host);
  CHECK(report == "sysfs ");
}

// --- cgroups -------------------------------------------------------------------------------------

TEST_CASE("each hierarchy of this host is mounted read-only", "[root][cgroup]") {
  NEEDS_ROOT;
  Bundle const bundle;
  auto const host = probe_host();
  auto spec = sandbox::usual();
  bool const own_namespace = GENERATE(false, true);
  if (own_namespace) spec.linux.namespaces.push_back({spec::NamespaceType::cgroup, ""});
  spec.mounts.push_back(
      sandbox::mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"}));
  auto const plan = rootfs::plan({spec, host, bundle.path(), views_of(host)});
  auto const report = sandbox::run([&] {
    if (own_namespace && ::unshare(CLONE_NEWCGROUP) < 0) return std::string("unshare");
    return sandbox::in_container(plan, [&] {
      std::string wrong;
      for (auto const& hierarchy : host.cgroups.hierarchies) {
        std::string point = "/sys/fs/cgroup";
        if (!host.cgroups.pure_v2()) point += "/" + (hierarchy.v2 ? "unified" : hierarchy.name);
        auto const info = mount_at(point);
        bool const right = info.type == (hierarchy.v2 ? "cgroup2" : "cgroup") &&
                           info.options == "ro,nosuid,nodev,noexec,relatime" &&
                           !sandbox::has_word(info.superblock, "ro");
        if (!right) wrong += point + ": " + info.type + " " + info.options + "\n";
      }
      return wrong + std::to_string(sandbox::try_create("/sys/fs/cgroup/x"));
    });
  });
  CHECK(report == std::to_string(EROFS));
}
