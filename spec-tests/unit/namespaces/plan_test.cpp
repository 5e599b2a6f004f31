// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "namespaces/plan.hpp"

#include <sched.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/namespace.hpp"

using namespace proa;
using namespace proa::namespaces;
using spec::NamespaceType;

namespace {

Spec with(std::vector<spec::Namespace> list) {
  Spec spec;
  spec.linux.namespaces = std::move(list);
  return spec;
}

Host rootful() { return {}; }

Host rootless(uid_t id) {
  Host host;
  host.uid = host.gid = id;
  host.rootless = true;
  return host;
}

Host root_of_a_namespace() {
  Host host = rootless(0);
  host.user_namespace = true;
  host.capabilities = ~std::uint64_t{0};
  return host;
}

}  // namespace

TEST_CASE("new namespaces are flags of one clone", "[spec:config-linux#namespaces][MUST]") {
  struct Row {
    NamespaceType type;
    std::uint64_t flag;
  };
  auto const row =
      GENERATE(Row{NamespaceType::pid, CLONE_NEWPID}, Row{NamespaceType::network, CLONE_NEWNET},
               Row{NamespaceType::mount, CLONE_NEWNS}, Row{NamespaceType::ipc, CLONE_NEWIPC},
               Row{NamespaceType::uts, CLONE_NEWUTS}, Row{NamespaceType::user, CLONE_NEWUSER});
  auto const plan = namespaces::plan(with({{row.type, ""}}), rootful());
  CHECK(plan.clone_flags == row.flag);
  CHECK(plan.joins.empty());
  CHECK(plan.joiner == Joiner::init);
}

TEST_CASE("a namespace that is not listed is the runtime's",
          "[spec:config-linux#namespaces][MUST]") {
  auto const plan = namespaces::plan(with({}), rootful());
  CHECK(plan.clone_flags == 0);
  CHECK_FALSE(plan.new_cgroup);
  CHECK_FALSE(plan.new_time);
  CHECK_FALSE(plan.new_network);
}

TEST_CASE("cgroup and time namespaces are made by init, not by clone", "[namespaces]") {
  auto const plan =
      namespaces::plan(with({{NamespaceType::cgroup, ""}, {NamespaceType::time, ""}}), rootful());
  CHECK(plan.clone_flags == 0);
  CHECK(plan.new_cgroup);
  CHECK(plan.new_time);
}

TEST_CASE("init itself joins what belongs to its user namespace", "[namespaces]") {
  auto const plan = namespaces::plan(with({{NamespaceType::network, "/run/netns/a"}}), rootful());
  CHECK(plan.joiner == Joiner::init);
  REQUIRE(plan.joins.size() == 1);
  CHECK(plan.joins[0].flag == CLONE_NEWNET);
  CHECK(plan.joins[0].pointer == "/linux/namespaces/0/path");
  CHECK_FALSE(plan.new_network);
}

TEST_CASE("joining a pid namespace takes a helper", "[namespaces]") {
  CHECK(namespaces::plan(with({{NamespaceType::pid, "/proc/1/ns/pid"}}), rootful()).joiner ==
        Joiner::helper);
}

TEST_CASE("a new user namespace and a joined other one take a helper", "[namespaces]") {
  auto const plan = namespaces::plan(
      with({{NamespaceType::user, ""}, {NamespaceType::network, "/run/netns/a"}}), rootful());
  CHECK(plan.joiner == Joiner::helper);
  CHECK(plan.clone_flags == CLONE_NEWUSER);
}

TEST_CASE("a joined user namespace takes a helper and no id maps", "[namespaces]") {
  auto const plan = namespaces::plan(
      with({{NamespaceType::user, "/proc/1/ns/user"}, {NamespaceType::pid, ""}}), rootful());
  CHECK(plan.joiner == Joiner::helper);
  CHECK(plan.user);
  CHECK_FALSE(plan.maps);
  CHECK(plan.clone_flags == CLONE_NEWPID);
}

TEST_CASE("the mount namespace is joined last", "[namespaces]") {
  auto const plan = namespaces::plan(with({{NamespaceType::mount, "/proc/1/ns/mnt"},
                                           {NamespaceType::network, "/proc/1/ns/net"},
                                           {NamespaceType::uts, "/proc/1/ns/uts"}}),
                                     rootful());
  REQUIRE(plan.joins.size() == 3);
  CHECK(plan.joins[0].type == NamespaceType::network);
  CHECK(plan.joins[1].type == NamespaceType::uts);
  CHECK(plan.joins[2].type == NamespaceType::mount);
  CHECK(plan.joins[2].pointer == "/linux/namespaces/0/path");
}

TEST_CASE("without root's powers a user namespace is needed", "[namespaces]") {
  try {
    (void)namespaces::plan(with({{NamespaceType::pid, ""}}), rootless(1000));
    FAIL("nothing was thrown");
  } catch (Error const& error) {
    CHECK(error.kind() == ErrorKind::config);
    CHECK_THAT(error.text(), ContainsSubstring("/linux/namespaces: a user namespace is needed"));
  }
}

TEST_CASE("root of a user namespace needs no further one", "[namespaces][contract:podman]") {
  auto spec = with({{NamespaceType::pid, ""}});
  CHECK(namespaces::plan(spec, root_of_a_namespace()).clone_flags != 0);
  auto without_powers = root_of_a_namespace();
  without_powers.capabilities = 0;
  CHECK_THROWS_AS(namespaces::plan(spec, without_powers), Error);
}

TEST_CASE("the id maps are written by whoever may", "[namespaces]") {
  auto spec = with({{NamespaceType::user, ""}});
  spec.linux.uid_mappings = spec.linux.gid_mappings = {{0, 1000, 1}};
  CHECK(namespaces::plan(spec, rootful()).maps->writer == MapWriter::direct);
  CHECK(namespaces::plan(spec, rootless(1000)).maps->writer == MapWriter::single);
  CHECK(namespaces::plan(spec, rootless(1001)).maps->writer == MapWriter::newidmap);
  CHECK(namespaces::plan(spec, root_of_a_namespace()).maps->writer == MapWriter::direct);
  spec.linux.uid_mappings.push_back({1, 100000, 65536});
  CHECK(namespaces::plan(spec, rootless(1000)).maps->writer == MapWriter::newidmap);
}

TEST_CASE("maps are lines of three numbers", "[spec:config-linux#user-namespace-mappings]") {
  CHECK(map_text({{0, 100000, 65536}, {65536, 5, 1}}) == "0 100000 65536\n65536 5 1\n");
  CHECK(map_text({}).empty());
}

TEST_CASE("a container's id is found on the host", "[namespaces]") {
  std::vector<spec::IdMapping> const maps{{0, 1000, 1}, {1, 100000, 10}};
  CHECK(host_id(maps, 0) == 1000u);
  CHECK(host_id(maps, 1) == 100000u);
  CHECK(host_id(maps, 10) == 100009u);
  CHECK_FALSE(host_id(maps, 11));
}

TEST_CASE("time offsets are written in the kernel's form", "[spec:config-linux#time-offsets]") {
  auto spec = with({{NamespaceType::time, ""}});
  spec.linux.time_offsets = {{"boottime", {86400, 5}}, {"monotonic", {-7, 0}}};
  CHECK(namespaces::plan(spec, rootful()).time_offsets == "boottime 86400 5\nmonotonic -7 0\n");
}

TEST_CASE("sysctl names become paths below /proc/sys", "[spec:config-linux#sysctl]") {
  struct Row {
    char const* name;
    char const* path;
  };
  auto const row =
      GENERATE(Row{"net.ipv4.ip_forward", "sys/net/ipv4/ip_forward"},
               Row{"net/ipv4/ip_forward", "sys/net/ipv4/ip_forward"},
               Row{"net/ipv4/conf/eth0.1/forwarding", "sys/net/ipv4/conf/eth0.1/forwarding"},
               Row{"net.ipv4.conf.eth0/1.forwarding", "sys/net/ipv4/conf/eth0.1/forwarding"},
               Row{"kernel.shmmax", "sys/kernel/shmmax"});
  Spec spec;
  spec.linux.sysctl = {{row.name, "1"}};
  auto const plan = namespaces::plan(spec, rootful());
  REQUIRE(plan.sysctls.size() == 1);
  CHECK(plan.sysctls[0].path == row.path);
  CHECK(plan.sysctls[0].value == "1");
}

TEST_CASE("names are carried over", "[namespaces]") {
  auto spec = with({{NamespaceType::uts, ""}});
  spec.hostname = "web";
  spec.domainname = "example";
  auto const plan = namespaces::plan(spec, rootful());
  CHECK(plan.hostname == "web");
  CHECK(plan.domainname == "example");
}
