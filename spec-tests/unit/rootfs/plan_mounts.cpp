// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/plan_mounts.hpp"

#include <vector>

#include "base/log.hpp"
#include "catch.hpp"
#include "sandbox.hpp"

using namespace proa;
using namespace proa::rootfs;

namespace {

/// What a plan warns of.
struct Warnings final : log::Sink {
  Warnings() : before(log::use(this)) {}
  Warnings(Warnings const&) = delete;
  ~Warnings() { log::use(before); }
  void line(log::Level, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
  log::Sink* before;
};

struct World {
  Spec spec = sandbox::minimal();
  Host host;
  std::vector<CgroupView> cgroups;
  bool selinux = false;

  explicit World(std::vector<spec::Mount> mounts = {}) { spec.mounts = std::move(mounts); }
  World& with(spec::NamespaceType type) {
    spec.linux.namespaces.push_back({type, ""});
    return *this;
  }
  std::vector<Step> steps() const {
    return plan_mounts({spec, host, "/b", cgroups, false, selinux});
  }
  Step only() const {
    auto const all = steps();
    REQUIRE(all.size() == 1);
    return all[0];
  }
  std::string error() const {
    try {
      steps();
    } catch (Error const& error) {
      return error.text();
    }
    return "no error";
  }
};

Step only(spec::Mount mount) { return World({std::move(mount)}).only(); }
std::string error_of(spec::Mount mount) { return World({std::move(mount)}).error(); }

spec::Mount tmpfs(std::vector<std::string> options, std::string destination = "/mnt") {
  return sandbox::mount(std::move(destination), "tmpfs", "tmpfs", std::move(options));
}

/// A hybrid host's controllers.
std::vector<CgroupView> hybrid_views() {
  return {{"cpu,cpuacct", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/c",
           "/sys/fs/cgroup/cpu,cpuacct", false},
          {"systemd", "name=systemd", "/sys/fs/cgroup/systemd/c", "/sys/fs/cgroup/systemd", false},
          {"", "", "/sys/fs/cgroup/unified/c", "/sys/fs/cgroup/unified", true}};
}

spec::Mount cgroup(std::vector<std::string> options = {"nosuid", "noexec", "nodev", "ro"}) {
  return sandbox::mount("/sys/fs/cgroup", "cgroup", "cgroup", std::move(options));
}

CgroupHierarchy unified_hierarchy() {
  CgroupHierarchy hierarchy;
  hierarchy.v2 = true;
  hierarchy.mount = "/sys/fs/cgroup";
  return hierarchy;
}

}  // namespace

TEST_CASE("mounts are planned in the listed order", "[spec:config#mounts][MUST]") {
  auto const steps = World({tmpfs({}, "/c"), sandbox::bind("/x", "/a"), tmpfs({}, "/b")}).steps();
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].destination == "/c");
  CHECK(steps[1].destination == "/a");
  CHECK(steps[2].destination == "/b");
  CHECK(steps[1].pointer == "/mounts/1");
}

TEST_CASE("a relative destination is taken relative to /", "[spec:config#mounts][MUST]") {
  Warnings warnings;
  CHECK(only(tmpfs({}, "mnt/x")).destination == "/mnt/x");
  REQUIRE(warnings.lines.size() == 1);
  CHECK_THAT(warnings.lines[0], ContainsSubstring("/mounts/0/destination: mnt/x is relative"));
}

TEST_CASE("a destination is cleaned by its text alone") {
  CHECK(only(tmpfs({}, "/a/../b//./c/")).destination == "/b/c");
  CHECK(only(tmpfs({}, "/../..")).destination == "/");
}

TEST_CASE("a mount is a bind mount if its options say so, whatever its type",
          "[spec:config#mounts][MUST]") {
  auto const* const type = GENERATE("none", "bind", "tmpfs", "");
  auto const* const word = GENERATE("bind", "rbind");
  auto const step = only(sandbox::mount("/mnt", type, "/src", {word}));
  CHECK(step.action == Action::bind);
  CHECK(step.source == "/src");
  CHECK(((step.flags & MS_REC) != 0) == (std::string(word) == "rbind"));
}

TEST_CASE("type bind without the option is refused", "[spec:config#mounts]") {
  CHECK(error_of(sandbox::mount("/mnt", "bind", "/src")) ==
        "/mounts/0/options: a bind mount has bind or rbind among them");
}

TEST_CASE("a bind mount's source is relative to the bundle", "[spec:config#mounts][MUST]") {
  CHECK(only(sandbox::bind("data", "/mnt")).source == "/b/data");
  CHECK(only(sandbox::bind("/data", "/mnt")).source == "/data");
}

TEST_CASE("what a mount needs and lacks is named", "[spec:config#mounts]") {
  struct Case {
    spec::Mount mount;
    char const* text;
  };
  std::vector<Case> const cases = {
      {tmpfs({}, ""), "/mounts/0/destination: empty"},
      {sandbox::mount("/mnt", "", ""), "/mounts/0/type: required"},
      {sandbox::bind("", "/mnt"), "/mounts/0/source: required for a bind mount"},
      {sandbox::mount(std::string("/m\0nt", 5), "tmpfs", ""),
       "/mounts/0/destination: contains a null character"},
      {sandbox::bind(std::string("/a\0b", 4), "/mnt"),
       "/mounts/0/source: contains a null character"},
      {tmpfs({"ro", std::string("mode\0", 5)}), "/mounts/0/options/1: contains a null character"},
  };
  for (auto const& each : cases) CHECK(error_of(each.mount) == each.text);
}

namespace {

std::optional<IdMap> id_map_of(spec::Mount mount) {
  World world({std::move(mount)});
  world.with(spec::NamespaceType::user);
  world.spec.linux.uid_mappings = {{0, 0, 1}, {1, 2, 1000}};
  world.spec.linux.gid_mappings = {{0, 100, 50}};
  return world.only().id_map;
}

spec::Mount mapped_by(std::string option) {
  auto mount = sandbox::bind("/src", "/mnt");
  mount.options = {"rbind", "ro", std::move(option)};
  return mount;
}

}  // namespace

TEST_CASE("a mount's ids are mapped as it says, or as the container's",
          "[spec:config#linux-mount-options][MUST]") {
  CHECK_FALSE(id_map_of(sandbox::bind("/src", "/mnt")));
  auto mapped = mapped_by("idmap");
  CHECK(id_map_of(mapped) == IdMap{{{0, 0, 1}, {1, 2, 1000}}, {{0, 100, 50}}, false});
  mapped.uid_mappings = {{0, 1000, 1}};
  mapped.gid_mappings = {{0, 2000, 1}};
  CHECK(id_map_of(mapped) == IdMap{{{0, 1000, 1}}, {{0, 2000, 1}}, false});
  mapped.options = {"rbind", "ridmap"};
  CHECK(id_map_of(mapped) == IdMap{{{0, 1000, 1}}, {{0, 2000, 1}}, true});
  // What is given is not ignored where the option has been forgotten.
  mapped.options = {"bind"};
  CHECK(id_map_of(mapped) == IdMap{{{0, 1000, 1}}, {{0, 2000, 1}}, false});
}

TEST_CASE("crun's option brings mappings with it", "[contract:crun]") {
  CHECK(id_map_of(mapped_by("idmap=uids=0-1-10#10-11-10;gids=0-100-10")) ==
        IdMap{{{0, 1, 10}, {10, 11, 10}}, {{0, 100, 10}}, false});
  CHECK(id_map_of(mapped_by("ridmap=uids=@1-3-10;gids=@5-7-1")) ==
        IdMap{{{1, 4, 10}}, {{5, 107, 1}}, true});
}

TEST_CASE("a mapping in crun's option that makes no sense is refused", "[contract:crun]") {
  auto const refusal = [](std::string option) {
    try {
      (void)id_map_of(mapped_by(std::move(option)));
    } catch (Error const& error) {
      return error.text();
    }
    return std::string("planned");
  };
  CHECK(refusal("idmap=uids=0-1;gids=0-1-1") ==
        "/mounts/0/options/2: expected START-HOST-COUNT, got \"0-1\"");
  CHECK(refusal("idmap=uids=0-1-0;gids=0-1-1") ==
        "/mounts/0/options/2: expected START-HOST-COUNT, got \"0-1-0\"");
  CHECK(refusal("idmap=uids=0-1-1") ==
        "/mounts/0/options/2: uids and gids have to be given together");
  CHECK(refusal("idmap=users=0-1-1") ==
        "/mounts/0/options/2: expected uids=... or gids=..., got \"users=0-1-1\"");
  CHECK(
      refusal("idmap=uids=@0-990-20;gids=0-1-1") ==
      "/mounts/0/options/2: no mapping of the user namespace has the container's ids 990 to 1009");
}

TEST_CASE("what is no mount of its own has no mapping", "[spec:config#linux-mount-options]") {
  auto mapped = tmpfs({"remount", "idmap"});
  mapped.uid_mappings = mapped.gid_mappings = {{0, 1000, 1}};
  CHECK(error_of(mapped) ==
        "/mounts/0: only a bind mount or a new file system can show other ids "
        "(config.md#linux-mount-options)");
}

TEST_CASE("a bind mount has no file system to give options to", "[spec:config#mounts]") {
  Warnings warnings;
  auto const step = only(sandbox::bind("/src", "/mnt", {"mode=755", "ro"}));
  CHECK(step.parameters.empty());
  REQUIRE(warnings.lines.size() == 1);
  CHECK_THAT(warnings.lines[0], ContainsSubstring("/mounts/0/options/1: mode=755 is left out"));
}

TEST_CASE("a bind mount's flags become attributes", "[spec:config#mounts][MUST]") {
  auto const step = only(sandbox::bind("/src", "/mnt", {"ro", "nosuid", "rro", "rslave"}));
  CHECK(step.top.set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID));
  CHECK((step.top.clear & MOUNT_ATTR_NODEV) != 0);
  CHECK(step.recursive.set == MOUNT_ATTR_RDONLY);
  CHECK(step.propagation == std::vector<unsigned long>{MS_SLAVE | MS_REC});
}

TEST_CASE("unknown options become parameters of the file system", "[spec:config#mounts][SHOULD]") {
  auto const step = only(tmpfs({"nosuid", "mode=755", "size=64k", "nr_inodes=", "huge", "=x"}));
  CHECK(step.parameters == std::vector<Parameter>{{"mode", "755"},
                                                  {"size", "64k"},
                                                  {"nr_inodes", ""},
                                                  {"huge", std::nullopt},
                                                  {"=x", std::nullopt}});
  CHECK_FALSE(step.only_mount2);
}

TEST_CASE("an option may hold several parameters") {
  auto const step = only(tmpfs({"mode=755,size=64k,,huge"}));
  CHECK(step.parameters ==
        std::vector<Parameter>{{"mode", "755"}, {"size", "64k"}, {"huge", std::nullopt}});
}

TEST_CASE("commas that a file system itself unquotes are left to mount(2)") {
  auto const step =
      only(sandbox::mount("/mnt", "overlay", "o", {"lowerdir=/a\\,b:/c,upperdir=/d"}));
  CHECK(step.only_mount2);
  CHECK(step.parameters ==
        std::vector<Parameter>{{"lowerdir=/a\\,b:/c,upperdir=/d", std::nullopt}});
}

TEST_CASE("what fsconfig(2) cannot take is left to mount(2)") {
  CHECK(only(sandbox::mount("/mnt", "overlay", "o", {"lowerdir=" + std::string(300, 'x')}))
            .only_mount2);
  CHECK(only(tmpfs({"iversion"})).only_mount2);
  CHECK(only(tmpfs({"silent"})).only_mount2);
  CHECK(only(sandbox::mount("/mnt", "fuse.sshfs", "host:")).only_mount2);
  CHECK_FALSE(only(tmpfs({"lazytime", "sync", "dirsync", "loud", "noiversion"})).only_mount2);
}

TEST_CASE("superblock flags are told from those of the mount", "[spec:config#mounts][MUST]") {
  auto const step = only(
      sandbox::mount("/mnt", "ext4", "/dev/x", {"ro", "sync", "dirsync", "lazytime", "nosuid"}));
  CHECK(step.superblock == (MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME));
  CHECK(step.top.set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID));
}

TEST_CASE("the source of a file system defaults to its type") {
  CHECK(only(sandbox::mount("/mnt", "tmpfs", "")).source == "tmpfs");
}

TEST_CASE("a tmpfs takes the mode of what it covers unless it is given one") {
  CHECK(only(tmpfs({"size=1k"})).inherit_mode);
  CHECK_FALSE(only(tmpfs({"size=1k,mode=700"})).inherit_mode);
  CHECK_FALSE(only(sandbox::mount("/mnt", "ramfs", "")).inherit_mode);
}

TEST_CASE("tmpfs and /dev become read-only when all is made in them") {
  auto const step = only(tmpfs({"ro", "nodev"}));
  CHECK(step.readonly_later);
  CHECK((step.flags & MS_RDONLY) == 0);
  CHECK((step.superblock & MS_RDONLY) == 0);
  CHECK(step.top.set == MOUNT_ATTR_NODEV);
  auto const dev = only(sandbox::bind("/host-dev", "/dev", {"ro"}));
  CHECK(dev.readonly_later);
  CHECK((dev.top.set & MOUNT_ATTR_RDONLY) == 0);
  CHECK_FALSE(only(sandbox::bind("/x", "/mnt", {"ro"})).readonly_later);
}

TEST_CASE("tmpcopyup is for a tmpfs only", "[spec:config#linux-mount-options][MAY]") {
  CHECK(only(tmpfs({"tmpcopyup"})).copy_up);
  CHECK(error_of(sandbox::bind("/x", "/mnt", {"tmpcopyup"})) ==
        "/mounts/0/options/1: only a tmpfs can start as a copy");
  CHECK(error_of(sandbox::mount("/mnt", "ext4", "/dev/x", {"tmpcopyup"})) ==
        "/mounts/0/options/0: only a tmpfs can start as a copy");
}

TEST_CASE("links of source and destination can be taken as they are") {
  auto const step = only(sandbox::bind("/x", "/mnt", {"src-nofollow", "dest-nofollow"}));
  CHECK(step.source_itself);
  CHECK(step.lookup == Lookup::itself);
  CHECK(only(sandbox::bind("/x", "/mnt", {"copy-symlink"})).copy_symlink);
  CHECK(error_of(sandbox::bind("/x", "/mnt", {"copy-symlink", "src-nofollow"})) ==
        "/mounts/0/options/1: excludes src-nofollow and dest-nofollow");
}

TEST_CASE("remount keeps its flags and its parameters", "[spec:config#linux-mount-options][MUST]") {
  auto const step = only(tmpfs({"remount", "ro", "size=2k"}));
  CHECK(step.action == Action::remount);
  CHECK(step.flags == (MS_REMOUNT | MS_RDONLY));
  CHECK(step.parameters == std::vector<Parameter>{{"size", "2k"}});
  auto const bound = only(sandbox::mount("/mnt", "", "", {"bind", "remount", "ro"}));
  CHECK(bound.action == Action::remount);
  CHECK(bound.top.set == MOUNT_ATTR_RDONLY);
}

// --- /proc ---------------------------------------------------------------------------------------

TEST_CASE("nothing is mounted inside /proc but what is harmless", "[security]") {
  auto const* const path = GENERATE("/proc/self/attr", "/proc/net/dev", "/proc/sys",
                                    "/proc/sysrq-trigger", "/foo/../proc/1", "proc/x");
  CAPTURE(path);
  CHECK_THAT(error_of(sandbox::bind("/x", path)), ContainsSubstring("is inside /proc"));
}

TEST_CASE("the error names the destination inside /proc", "[security]") {
  CHECK(World({tmpfs({}), sandbox::bind("/x", "/proc/self/exe")}).error() ==
        "/mounts/1/destination: /proc/self/exe is inside /proc");
}

TEST_CASE("files that are emulated for containers may be covered", "[security]") {
  auto const* const path =
      GENERATE("/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps",
               "/proc/uptime", "/proc/loadavg", "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid",
               "/proc/sys/crypto/fips_enabled");
  CHECK(only(sandbox::bind("/x", path)).over_proc == OverProc::yes);
}

TEST_CASE("/proc itself is for a procfs", "[security]") {
  CHECK(only(sandbox::mount("/proc", "proc", "proc")).over_proc == OverProc::yes);
  CHECK(only(sandbox::bind("/proc", "/proc")).over_proc == OverProc::proc_only);
  CHECK(error_of(tmpfs({}, "/proc")) ==
        "/mounts/0/type: tmpfs cannot be mounted on /proc, only proc can");
  CHECK(only(tmpfs({}, "/procfs")).over_proc == OverProc::no);
}

TEST_CASE("procfs and sysfs are mounted through no link", "[security]") {
  auto const* const type = GENERATE("proc", "sysfs");
  CHECK(only(sandbox::mount("/mnt", type, type)).lookup == Lookup::plain);
  CHECK(only(tmpfs({})).lookup == Lookup::follow);
}

TEST_CASE("sysfs may be bound where a user namespace may not mount it") {
  World world({sandbox::mount("/sys", "sysfs", "sysfs", {"ro"})});
  CHECK(world.only().instead.source.empty());
  world.with(spec::NamespaceType::user);
  CHECK(world.only().instead.source == "/sys");
  CHECK(world.only().instead.whole_tree);
}

TEST_CASE("the group of devpts is left out where it is not mapped") {
  World world({sandbox::mount("/dev/pts", "devpts", "devpts", {"gid=5", "mode=620"})});
  world.spec.linux.gid_mappings = {{0, 1000, 1}};
  SECTION("in a user namespace") {
    Warnings warnings;
    world.with(spec::NamespaceType::user);
    CHECK(world.only().parameters == std::vector<Parameter>{{"mode", "620"}});
    CHECK(warnings.lines.size() == 1);
  }
  SECTION("not without one") { CHECK(world.only().parameters.size() == 2); }
  SECTION("not when it is mapped") {
    world.with(spec::NamespaceType::user).spec.linux.gid_mappings = {{0, 1000, 6}};
    CHECK(world.only().parameters.size() == 2);
  }
}

// --- SELinux -------------------------------------------------------------------------------------

TEST_CASE("the mount label is a parameter of file systems that take one",
          "[spec:config-linux#mount-label]") {
  World world;
  world.spec.linux.mount_label = "u:r:t:s0:c1,c2";
  world.selinux = true;
  struct Case {
    char const* type;
    bool labelled;
  };
  auto const each = GENERATE(values<Case>({{"tmpfs", true},
                                           {"devpts", true},
                                           {"overlay", true},
                                           {"proc", false},
                                           {"sysfs", false},
                                           {"mqueue", false}}));
  world.spec.mounts = {sandbox::mount("/mnt", each.type, each.type)};
  CAPTURE(each.type);
  Parameter const label{"context", "u:r:t:s0:c1,c2"};
  auto const step = world.only();
  CHECK((std::find(step.parameters.begin(), step.parameters.end(), label) !=
         step.parameters.end()) == each.labelled);
  CHECK(step.label.empty() == (std::string(each.type) != "mqueue"));
}

TEST_CASE("without SELinux the mount label has no effect", "[spec:config-linux#mount-label]") {
  World world({tmpfs({"mode=1"})});
  world.spec.linux.mount_label = "label";
  CHECK(world.only().parameters.size() == 1);
}

TEST_CASE("the kind of context can be annotated") {
  World world({tmpfs({"mode=1"})});
  world.spec.linux.mount_label = "label";
  world.selinux = true;
  world.spec.annotations["run.oci.mount_context_type"] = "rootcontext";
  CHECK(world.only().parameters.back() == Parameter{"rootcontext", "label"});
  world.spec.annotations["run.oci.mount_context_type"] = "other";
  CHECK(world.error() == "/annotations/run.oci.mount_context_type: unknown context type other");
}

TEST_CASE("a context that the config gives itself is kept") {
  World world({tmpfs({"mode=1", "context=mine"})});
  world.spec.linux.mount_label = "label";
  world.selinux = true;
  CHECK(world.only().parameters.size() == 2);
}

// --- cgroups -------------------------------------------------------------------------------------

TEST_CASE("on v2 a new cgroup namespace gets the hierarchy itself", "[cgroup]") {
  World world({cgroup()});
  world.host.cgroups.hierarchies = {unified_hierarchy()};
  world.cgroups = {{"", "", "/sys/fs/cgroup/c", "/sys/fs/cgroup", true}};
  auto const step = world.with(spec::NamespaceType::cgroup).only();
  CHECK(step.action == Action::filesystem);
  CHECK(step.type == "cgroup2");
  CHECK(step.instead.source == "/sys/fs/cgroup/c");
  CHECK(step.top.set ==
        (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  CHECK(step.superblock == 0);
  CHECK_FALSE(step.readonly_later);
}

TEST_CASE("on v2 the host's cgroup namespace gets the container's cgroup bound", "[cgroup]") {
  World world({cgroup()});
  world.host.cgroups.hierarchies = {unified_hierarchy()};
  world.host.cgroups.hierarchies[0].own = "/ours";
  world.cgroups = {{"", "", "/sys/fs/cgroup/c", "/sys/fs/cgroup", true}};
  auto const step = world.only();
  CHECK(step.action == Action::bind);
  CHECK(step.source == "/sys/fs/cgroup/c");
  CHECK(step.if_missing == "/sys/fs/cgroup/ours");
  CHECK((step.top.set & MOUNT_ATTR_RDONLY) != 0);
}

TEST_CASE("on v2 without a cgroup of its own the container sees the whole", "[cgroup]") {
  World world({cgroup()});
  world.host.cgroups.hierarchies = {unified_hierarchy()};
  CHECK(world.only().source == "/sys/fs/cgroup");
}

TEST_CASE("on a hybrid host each hierarchy has its directory in a tmpfs", "[cgroup]") {
  World world({cgroup()});
  world.cgroups = hybrid_views();
  auto const steps = world.with(spec::NamespaceType::cgroup).steps();
  REQUIRE(steps.size() == 6);
  CHECK(steps[0].type == "tmpfs");
  CHECK(steps[0].readonly_later);
  CHECK(steps[0].parameters == std::vector<Parameter>{{"mode", "755"}});
  CHECK(steps[1].type == "cgroup");
  CHECK(steps[1].destination == "/sys/fs/cgroup/cpu,cpuacct");
  CHECK(steps[1].parameters ==
        std::vector<Parameter>{{"cpu", std::nullopt}, {"cpuacct", std::nullopt}});
  CHECK(steps[1].instead.source == "/sys/fs/cgroup/cpu,cpuacct/c");
  CHECK(steps[2].action == Action::link);
  CHECK(steps[2].destination == "/sys/fs/cgroup/cpu");
  CHECK(steps[2].source == "cpu,cpuacct");
  CHECK(steps[3].destination == "/sys/fs/cgroup/cpuacct");
  CHECK(steps[4].parameters == std::vector<Parameter>{{"name", "systemd"}});
  CHECK(steps[5].type == "cgroup2");
  CHECK(steps[5].destination == "/sys/fs/cgroup/unified");
}

TEST_CASE("on a hybrid host the host's cgroup namespace gets binds", "[cgroup]") {
  World world({cgroup({"rw"})});
  world.cgroups = hybrid_views();
  auto const steps = world.steps();
  REQUIRE(steps.size() == 6);
  CHECK_FALSE(steps[0].readonly_later);
  CHECK(steps[1].action == Action::bind);
  CHECK(steps[1].source == "/sys/fs/cgroup/cpu,cpuacct/c");
  CHECK(steps[5].source == "/sys/fs/cgroup/unified/c");
}

TEST_CASE("type cgroup2 is the v2 hierarchy on a hybrid host too", "[cgroup]") {
  World world({sandbox::mount("/cg", "cgroup2", "cgroup2")});
  world.cgroups = hybrid_views();
  CHECK(world.only().source == "/sys/fs/cgroup/unified/c");
  world.cgroups.clear();
  CHECK(world.error() == "/mounts/0/type: this host has no cgroup v2 hierarchy");
}
