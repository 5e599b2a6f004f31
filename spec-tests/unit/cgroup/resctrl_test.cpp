// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#intelrdt on a tree of plain files: the kernel's answers to a write are not there.

#include "cgroup/resctrl.hpp"

#include <fcntl.h>
#include <stdlib.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"

using namespace proa;
using namespace proa::cgroup;

namespace {

/// A directory in the place of /sys/fs/resctrl; files in a new group come with make_files().
class Resctrl {
 public:
  Resctrl() {
    char name[] = "/tmp/proa-resctrl-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    root = name;
    make_files(root);
  }
  Resctrl(Resctrl const&) = delete;
  ~Resctrl() { remove(root); }

  void make_files(std::string const& group) const {
    write(group + "/schemata", "    MB:0=100;1=100\n    L3:0=007f0;1=0001f\n");
    write(group + "/tasks", "");
    (void)linux::mkdir_at(linux::at_cwd, group + "/mon_groups", 0755);
  }
  void make_group(std::string const& name) const {
    linux::mkdir_at(linux::at_cwd, root + "/" + name, 0755).or_fail("make {}", name);
    make_files(root + "/" + name);
  }
  static void write(std::string const& path, std::string const& text) {
    auto const file =
        linux::open_at(linux::at_cwd, path, O_WRONLY | O_CREAT, 0644).or_fail("make {}", path);
    linux::write_all(file, text).or_fail("write {}", path);
  }
  std::string read(std::string const& file) const {
    return linux::read_file(linux::at_cwd, root + "/" + file).or_fail("read {}", file);
  }
  bool has(std::string const& file) const {
    return bool(linux::access_at(linux::at_cwd, root + "/" + file, 0));
  }

  std::string root;

 private:
  static void remove(std::string const& path) {
    auto const dir = linux::open_at(linux::at_cwd, path, O_RDONLY | O_DIRECTORY);
    if (!dir) {
      linux::unlink_at(linux::at_cwd, path).ignore();
      return;
    }
    for (auto const& name : *linux::names_in(*dir)) remove(path + "/" + name);
    linux::unlink_at(linux::at_cwd, path, AT_REMOVEDIR).ignore();
  }
};

std::string refusal(spec::IntelRdt const& rdt, std::string const& root) {
  try {
    (void)make_resctrl(plan_resctrl(rdt, "web", root));
  } catch (Error const& error) {
    return error.text();
  }
  return "made";
}

spec::IntelRdt named(std::string const& id) {
  spec::IntelRdt rdt;
  rdt.clos_id = id;
  return rdt;
}

}  // namespace

TEST_CASE("the lines of a schemata file are written in the spec's order",
          "[spec:config-linux#intelrdt][MUST]") {
  spec::IntelRdt rdt;
  rdt.l3_cache_schema = "L3:0=7f0";
  rdt.mem_bw_schema = "MB:0=20";
  rdt.schemata = {"L2:0=f", "L3:1=1"};
  auto const plan = plan_resctrl(rdt, "web", "/r");
  CHECK(plan.schemata == "L3:0=7f0\nMB:0=20\nL2:0=f\nL3:1=1\n");
  CHECK(plan.group == "/r/web");
  CHECK(plan.monitoring.empty());
  CHECK(plan_resctrl(named("/"), "web", "/r").group == "/r");
  CHECK(plan_resctrl(named("gold"), "web", "/r").group == "/r/gold");
  CHECK(plan_resctrl(named("gold"), "web", "/r").schemata.empty());
}

TEST_CASE("without closID the group is the container's own, and goes with it",
          "[spec:config-linux#intelrdt][MUST]") {
  Resctrl const resctrl;
  auto const record = make_resctrl(plan_resctrl({}, "web", resctrl.root));
  CHECK(resctrl.has("web"));
  remove_resctrl(record);
  CHECK_FALSE(resctrl.has("web"));
  remove_resctrl(record);
}

TEST_CASE("a group of the container's name that was there stays",
          "[spec:config-linux#intelrdt][MUST]") {
  Resctrl const resctrl;
  resctrl.make_group("web");
  remove_resctrl(make_resctrl(plan_resctrl({}, "web", resctrl.root)));
  CHECK(resctrl.has("web"));
}

TEST_CASE("a named group without schemata has to be there", "[spec:config-linux#intelrdt][MUST]") {
  Resctrl const resctrl;
  CHECK(refusal(named("gold"), resctrl.root) ==
        "/linux/intelRdt/closID: look for " + resctrl.root + "/gold: no such file or directory");
  resctrl.make_group("gold");
  auto const record = make_resctrl(plan_resctrl(named("gold"), "web", resctrl.root));
  enter_resctrl(record, 4711);
  CHECK(resctrl.read("gold/tasks") == "4711");
  remove_resctrl(record);
  CHECK(resctrl.has("gold"));
}

TEST_CASE("a named group that is there has to have the schemata",
          "[spec:config-linux#intelrdt][MUST]") {
  Resctrl const resctrl;
  resctrl.make_group("gold");
  auto rdt = named("gold");
  rdt.l3_cache_schema = "L3:0=7f0;1=1F";
  rdt.mem_bw_schema = "MB:1=100";
  CHECK(refusal(rdt, resctrl.root) == "made");
  CHECK(resctrl.read("gold/schemata").starts_with("L3:0=7f0;1=1F\nMB:1=100\n"));
  rdt.mem_bw_schema = "MB:1=20";
  CHECK(refusal(rdt, resctrl.root) ==
        "/linux/intelRdt: " + resctrl.root + "/gold/schemata does not have MB:1=20");
}

TEST_CASE("a named group that is not there is made, and stays",
          "[spec:config-linux#intelrdt][MUST]") {
  Resctrl const resctrl;
  auto rdt = named("gold");
  rdt.schemata = {"L3:0=f"};
  // A directory of an ordinary file system has no schemata file, so the write fails here, and what
  // was made is taken back.
  CHECK_THAT(refusal(rdt, resctrl.root), ContainsSubstring("/linux/intelRdt: write "));
  CHECK_FALSE(resctrl.has("gold"));
}

TEST_CASE("monitoring has a group of the container's name", "[spec:config-linux#intelrdt][MUST]") {
  Resctrl const resctrl;
  resctrl.make_group("gold");
  auto rdt = named("gold");
  rdt.enable_monitoring = true;
  auto const record = make_resctrl(plan_resctrl(rdt, "web", resctrl.root));
  CHECK(resctrl.has("gold/mon_groups/web"));
  resctrl.write(record.monitoring + "/tasks", "");
  enter_resctrl(record, 4711);
  CHECK(resctrl.read("gold/mon_groups/web/tasks") == "4711");
  // In resctrl the files of a group go with its directory.
  linux::unlink_at(linux::at_cwd, record.monitoring + "/tasks").or_fail("remove");
  remove_resctrl(record);
  CHECK_FALSE(resctrl.has("gold/mon_groups/web"));
  CHECK(resctrl.has("gold"));
}

TEST_CASE("other schemata are written, and taken back", "[spec:config-linux#intelrdt]") {
  Resctrl const resctrl;
  resctrl.make_group("gold");
  auto const record = make_resctrl(plan_resctrl(named("gold"), "web", resctrl.root));
  auto const before = resctrl.read("gold/schemata");
  auto const former = change_schemata(record, {"L3:0=f;1=f", "MB:0=20"});
  CHECK(former == before);
  CHECK(resctrl.read("gold/schemata").starts_with("L3:0=f;1=f\nMB:0=20\n"));
  restore_schemata(record, former);
  CHECK(resctrl.read("gold/schemata") == before);
}

TEST_CASE("what the kernel says of schemata that it refuses is told",
          "[spec:config-linux#intelrdt]") {
  Resctrl const resctrl;
  linux::mkdir_at(linux::at_cwd, resctrl.root + "/info", 0755).or_fail("make info");
  resctrl.write(resctrl.root + "/info/last_cmd_status", "Missing domain\n");
  spec::ResctrlRecord record;
  record.group = resctrl.root + "/gold";
  linux::mkdir_at(linux::at_cwd, record.group, 0755).or_fail("make gold");
  // A file that can be read and takes no writes.
  linux::symlink_at("/proc/version", linux::at_cwd, record.group + "/schemata").or_fail("link");
  CHECK_THROWS_WITH(change_schemata(record, {"L3:0=f"}),
                    ContainsSubstring("/gold/schemata (Missing domain): "));
}

TEST_CASE("resctrl is found where it is mounted", "[spec:config-linux#intelrdt][MUST]") {
  CHECK(resctrl_root("22 1 0:21 / /sys rw - sysfs sysfs rw\n"
                     "40 22 0:36 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw\n") ==
        "/sys/fs/resctrl");
  CHECK_FALSE(resctrl_root("22 1 0:21 / /sys rw - sysfs resctrl rw\n"));
}

TEST_CASE("schemata are compared by what they mean", "[spec:config-linux#intelrdt][MUST]") {
  std::string const present = "    MB:0= 100;1=  20\n    L3:0=007f0;1=0001f\n";
  CHECK(has_schema(present, "L3:0=7f0"));
  CHECK(has_schema(present, "L3:1=1F;0=7f0"));
  CHECK(has_schema(present, "MB:0=100;1=20"));
  CHECK_FALSE(has_schema(present, "MB:0=10"));
  CHECK_FALSE(has_schema(present, "L3:2=1"));
  CHECK_FALSE(has_schema(present, "L2:0=f"));
}
