// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of the three worlds, from trees of ordinary files.

#include <cstdlib>

#include "base/error.hpp"
#include "catch.hpp"
#include "host/host.hpp"
#include "linux/file.hpp"

using namespace proa;
using linux::at_cwd;

namespace {

/// Stands for /sys/fs/cgroup; gone with the test.
class Tree {
 public:
  Tree() {
    char name[] = "/tmp/proa-cgroups-XXXXXX";
    path_ = ::mkdtemp(name);
    file("mountinfo", "");
  }
  ~Tree() { (void)!::system(("rm -rf " + path_).c_str()); }

  Tree& dir(std::string const& name) {
    linux::mkdir_at(at_cwd, path_ + "/" + name, 0755).or_fail("mkdir {}", name);
    return *this;
  }
  Tree& file(std::string const& name, std::string const& text) {
    auto const out = linux::open_at(at_cwd, path_ + "/" + name, O_WRONLY | O_CREAT, 0644)
                         .or_fail("make {}", name);
    linux::write_all(out, text).or_fail("write {}", name);
    return *this;
  }
  Tree& v1(std::string const& name) { return dir(name).file(name + "/cgroup.procs", ""); }
  Tree& v2(std::string const& name, std::string const& controllers) {
    return file(name + (name.empty() ? "" : "/") + "cgroup.controllers", controllers);
  }

  std::string const& path() const { return path_; }
  CgroupTable probe(std::string_view self_cgroup) const {
    return probe_cgroups(self_cgroup, path_, path_ + "/mountinfo");
  }

 private:
  std::string path_;
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a v2 hierarchy on the root is the only one") {
  Tree tree;
  tree.v2("", "cpuset cpu io memory pids\n").v1("memory");
  auto const table = tree.probe("4:memory:/old\n0::/user.slice\n");
  REQUIRE(table.hierarchies.size() == 1);
  CHECK(table.pure_v2());
  auto const& v2 = *table.unified();
  CHECK(v2.name.empty());
  CHECK(v2.mount == tree.path());
  CHECK(v2.own == "/user.slice");
  CHECK(v2.controllers == Words{"cpuset", "cpu", "io", "memory", "pids"});
  CHECK(table.find("memory") == &v2);
  CHECK(table.find("hugetlb") == nullptr);
}

TEST_CASE("a hybrid host has its v1 hierarchies first and the v2 one last") {
  Tree tree;
  tree.v1("memory").v1("systemd").dir("unified").v2("unified", "hugetlb\n");
  auto const table = tree.probe("0::/b\n4:memory:/a\n1:name=systemd:/c\n");
  REQUIRE(table.hierarchies.size() == 3);
  CHECK_FALSE(table.pure_v2());
  CHECK(table.hierarchies[0].name == "memory");
  CHECK(table.hierarchies[0].own == "/a");
  CHECK(table.hierarchies[1].name == "systemd");
  CHECK(table.hierarchies[1].controllers == Words{"name=systemd"});
  CHECK(table.unified() == &table.hierarchies[2]);
  CHECK(table.hierarchies[2].mount == tree.path() + "/unified");
  CHECK(table.find("memory") == &table.hierarchies[0]);
  CHECK(table.find("hugetlb") == &table.hierarchies[2]);
}

TEST_CASE("a pure v1 host has no v2 hierarchy") {
  Tree tree;
  tree.v1("memory");
  auto const table = tree.probe("4:memory:/\n0::/\n");
  CHECK(table.hierarchies.size() == 1);
  CHECK(table.unified() == nullptr);
  CHECK_FALSE(table.pure_v2());
}

TEST_CASE("controllers that share a hierarchy are one row") {
  Tree tree;
  tree.v1("cpu,cpuacct");
  auto const table = tree.probe("3:cpu,cpuacct:/\n");
  REQUIRE(table.hierarchies.size() == 1);
  CHECK(table.hierarchies[0].controllers == Words{"cpu", "cpuacct"});
  CHECK(table.find("cpuacct") == &table.hierarchies[0]);
}

TEST_CASE("a hierarchy is found under the name of one of its controllers") {
  Tree tree;
  tree.v1("cpuacct,cpu");
  linux::symlink_at("cpuacct,cpu", at_cwd, tree.path() + "/cpu").or_fail("link");
  auto const table = tree.probe("3:cpu,cpuacct:/\n");
  REQUIRE(table.hierarchies.size() == 1);
  CHECK(table.hierarchies[0].mount == tree.path() + "/cpu");
}

TEST_CASE("a hierarchy that is not mounted is absent") {
  Tree tree;
  tree.v1("memory").dir("pids");
  auto const table = tree.probe("5:pids:/\n4:memory:/\n");
  CHECK(table.find("pids") == nullptr);
  CHECK(table.find("memory") != nullptr);
}

TEST_CASE("a hierarchy elsewhere is found in the table of mounts") {
  Tree tree;
  tree.file(
      "mountinfo",
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "32 31 0:29 / /dev/cg/one\\040more rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "33 31 0:30 / /dev/systemd rw - cgroup none rw,xattr,name=systemd\n"
      "34 31 0:31 / /dev/unified rw - cgroup2 none rw,memory\n");
  auto const table = tree.probe("3:cpu,cpuacct:/\n2:memory:/\n1:name=systemd:/\n");
  REQUIRE(table.hierarchies.size() == 2);
  CHECK(table.hierarchies[0].mount == "/dev/cg/one more");
  CHECK(table.hierarchies[0].name == "one more");
  CHECK(table.hierarchies[1].mount == "/dev/systemd");
}

TEST_CASE("the path of the own cgroup may hold a colon") {
  Tree tree;
  tree.v1("memory");
  auto const table = tree.probe("4:memory:/a:b/c\n");
  CHECK(table.hierarchies.at(0).own == "/a:b/c");
}

TEST_CASE("lines that say nothing are passed over") {
  Tree tree;
  tree.v1("memory");
  auto const table = tree.probe("\nrubbish\n4:memory\n:::\n4:memory:/\n");
  REQUIRE(table.hierarchies.size() == 1);
  CHECK(table.hierarchies[0].own == "/");
}

TEST_CASE("a host without cgroups has an empty table") {
  Tree const tree;
  auto const table = tree.probe("0::/\n");
  CHECK(table.hierarchies.empty());
  CHECK_FALSE(table.pure_v2());
  CHECK(table.find("memory") == nullptr);
}
