// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// runtime.md#errors: "as if the operation were never attempted".  Failures at every stage, a
// runtime that is killed half-way, and calls at the same time: nothing is left, and nothing is
// lost.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "catch.hpp"
#include "harness/container.hpp"
#include "harness/sockets.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// A createRuntime hook that opens the fifo and waits there: create is half-way while it does.  The
/// hook ends with this, as nobody else ends it when its runtime was killed.
struct Halfway {
  std::string const fifo = scratch() + "/fifo";
  Container web;
  Process creator;
  Fd reached;

  Halfway() : web(stopping_bundle()) {
    creator = Process(runtime_command({"create", "--bundle", web.bundle(), web.id()}));
    // Opens once the hook has opened the other end.
    reached = Fd(open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(reached);
    REQUIRE(write(reached.get(), "go\n", 3) == 3);
  }

  Bundle stopping_bundle() const {
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    Json const hook = {{"path", "/bin/sh"},
                       {"args", {"sh", "-c", "exec <\"$0\"; read first; exec cat", fifo}},
                       {"env", {"PATH=/usr/bin:/bin"}}};
    return ordinary().with("/hooks/createRuntime", Json::array({hook}));
  }

  void kill_runtime() {
    Fd const runtime = pidfd_of(creator.pid());
    REQUIRE(::kill(creator.pid(), SIGKILL) == 0);
    REQUIRE(ended(runtime.get()));
    creator.wait();
  }
};

Bundle with_cgroup(Bundle const& bundle, std::string const& name) {
  return bundle.with("/linux/cgroupsPath", cgroup_parent() + "/" + name);
}

Json missing_features() {
  Result const result = run({{runtime_path(), "features"}, "", ""});
  return result.ok() ? Json::parse(result.out).at("linux") : Json::object();
}

/// True when features says that this is not built in.
bool lacks(Json const& features, char const* pointer) {
  return !features.value(Json::json_pointer(pointer), false);
}

}  // namespace

TEST_CASE("a failure at any stage of create leaves nothing", "[spec:runtime#errors][MUST]") {
  Bundle const base = ordinary();
  Json const nowhere = {{"destination", "/mnt"},
                        {"type", "none"},
                        {"source", "/no/such/source"},
                        {"options", {"bind"}}};
  refusal(base.with_namespace("network", "/no/such/namespace"));
  refusal(base.with("/linux/sysctl", {{"net.no_such", "1"}}));
  refusal(base.mount(nowhere));
  refusal(base.mount({{"destination", "/mnt"}, {"type", "nosuchfs"}, {"source", "none"}}));
  refusal(base.with("/hooks/createRuntime", Json::array({{{"path", "/bin/false"}}})));
  refusal(base.with("/hooks/createContainer", Json::array({{{"path", "/bin/false"}}})));
  refusal(base.args({"/no/such/program"}));
  refusal(base.with("/process/rlimits",
                    Json::array({{{"type", "RLIMIT_NOFILE"}, {"soft", 20}, {"hard", 10}}})));
  refusal(userns().mount(nowhere));
}

TEST_CASE("delete --force clears a create whose runtime was killed", "[contract:delete]") {
  Halfway half;
  half.kill_runtime();
  CHECK(proa("delete", "--force", half.web.id()).ok());
  CHECK(half.web.left_behind().empty());
}

TEST_CASE("the init of a create whose runtime was killed does not stay", "[contract:create]") {
  Halfway half;
  auto const members = cgroup_members(half.web.cgroup());
  std::vector<Fd> handles;
  for (pid_t const pid : members) handles.push_back(pidfd_of(pid));
  REQUIRE_FALSE(handles.empty());
  half.kill_runtime();
  proa("delete", "--force", half.web.id());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
}

TEST_CASE("a container that is being created is creating", "[spec:runtime#state][MUST]") {
  Halfway half;
  Result const result = proa("state", half.web.id());
  INFO(result.err);
  // runc and crun know the container only afterwards.
  if (!is_proa() && !result.ok()) SKIP_BECAUSE("this runtime does not show it");
  REQUIRE(result.ok());
  CHECK(Json::parse(result.out).at("status") == "creating");
  half.kill_runtime();
}

TEST_CASE("a container that is being created cannot be started", "[spec:runtime#start][MUST]") {
  Halfway half;
  // In a separate process: it may wait for create to finish, and then says so or is refused.
  Process starter(runtime_command({"start", half.web.id()}));
  half.kill_runtime();
  CHECK(starter.wait().status > 0);
}

TEST_CASE("of two creates with one id one wins", "[spec:runtime#create][MUST]") {
  for (int turn = 0; turn < 10; ++turn) {
    std::string const id = "race-" + std::to_string(turn);
    std::vector<Process> racers;
    for (char const* side : {"a", "b", "c"}) {
      std::string const place = scratch() + "/" + id + side;
      with_cgroup(ordinary(), id + side).write(place);
      racers.emplace_back(runtime_command({"create", "--bundle", place, id}));
    }
    int winners = 0;
    for (auto& racer : racers) winners += racer.wait().ok() ? 1 : 0;
    CHECK(winners == 1);
    pid_t const pid = Json::parse(proa("state", id).out).at("pid");
    CHECK(proa("delete", "--force", id).ok());
    wait_for(pid);
    for (char const* side : {"a", "b", "c"}) {
      for (auto const& path : cgroup_directories(cgroup_parent() + "/" + id + side)) {
        CHECK_FALSE(exists(path));
      }
    }
  }
}

TEST_CASE("containers are made side by side", "[spec:runtime#create][MUST]") {
  std::vector<Process> creators;
  Words ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back("side-" + std::to_string(i));
    std::string const place = scratch() + "/" + ids.back();
    with_cgroup(ordinary().doing({{"exit", "7"}}), ids.back()).write(place);
    creators.emplace_back(runtime_command({"run", "--bundle", place, ids.back()}));
  }
  for (auto& creator : creators) {
    Result const result = creator.wait();
    INFO(result.err);
    CHECK(result.status == 7);
  }
  for (auto const& id : ids) CHECK_FALSE(exists(state_root() + "/" + id));
}

TEST_CASE("deleted at the same time, a container goes once", "[spec:runtime#delete][MUST]") {
  Created web(ordinary().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  std::vector<Process> deleters;
  for (int i = 0; i < 4; ++i) deleters.emplace_back(runtime_command({"delete", web.id()}));
  int deleted = 0;
  for (auto& deleter : deleters) deleted += deleter.wait().ok() ? 1 : 0;
  CHECK(deleted == 1);
  CHECK(web.left_behind().empty());
}

TEST_CASE("a pid that another process has got is not the container's", "[contract:security]") {
  // The first process is gone; whoever has its number now must not be signalled.
  Created web(ordinary().doing({{"exit", "0"}}));
  pid_t const pid = web.pid();
  REQUIRE(web.start().ok());
  web.wait();
  // clone3(2) with set_tid would need a way to make that pid; ns_last_pid does it here.
  Fd const lock(open("/proc/sys/kernel/ns_last_pid", O_RDWR | O_CLOEXEC));
  if (!lock) SKIP_BECAUSE("no ns_last_pid to take a pid again");
  std::string const before = std::to_string(pid - 1);
  for (int turn = 0; turn < 20; ++turn) {
    if (write(lock.get(), before.data(), before.size()) < 0) break;
    Process stranger({{"sh", "-c", "echo; exec cat /dev/zero >/dev/null"}, "", ""});
    if (stranger.pid() != pid) continue;
    REQUIRE(stranger.line().has_value());
    CHECK(web.status() == "stopped");
    CHECK(web.kill("KILL").status > 0);
    CHECK(web.remove().ok());
    CHECK(namespace_of(pid, "pid") != 0);
    return;
  }
  SKIP_BECAUSE("the pid could not be taken again");
}

TEST_CASE("--pidfd-socket gets a pidfd of the first process", "[contract:create]") {
  std::string const path = scratch() + "/pidfd";
  Fd const listener = listen_at(path);
  Container web(ordinary());
  Result const created = web.create({"--pidfd-socket", path});
  if (!is_proa() && !created.ok()) SKIP_BECAUSE("this runtime has no --pidfd-socket");
  REQUIRE(created.ok());
  Fd const pidfd = receive_message(accept_from(listener)).descriptor;
  REQUIRE(pidfd);
  auto const info = read_text("/proc/self/fdinfo/" + std::to_string(pidfd.get())).value_or("");
  CHECK_THAT(info, ContainsSubstring("Pid:\t" + std::to_string(web.pid()) + "\n"));
}

TEST_CASE("what features does not promise is refused and not ignored",
          "[spec:config#valid-values][MUST]") {
  Json const features = missing_features();
  if (features.empty()) SKIP_BECAUSE("this runtime has no features");
  Json const id_map = Json::array({{{"containerID", 0}, {"hostID", 1}, {"size", 1}}});
  if (lacks(features, "/netDevices/enabled")) {
    INFO("netDevices");
    refusal(ordinary().with("/linux/netDevices", {{"eth9", {{"name", "inside"}}}}));
  }
  if (lacks(features, "/intelRdt/enabled")) {
    INFO("intelRdt");
    refusal(ordinary().with("/linux/intelRdt", {{"closID", "a"}}));
  }
  if (features.value("/memoryPolicy/modes"_json_pointer, Json::array()).empty()) {
    INFO("memoryPolicy");
    refusal(ordinary().with("/linux/memoryPolicy", {{"mode", "MPOL_INTERLEAVE"}, {"nodes", "0"}}));
  }
  if (lacks(features, "/mountExtensions/idmap/enabled")) {
    INFO("mountExtensions");
    refusal(userns().directory("srv").mount({{"destination", "/mnt"},
                                             {"type", "none"},
                                             {"source", "rootfs/srv"},
                                             {"options", {"bind", "idmap"}},
                                             {"uidMappings", id_map},
                                             {"gidMappings", id_map}}));
  }
  Json const actions = features.value("/seccomp/actions"_json_pointer, Json::array());
  if (std::count(actions.begin(), actions.end(), "SCMP_ACT_NOTIFY") == 0) {
    INFO("SCMP_ACT_NOTIFY");
    refusal(ordinary().with(
        "/linux/seccomp",
        {{"defaultAction", "SCMP_ACT_ALLOW"},
         {"listenerPath", "/run/listener"},
         {"syscalls", Json::array({{{"names", {"mkdir"}}, {"action", "SCMP_ACT_NOTIFY"}}})}}));
  }
}

// config-linux.md#intelrdt: an error where no resctrl is mounted.
TEST_CASE("intelRdt without a resctrl file system is refused",
          "[spec:config-linux#intelrdt][MUST]") {
  if (exists("/sys/fs/resctrl/schemata")) SKIP_BECAUSE("this host has a resctrl file system");
  refusal(ordinary().with("/linux/intelRdt", {{"closID", "a"}, {"l3CacheSchema", "L3:0=f"}}));
}

}  // namespace conformance
