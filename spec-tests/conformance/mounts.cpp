// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#mounts: kinds of mounts, their order and their places.  Options: mount_options.cpp.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Json tmpfs(std::string const& destination, Json const& options = Json::array()) {
  return {
      {"destination", destination}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", options}};
}

Json bind_mount(std::string const& source, std::string const& destination,
                Json const& options = Json::array({"bind"})) {
  return {{"destination", destination}, {"type", "none"}, {"source", source}, {"options", options}};
}

/// features-linux.md#mount-extensions
bool has_idmapped_mounts() {
  Result const result = run({{runtime_path(), "features"}, "", ""});
  if (!result.ok()) return true;
  Json const features = Json::parse(result.out);
  return features.value("/linux/mountExtensions/idmap/enabled"_json_pointer, false);
}

/// The kernel's own version, which a distribution's may be ahead of.
bool kernel_is_from(int major, int minor) {
  utsname names{};
  REQUIRE(uname(&names) == 0);
  std::istringstream release(names.release);
  int first = 0, second = 0;
  char dot = 0;
  release >> first >> dot >> second;
  return std::pair(first, second) >= std::pair(major, minor);
}

#define NEEDS_IDMAPPED_MOUNTS(...)                                   \
  if (!has_idmapped_mounts()) {                                      \
    SKIP_BECAUSE("this runtime's features have no idmapped mounts"); \
  }                                                                  \
  if (denied({__VA_ARGS__})) SKIP_BECAUSE("a call that maps ids is denied")

}  // namespace

TEST_CASE("the usual file systems are mounted", "[spec:config-linux#default-filesystems][SHOULD]") {
  auto const seen = inside(ordinary(), {{"statfs", "/proc"},
                                        {"statfs", "/sys"},
                                        {"statfs", "/dev/pts"},
                                        {"statfs", "/dev/shm"},
                                        {"statfs", "/dev/mqueue"}});
  CHECK(seen[0].at("magic") == PROC_SUPER_MAGIC);
  CHECK(seen[1].at("magic") == SYSFS_MAGIC);
  CHECK(seen[2].at("magic") == DEVPTS_SUPER_MAGIC);
  CHECK(seen[3].at("magic") == TMPFS_MAGIC);
  CHECK(seen[4].at("magic") == 0x19800202);  // mqueue has no name in linux/magic.h
}

TEST_CASE("mounts are made in the listed order", "[spec:config#mounts][MUST]") {
  Bundle const bundle = ordinary()
                            .mount(tmpfs("/mnt", {"mode=0755"}))
                            .mount(tmpfs("/mnt/inner", {"mode=0700"}))
                            .mount(tmpfs("/mnt/inner/most", {"mode=0711"}));
  Json const seen = report(bundle);
  std::vector<std::string> order;
  for (auto const& mount : seen.at("mounts")) {
    std::string const target = mount.at("target");
    if (target.starts_with("/mnt")) order.push_back(target);
  }
  CHECK(order == std::vector<std::string>{"/mnt", "/mnt/inner", "/mnt/inner/most"});
}

TEST_CASE("a later mount hides an earlier one", "[spec:config#mounts][MUST]") {
  Bundle const bundle =
      ordinary().file("srv/a", "").mount(bind_mount("rootfs/srv", "/mnt")).mount(tmpfs("/mnt"));
  CHECK(inside(bundle, {{"list", "/mnt"}})[0].at("names") == Json::array());
}

TEST_CASE("a relative destination is relative to the root", "[spec:config#mounts][MUST]") {
  auto const seen = inside(ordinary().mount(tmpfs("mnt/relative")), {{"statfs", "/mnt/relative"}});
  CHECK(seen[0].at("magic") == TMPFS_MAGIC);
}

TEST_CASE("a destination that does not exist is made", "[contract:create]") {
  Running web(ordinary().mount(tmpfs("/made/for/it")));
  struct stat info {};
  REQUIRE(stat((web.rootfs() + "/made/for/it").c_str(), &info) == 0);
  CHECK(S_ISDIR(info.st_mode));
  CHECK((info.st_mode & 07777) == 0755);
}

TEST_CASE("a directory is bound", "[spec:config#mounts][MUST]") {
  std::string const source = scratch() + "/source";
  make_directories(source);
  write_text(source + "/file", "from the host");
  auto const seen = inside(ordinary().mount(bind_mount(source, "/mnt")),
                           {{"read", "/mnt/file"}, {"write", "/mnt/new", "from inside"}});
  CHECK(seen[0].at("text") == "from the host");
  CHECK(seen[1].at("errno") == 0);
  CHECK(read_text(source + "/new") == "from inside");
}

TEST_CASE("a file is bound onto a file that is made for it", "[spec:config#mounts][MUST]") {
  write_text(scratch() + "/hosts", "127.0.0.1");
  Json const seen = inside(ordinary().mount(bind_mount(scratch() + "/hosts", "/etc/made/hosts")),
                           {{"read", "/etc/made/hosts"}})[0];
  CHECK(seen.at("text") == "127.0.0.1");
}

TEST_CASE("a relative source is relative to the bundle", "[spec:config#mounts][MUST]") {
  Json const seen =
      inside(ordinary().file("srv/file", "relative").mount(bind_mount("rootfs/srv", "/mnt")),
             {{"read", "/mnt/file"}})[0];
  CHECK(seen.at("text") == "relative");
}

TEST_CASE("bind or rbind in the options makes a bind mount, whatever the type",
          "[spec:config#mounts][MUST]") {
  for (char const* word : {"bind", "rbind"}) {
    for (char const* type : {"bind", "none", "tmpfs", "nosuch", ""}) {
      CAPTURE(word, type);
      Json mount = bind_mount("rootfs/srv", "/mnt", Json::array({word}));
      mount["type"] = type;
      Json const seen =
          inside(ordinary().file("srv/file", "bound").mount(mount), {{"read", "/mnt/file"}})[0];
      CHECK(seen.at("text") == "bound");
    }
  }
}

TEST_CASE("bind takes one mount, rbind what is below too", "[spec:config#mounts][MUST]") {
  // /sys has file systems mounted in it on every host with cgroups.
  auto const seen = inside(ordinary()
                               .mount(bind_mount("/sys", "/mnt/one", {"bind", "ro"}))
                               .mount(bind_mount("/sys", "/mnt/all", {"rbind", "ro"})),
                           {{"report"}});
  auto const below = [&](std::string const& place) {
    return std::count_if(seen[0].at("mounts").begin(), seen[0].at("mounts").end(),
                         [&](Json const& mount) {
                           return mount.at("target").get<std::string>().starts_with(place + "/");
                         });
  };
  CHECK(below("/mnt/one") == 0);
  CHECK(below("/mnt/all") > 0);
}

TEST_CASE("a source in the container's root is what earlier mounts made it",
          "[spec:config#mounts][MUST]") {
  std::string const source = scratch() + "/source";
  make_directories(source);
  write_text(source + "/file", "from an earlier mount");
  Json const seen =
      inside(ordinary().mount(bind_mount(source, "/srv")).mount(bind_mount("rootfs/srv", "/mnt")),
             {{"read", "/mnt/file"}})[0];
  CHECK(seen.at("text") == "from an earlier mount");
}

// What move_mount(2) refuses with ELOOP: https://github.com/containers/crun/issues/2262
TEST_CASE("rbind takes a tree that a mount namespace is pinned in", "[contract:mounts]") {
  std::string const source = scratch() + "/pinned";
  make_directories(source);
  Container web(
      ordinary().mount(bind_mount(source, "/mnt", {"rbind"})).doing({{"read", "/mnt/file"}}));
  // The kernel takes it for a loop where the number of the new namespace is less than that of the
  // present one, as it may be on another processor.
  std::string const script = R"(
set -e
mount -t tmpfs tmpfs "$3"; echo beside >"$3/file"; : >"$3/ns"
for try in $(seq 100); do ! unshare --mount="$3/ns" true || break; done
grep -q " $3/ns .* nsfs " /proc/self/mountinfo
exec "$1" --root "$2" run --bundle "$4" "$5")";
  Result const result = run({{"unshare", "--mount", "--propagation", "private", "sh", "-c", script,
                              "sh", runtime_path(), state_root(), source, web.bundle(), web.id()},
                             "",
                             ""});
  INFO(result.err);
  CHECK_THAT(result.out, ContainsSubstring("beside"));
}

TEST_CASE("a bind source that does not exist is refused", "[spec:config#mounts][MUST]") {
  check_words(refusal(ordinary().mount(bind_mount("/no/such/source", "/mnt"))),
              "no such file or directory");
}

TEST_CASE("a directory on a file and a file on a directory are refused",
          "[spec:config#mounts][MUST]") {
  write_text(scratch() + "/file", "");
  check_words(refusal(ordinary().mount(bind_mount(scratch() + "/file", "/etc"))),
              "not a directory");
  check_words(refusal(ordinary().file("plain", "").mount(bind_mount(scratch(), "/plain"))),
              "not a directory");
}

TEST_CASE("a file system that the kernel does not have is refused", "[spec:config#mounts][MUST]") {
  check_words(refusal(ordinary().mount(
                  {{"destination", "/mnt"}, {"type", "nosuchfs"}, {"source", "none"}})),
              "no such device");
}

TEST_CASE("an option that the file system does not know is refused", "[spec:config#mounts][MUST]") {
  check_words(refusal(ordinary().mount(tmpfs("/mnt", Json::array({"nosuchoption=1"})))), "/mnt");
}

TEST_CASE("options that mount(8) does not know go to the file system",
          "[spec:config#linux-mount-options][SHOULD]") {
  auto const seen = inside(
      ordinary().mount(tmpfs("/mnt", {"size=64k", "mode=0710", "uid=5", "gid=6", "nr_inodes=20"})),
      {{"stat", "/mnt"}, {"report"}});
  CHECK(seen[0].at("permissions") == 0710);
  CHECK(seen[0].at("uid") == 5);
  CHECK(seen[0].at("gid") == 6);
  Json const super = mount_at(seen[1], "/mnt").at("super");
  CHECK(std::count(super.begin(), super.end(), "size=64k") == 1);
}

TEST_CASE("a tmpfs takes the mode of the directory it covers", "[contract:mounts]") {
  // runc since 1.2 and crun; runc 1.1 too where no mode is given.
  auto const seen = inside(ordinary().directory("mnt/sticky", 01777).mount(tmpfs("/mnt/sticky")),
                           {{"stat", "/mnt/sticky"}});
  CHECK(seen[0].at("permissions") == 01777);
}

TEST_CASE("tmpcopyup copies what it covers", "[spec:config#linux-mount-options][MAY]") {
  Bundle const bundle = ordinary()
                            .file("srv/data/file", "copied", 0640)
                            .link("srv/data/link", "file")
                            .directory("srv/data/sub", 0711)
                            .mount(tmpfs("/srv/data", {"tmpcopyup"}));
  Created web(bundle.doing({{"read", "/srv/data/file"},
                            {"stat", "/srv/data/file"},
                            {"stat", "/srv/data/link"},
                            {"stat", "/srv/data/sub"},
                            {"write", "/srv/data/new", ""}}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("text") == "copied");
  CHECK(web.answer().at("permissions") == 0640);
  CHECK(web.answer().at("link") == "file");
  CHECK(web.answer().at("permissions") == 0711);
  CHECK(web.answer().at("errno") == 0);
  web.wait();
  CHECK_FALSE(exists(web.rootfs() + "/srv/data/new"));
}

TEST_CASE("devpts is an instance of its own", "[spec:config-linux#default-filesystems][SHOULD]") {
  Json const seen = inside(ordinary(), {{"list", "/dev/pts"}})[0];
  CHECK(seen.at("names") == Json::array({"ptmx"}));
}

TEST_CASE("/proc shows the container's processes only", "[spec:config-linux#namespaces][MUST]") {
  Json const seen = inside(ordinary(), {{"list", "/proc"}})[0].at("names");
  auto const processes = std::count_if(seen.begin(), seen.end(), [](Json const& name) {
    return name.get<std::string>().find_first_not_of("0123456789") == std::string::npos;
  });
  CHECK(processes == 1);
}

TEST_CASE("message queues are the ipc namespace's", "[spec:config-linux#namespaces][MUST]") {
  auto const seen = inside(ordinary(), {{"mqueue", "/mine", "make"}, {"list", "/dev/mqueue"}});
  CHECK(seen[0].at("errno") == 0);
  CHECK(seen[1].at("names") == Json::array({"mine"}));
}

TEST_CASE("a cgroup mount shows the container's cgroup", "[contract:mounts]") {
  Bundle const bundle = ordinary().mount({{"destination", "/sys/fs/cgroup"},
                                          {"type", "cgroup"},
                                          {"source", "cgroup"},
                                          {"options", {"nosuid", "noexec", "nodev", "ro"}}});
  std::string const place = world() == World::v2 ? "" : "/pids";
  auto const seen = inside(bundle, {{"read", "/sys/fs/cgroup" + place + "/cgroup.procs"},
                                    {"mkdir", "/sys/fs/cgroup" + place + "/new"}});
  CHECK(seen[0].at("text") == "1\n");
  CHECK(seen[1].at("errno") == EROFS);
}

TEST_CASE("a cgroup mount works without a cgroup namespace", "[contract:mounts]") {
  Bundle const bundle = ordinary().without_namespace("cgroup").mount(
      {{"destination", "/sys/fs/cgroup"},
       {"type", "cgroup"},
       {"source", "cgroup"},
       {"options", {"nosuid", "noexec", "nodev", "ro"}}});
  std::string const place = world() == World::v2 ? "" : "/pids";
  auto const seen = inside(bundle, {{"read", "/sys/fs/cgroup" + place + "/cgroup.procs"},
                                    {"mkdir", "/sys/fs/cgroup" + place + "/new"}});
  CHECK(seen[0].at("errno") == 0);
  CHECK(seen[1].at("errno") == EROFS);
}

TEST_CASE("mounts of the host appear in a slave mount", "[spec:config#linux-mount-options][MUST]") {
  std::string const source = scratch() + "/shared";
  make_directories(source);
  Container web(ordinary().mount(bind_mount(source, "/mnt", {"rbind", "rslave"})));
  // In a mount namespace of its own, so that this one stays as it is.
  std::string const script = R"(
set -e
mount -t tmpfs tmpfs "$3"; mount --make-shared "$3"; mkdir "$3/late"
"$1" --root "$2" run --detach --bundle "$4" --pid-file "$4/pid" "$5" >/dev/null
mount -t tmpfs tmpfs "$3/late"
grep ' /mnt/late ' "/proc/$(cat "$4/pid")/mountinfo")";
  Result const result = run({{"unshare", "--mount", "--propagation", "private", "sh", "-c", script,
                              "sh", runtime_path(), state_root(), source, web.bundle(), web.id()},
                             "",
                             ""});
  INFO(result.err);
  CHECK(result.ok());
}

TEST_CASE("mounts in a private mount stay unseen", "[spec:config#linux-mount-options][MUST]") {
  Json const seen = report(ordinary().mount(bind_mount("/sys", "/mnt", {"rbind", "rprivate"})));
  for (auto const& mount : seen.at("mounts")) {
    if (!mount.at("target").get<std::string>().starts_with("/mnt")) continue;
    CHECK(mount.at("propagation") == Json::array());
  }
}

TEST_CASE("propagation words set the propagation", "[spec:config#linux-mount-options][MUST]") {
  auto const propagation = [](char const* word) {
    Json options = {"mode=755"};
    options.push_back(word);
    Json const mount = mount_at(report(ordinary().mount(tmpfs("/mnt", options))), "/mnt");
    return mount.at("propagation").dump();
  };
  for (char const* word : {"shared", "rshared"}) {
    CAPTURE(word);
    CHECK_THAT(propagation(word), ContainsSubstring("shared:"));
  }
  for (char const* word : {"unbindable", "runbindable"}) {
    CAPTURE(word);
    CHECK_THAT(propagation(word), ContainsSubstring("unbindable"));
  }
  for (char const* word : {"private", "rprivate", "slave", "rslave"}) {
    CAPTURE(word);
    CHECK(propagation(word) == "[]");
  }
}

TEST_CASE("an idmapped bind shows other owners", "[spec:config#linux-mount-options][SHOULD]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  std::string const source = scratch() + "/owned";
  make_directories(source);
  write_text(source + "/file", "");
  REQUIRE(chown((source + "/file").c_str(), 1000, 1000) == 0);
  Json const map = Json::array({{{"containerID", 1000}, {"hostID", 2000}, {"size", 1}}});
  Json mount = bind_mount(source, "/mnt", {"bind", "idmap"});
  mount["uidMappings"] = map;
  mount["gidMappings"] = map;
  Json const seen = inside(ordinary().mount(mount), {{"stat", "/mnt/file"}})[0];
  CHECK(seen.at("uid") == 2000);
  CHECK(seen.at("gid") == 2000);
}

// EOVERFLOW: "Value too large for defined data type", as touch(1) says it.
TEST_CASE("an id that an idmapped mount does not know can make no file there",
          "[contract:2.9/idmap-range]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  std::string const source = scratch() + "/owned";
  make_directories(source);
  REQUIRE(chmod(source.c_str(), 0777) == 0);
  Json const map = Json::array({{{"containerID", 1000}, {"hostID", 2000}, {"size", 1}}});
  Json mount = bind_mount(source, "/mnt", {"bind", "idmap"});
  mount["uidMappings"] = map;
  mount["gidMappings"] = map;
  CHECK(inside(ordinary().mount(mount), {{"write", "/mnt/file", ""}})[0].at("errno") == EOVERFLOW);
}

TEST_CASE("an idmap in a user namespace is its mapping by default",
          "[spec:config#linux-mount-options][MAY]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  std::string const source = scratch() + "/owned";
  make_directories(source);
  write_text(source + "/file", "");
  REQUIRE(chown((source + "/file").c_str(), 7, 8) == 0);
  Json const seen = inside(userns().mount(bind_mount(source, "/mnt", {"bind", "idmap"})),
                           {{"stat", "/mnt/file"}})[0];
  CHECK(seen.at("uid") == 7);
  CHECK(seen.at("gid") == 8);
}

TEST_CASE("idmap is for the mount alone, ridmap for the mounts below as well",
          "[spec:config#linux-mount-options][SHOULD]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  // Below is the same file system once more, as not every kernel maps the ids of every kind.
  std::string const source = scratch() + "/owned", other = scratch() + "/other";
  make_directories(source + "/below");
  make_directories(other);
  REQUIRE(chown(source.c_str(), 1000, 1000) == 0);
  REQUIRE(chown(other.c_str(), 1000, 1000) == 0);
  REQUIRE(mount(other.c_str(), (source + "/below").c_str(), "", MS_BIND, nullptr) == 0);
  Json const map = Json::array({{{"containerID", 1000}, {"hostID", 2000}, {"size", 1}}});
  for (auto const& [word, below] : {std::pair("idmap", 1000), std::pair("ridmap", 2000)}) {
    CAPTURE(word);
    Json entry = bind_mount(source, "/mnt", {"rbind", word});
    entry["uidMappings"] = entry["gidMappings"] = map;
    auto const seen = inside(ordinary().mount(entry), {{"stat", "/mnt"}, {"stat", "/mnt/below"}});
    CHECK(seen[0].at("uid") == 2000);
    CHECK(seen[1].at("uid") == below);
  }
  CHECK(umount2((source + "/below").c_str(), MNT_DETACH) == 0);
}

TEST_CASE("a new file system shows other owners too", "[spec:config#linux-mount-options][SHOULD]") {
  NEEDS_IDMAPPED_MOUNTS("fsopen", "fsconfig", "fsmount", "move_mount", "mount_setattr");
  if (!is_proa()) SKIP_BECAUSE("runc maps the ids of bind mounts only");
  if (!kernel_is_from(6, 3)) SKIP_BECAUSE("this kernel does not map the ids of a tmpfs");
  Json entry = tmpfs("/mnt", {"idmap", "uid=1000", "gid=1000"});
  entry["uidMappings"] = entry["gidMappings"] =
      Json::array({{{"containerID", 1000}, {"hostID", 2000}, {"size", 1}}});
  Json const seen = inside(ordinary().mount(entry), {{"stat", "/mnt"}})[0];
  CHECK(seen.at("uid") == 2000);
  CHECK(seen.at("gid") == 2000);
}

TEST_CASE("an idmap is relative to the container's user namespace with an @",
          "[contract:crun][proa]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  std::string const source = scratch() + "/owned";
  make_directories(source);
  REQUIRE(chown(source.c_str(), 1, 1) == 0);
  Json const entry = bind_mount(source, "/mnt", {"bind", "idmap=uids=@1-7-1;gids=@1-8-1"});
  Json const seen = inside(userns().mount(entry), {{"stat", "/mnt"}})[0];
  CHECK(seen.at("uid") == 7);
  CHECK(seen.at("gid") == 8);
}

TEST_CASE("an idmap in a user namespace that is joined is its mapping",
          "[spec:config#linux-mount-options][MAY]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  Created const other(userns().doing({{"pause"}}));
  std::string const source = scratch() + "/owned";
  make_directories(source);
  REQUIRE(chown(source.c_str(), 7, 8) == 0);
  std::string const path = "/proc/" + std::to_string(other.pid()) + "/ns/user";
  Bundle const bundle = userns()
                            .with_namespace("user", path)
                            .with({{"linux", {{"uidMappings", nullptr}, {"gidMappings", nullptr}}}})
                            .mount(bind_mount(source, "/mnt", {"bind", "idmap"}));
  Json const seen = inside(bundle, {{"stat", "/mnt"}})[0];
  CHECK(seen.at("uid") == 7);
  CHECK(seen.at("gid") == 8);
}

TEST_CASE("a file system that cannot map ids is an error",
          "[spec:config#linux-mount-options][MUST]") {
  NEEDS_IDMAPPED_MOUNTS("open_tree", "move_mount", "mount_setattr");
  Json entry = bind_mount("/proc", "/mnt", {"bind", "idmap"});
  entry["uidMappings"] = entry["gidMappings"] =
      Json::array({{{"containerID", 0}, {"hostID", 1}, {"size", 1}}});
  check_words(refusal(ordinary().mount(entry)), "does not support id-mapped mounts");
}

TEST_CASE("an idmap without mappings and without a user namespace is refused",
          "[spec:config#linux-mount-options][MUST]") {
  refusal(ordinary().mount(bind_mount("rootfs/srv", "/mnt", {"bind", "idmap"})).directory("srv"));
}

TEST_CASE("uidMappings without gidMappings are refused", "[spec:config#posix-mounts][MUST]") {
  Json mount = bind_mount("rootfs/srv", "/mnt", {"bind", "idmap"});
  mount["uidMappings"] = Json::array({{{"containerID", 0}, {"hostID", 1}, {"size", 1}}});
  refusal(ordinary().directory("srv").mount(mount));
}

}  // namespace conformance
