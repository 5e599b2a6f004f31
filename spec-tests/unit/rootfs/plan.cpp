// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/plan.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "catch.hpp"
#include "sandbox.hpp"

using namespace proa;
using namespace proa::rootfs;
using spec::NamespaceType;

namespace {

Plan planned(Spec const& spec, Host const& host = {}) {
  return rootfs::plan({spec, host, "/bundle", {}});
}

std::string error_of(Spec const& spec) {
  try {
    planned(spec);
  } catch (Error const& error) {
    return error.text();
  }
  return "no error";
}

spec::Device device(std::string path, spec::DeviceType type, std::int64_t major,
                    std::int64_t minor) {
  spec::Device device;
  device.path = std::move(path);
  device.type = type;
  device.major = major;
  device.minor = minor;
  return device;
}

Node const* find(Plan const& plan, std::string const& path) {
  auto const found = std::ranges::find(plan.nodes, path, &Node::path);
  return found == plan.nodes.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("the root is absolute or relative to the bundle", "[spec:config#root][MUST]") {
  auto spec = sandbox::minimal();
  CHECK(planned(spec).root == "/bundle/rootfs");
  spec.root->path = "/srv/rootfs";
  CHECK(planned(spec).root == "/srv/rootfs");
}

TEST_CASE("a root is required", "[spec:config#root][MUST]") {
  auto spec = sandbox::minimal();
  spec.root->path = "";
  CHECK(error_of(spec) == "/root/path: required");
  spec.root.reset();
  CHECK(error_of(spec) == "/root/path: required");
}

TEST_CASE("how the root is entered follows from the mount namespace") {
  auto spec = sandbox::minimal();
  Host const host;
  CHECK(planned(spec).entry == Entry::pivot);
  CHECK(rootfs::plan({spec, host, "/b", {}, true}).entry == Entry::move);
  spec.linux.namespaces = {{NamespaceType::mount, "/proc/1/ns/mnt"}};
  CHECK(planned(spec).entry == Entry::chroot);
  CHECK(planned(spec).mount_namespace == MountNamespace::joined);
  spec.linux.namespaces.clear();
  CHECK(planned(spec).entry == Entry::chroot);
  CHECK(planned(spec).mount_namespace == MountNamespace::host);
}

TEST_CASE("the tree is built on its own unless something needs the host's mounts", "[proa]") {
  auto spec = sandbox::usual();
  Host host;
  spec::Hook const hook{"/bin/true", {}, {}, {}};
  SECTION("what engines ask for does not") {
    spec.mounts.push_back(sandbox::bind("/etc/hosts", "/etc/hosts", {"rprivate", "ro"}));
    spec.linux.rootfs_propagation =
        GENERATE(spec::Propagation::unset, spec::Propagation::private_, spec::Propagation::slave);
    spec.hooks.start_container = spec.hooks.poststart = spec.hooks.poststop = {hook};
    CHECK(planned(spec).aside);
  }
  SECTION("there is no root to pivot to") {
    CHECK_FALSE(rootfs::plan({spec, host, "/b", {}, true}).aside);
    spec.linux.namespaces = {{NamespaceType::mount, "/proc/1/ns/mnt"}};
    CHECK_FALSE(planned(spec).aside);
  }
  SECTION("user namespaces") {
    host.user_namespace = true;
    CHECK_FALSE(planned(spec, host).aside);
    spec.linux.namespaces.push_back({NamespaceType::user, ""});
    CHECK_FALSE(planned(spec).aside);
  }
  SECTION("propagation to the host") {
    spec.linux.rootfs_propagation = spec::Propagation::shared;
    CHECK_FALSE(planned(spec).aside);
  }
  SECTION("hooks that look for the namespace before the root is entered") {
    auto const early = GENERATE(&spec::Hooks::prestart, &spec::Hooks::create_runtime,
                                &spec::Hooks::create_container);
    spec.hooks.*early = {hook};
    CHECK_FALSE(planned(spec).aside);
  }
  SECTION("mounts that are not copied, or not in a namespace, or need one") {
    auto const mount = GENERATE(values<spec::Mount>(
        {sandbox::bind("/x", "/x", {"unbindable"}),
         sandbox::bind("/x", "/x", {"rbind", "runbindable"}), sandbox::bind("/x", "/"),
         sandbox::bind("/bundle/rootfs", "/x"), sandbox::bind("rootfs/dev/shm", "/x"),
         sandbox::mount("/x", "tmpfs", "x", {"ro"}),
         sandbox::mount("/x", "tmpfs", "x", {"remount", "ro"}),
         sandbox::mount("/x", "tmpfs", "x", {"a=\"b,c\",d"})}));
    CAPTURE(mount.source, mount.destination);
    spec.mounts.push_back(mount);
    CHECK_FALSE(planned(spec).aside);
  }
  SECTION("but not a source that only begins like the root") {
    spec.mounts.push_back(sandbox::bind("/bundle/rootfs2", "/x"));
    CHECK(planned(spec).aside);
  }
}

TEST_CASE("nothing is mounted in the host's mount namespace", "[security]") {
  auto spec = sandbox::minimal();
  spec.linux.namespaces.clear();
  SECTION("a mount") {
    spec.mounts = {sandbox::bind("/x", "/y")};
    CHECK(planned(spec).steps.empty());
  }
  SECTION("a read-only path") {
    spec.linux.readonly_paths = {"/x"};
    CHECK(error_of(spec) == "/linux/readonlyPaths/0: needs a mount namespace");
  }
  SECTION("a masked path") {
    spec.linux.masked_paths = {"/x"};
    CHECK(error_of(spec) == "/linux/maskedPaths/0: needs a mount namespace");
  }
  SECTION("a propagation") {
    spec.linux.rootfs_propagation = spec::Propagation::shared;
    CHECK(error_of(spec) == "/linux/rootfsPropagation: needs a mount namespace");
  }
  SECTION("a read-only root") {
    spec.root->readonly = true;
    CHECK(error_of(spec) == "/root/readonly: needs a mount namespace");
  }
  SECTION("but a root alone is entered") { CHECK(planned(spec).nodes.size() == 6); }
}

TEST_CASE("the default devices are supplied", "[spec:config-linux#default-devices][MUST]") {
  struct Default {
    char const* path;
    unsigned major, minor;
  };
  auto const each = GENERATE(values<Default>({{"/dev/null", 1, 3},
                                              {"/dev/zero", 1, 5},
                                              {"/dev/full", 1, 7},
                                              {"/dev/random", 1, 8},
                                              {"/dev/urandom", 1, 9},
                                              {"/dev/tty", 5, 0}}));
  auto const plan = planned(sandbox::minimal());
  auto const* const node = find(plan, each.path);
  REQUIRE(node != nullptr);
  CHECK(node->mode == (S_IFCHR | 0666));
  CHECK(node->device == ::makedev(each.major, each.minor));
  CHECK(plan.own_dev);
}

TEST_CASE("configured devices have their type, number, mode and owner",
          "[spec:config-linux#devices][MUST]") {
  auto spec = sandbox::minimal();
  auto fuse = device("/dev/fuse", spec::DeviceType::character, 10, 229);
  fuse.file_mode = 0100644;
  fuse.uid = 1;
  fuse.gid = 2;
  spec.linux.devices = {fuse, device("/sda", spec::DeviceType::block, 8, 0),
                        device("/dev/u", spec::DeviceType::unbuffered, 1, 2),
                        device("/run/fifo", spec::DeviceType::fifo, 99999, -7)};
  auto const plan = planned(spec);
  REQUIRE(plan.nodes.size() == 10);
  CHECK(plan.nodes[0].mode == (S_IFCHR | 0644));
  CHECK(plan.nodes[0].uid == 1);
  CHECK(plan.nodes[0].gid == 2);
  CHECK(plan.nodes[0].pointer == "/linux/devices/0");
  CHECK(plan.nodes[1].mode == (S_IFBLK | 0666));
  CHECK(plan.nodes[1].device == ::makedev(8, 0));
  CHECK(plan.nodes[2].mode == (S_IFCHR | 0666));
  CHECK(plan.nodes[3].mode == (S_IFIFO | 0666));
}

TEST_CASE("a configured device replaces the default one of its path") {
  auto spec = sandbox::minimal();
  spec.linux.devices = {device("/dev/./tty", spec::DeviceType::character, 5, 0)};
  spec.linux.devices[0].file_mode = 0600;
  auto const plan = planned(spec);
  CHECK(plan.nodes.size() == 6);
  REQUIRE(find(plan, "/dev/tty") != nullptr);
  CHECK(find(plan, "/dev/tty")->mode == (S_IFCHR | 0600));
}

TEST_CASE("/dev/ptmx is always the container's own", "[spec:config-linux#default-devices][MUST]") {
  auto spec = sandbox::minimal();
  spec.linux.devices = {device("/dev/ptmx", spec::DeviceType::character, 5, 2)};
  CHECK(find(planned(spec), "/dev/ptmx") == nullptr);
}

TEST_CASE("what is wrong with a device is named", "[spec:config-linux#devices]") {
  auto spec = sandbox::minimal();
  auto const error = [&](spec::Device wrong) {
    spec.linux.devices = {device("/dev/a", spec::DeviceType::character, 1, 1), std::move(wrong)};
    return error_of(spec);
  };
  auto const type = spec::DeviceType::block;
  CHECK(error(device("dev/x", type, 1, 1)) == "/linux/devices/1/path: not an absolute path");
  CHECK(error(device("/x", type, -1, 1)) == "/linux/devices/1/major: -1 is not between 0 and 4095");
  CHECK(error(device("/x", type, 1, 1 << 20)) ==
        "/linux/devices/1/minor: 1048576 is not between 0 and 1048575");
}

TEST_CASE("a /dev from the host is left alone") {
  auto spec = sandbox::minimal();
  spec.mounts = {sandbox::bind("/dev", "/dev/")};
  spec.linux.devices = {device("/dev/x", spec::DeviceType::character, 1, 1),
                        device("/x", spec::DeviceType::character, 1, 1)};
  auto const plan = planned(spec);
  CHECK_FALSE(plan.own_dev);
  REQUIRE(plan.nodes.size() == 1);
  CHECK(plan.nodes[0].path == "/x");
}

TEST_CASE("devices are bound where mknod(2) is not permitted") {
  auto spec = sandbox::minimal();
  Host nested;
  nested.user_namespace = true;
  CHECK(planned(spec).supply == Supply::mknod);
  CHECK(planned(spec, nested).supply == Supply::bind);
  spec.linux.namespaces.push_back({NamespaceType::user, ""});
  CHECK(planned(spec).supply == Supply::bind);
}

TEST_CASE("the parent opens sources for a user namespace only") {
  auto spec = sandbox::minimal();
  CHECK_FALSE(planned(spec).parent_opens_sources);
  spec.linux.namespaces.push_back({NamespaceType::user, "/proc/1/ns/user"});
  CHECK(planned(spec).parent_opens_sources);
}

TEST_CASE("masked and read-only paths are planned once each", "[spec:config-linux#masked-paths]") {
  auto spec = sandbox::minimal();
  spec.linux.masked_paths = {"/proc/kcore", "/b", "/proc//./kcore", "/b/", "/a"};
  spec.linux.readonly_paths = {"/proc/sys", "/proc/sys"};
  auto const plan = planned(spec);
  CHECK(plan.masked_paths == std::vector<std::string>{"/proc/kcore", "/b", "/a"});
  CHECK(plan.readonly_paths == std::vector<std::string>{"/proc/sys"});
}

TEST_CASE("masked and read-only paths are absolute", "[spec:config-linux#masked-paths][MUST]") {
  auto spec = sandbox::minimal();
  spec.linux.masked_paths = {"/a", "proc/kcore"};
  CHECK(error_of(spec) == "/linux/maskedPaths/1: not an absolute path");
  spec.linux.masked_paths.clear();
  spec.linux.readonly_paths = {""};
  CHECK(error_of(spec) == "/linux/readonlyPaths/0: not an absolute path");
}

TEST_CASE("a path is cleaned by its text alone") {
  CHECK(clean_path("") == "/");
  CHECK(clean_path("/") == "/");
  CHECK(clean_path("a//b/./../c/") == "/a/c");
  CHECK(clean_path("/../../x/..") == "/");
}
