// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls of real clients as they were recorded: the same options in the same order, the same
// surroundings, the same files.  A case is one thing that a user did with podman, ctr, docker or a
// kubelet.
#include <signal.h>
#include <unistd.h>

#include "catch.hpp"
#include "harness/callers.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// What podman, containerd and docker put into every config.json, as far as a runtime sees it.
Bundle usual() {
  return ordinary()
      .with("/process/user/umask", 18)
      .with("/process/rlimits", {{{"type", "RLIMIT_NOFILE"}, {"soft", 1024}, {"hard", 1024}}})
      .with("/annotations", {{"org.systemd.property.TimeoutStopUSec", "uint64 10000000"},
                             {"io.podman.annotations.autoremove", "FALSE"}});
}

/// The program of a container that is looked at from inside first and then waits for signals.
Bundle reporting() { return usual().doing({{"report"}, {"pause"}}); }

void check_ok(Result const& result) {
  INFO(result.err);
  CHECK(result.ok());
}

/// One who succeeds has nothing to say: engines take what is said for the error.
void check_quiet(Result const& result) {
  check_ok(result);
  CHECK(result.out.empty());
  CHECK(result.err.empty());
}

/// Nothing of its caller is left on the container's first process.
void check_untouched(Json const& seen, std::string const& score) {
  CHECK(seen.at("death_signal") == 0);
  CHECK(seen.at("signals").at("ignored").empty());
  CHECK(seen.at("signals").at("blocked").empty());
  CHECK(seen.at("oom_score_adj") == score);
  for (auto const& descriptor : seen.at("descriptors")) CHECK(descriptor.at("fd") < 3);
  CHECK_THAT(seen.at("env").dump(), !ContainsSubstring("_OCI_") && !ContainsSubstring("XDG_"));
}

std::string limit(Container const& web, char const* v1_file, char const* v2_file) {
  for (std::string const file : {v1_file, v2_file}) {
    auto const controller = file.substr(0, file.find('.'));
    if (auto const found = cgroup_value(controller, web.cgroup(), file)) return *found;
  }
  return "none";
}

bool has_controllers(Words const& names) {
  for (auto const& name : names) {
    if (!cgroup_directory(name, "/")) return false;
  }
  return true;
}

}  // namespace

// --- podman --------------------------------------------------------------------------------------

TEST_CASE("podman: run -d, exec -d, kill, rm", "[contract:2.10/podman]") {
  Container web(reporting());
  std::string const pid_file = web.bundle() + "/pidfile";
  Process creator(
      conmon_call({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}));
  check_quiet(creator.wait());
  pid_t const pid = pid_in(pid_file);
  Command start = podman_call({"start", web.id()});
  start.argv.insert(start.argv.begin() + 2, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
  check_quiet(run(start));
  check_untouched(Json::parse(creator.line().value_or("null")),
                  read_text("/proc/self/oom_score_adj").value());

  std::string const exec_file = web.bundle() + "/exec_pid";
  check_quiet(run(conmon_call({"exec", "--pid-file", exec_file, "--process",
                               process_file({"/probe", "exit", "4"}), "--detach", web.id()})));
  CHECK(wait_for(pid_in(exec_file)) == 4);

  check_quiet(run(podman_call({"kill", web.id(), "9"})));
  CHECK(wait_for(pid) == 128 + SIGKILL);
  Command remove = podman_call({"delete", "--force", web.id()});
  remove.signals_off = true;
  check_quiet(run(remove));
  CHECK(web.left_behind().empty());
  CHECK(read_text(log_file()).value_or("").empty());
}

TEST_CASE("podman: run -t and exec -t", "[contract:2.10/podman-terminal]") {
  Container web(reporting().with("/process/terminal", true));
  ConsoleSocket console;
  std::string const pid_file = web.bundle() + "/pidfile";
  check_quiet(run(conmon_call({"create", "--bundle", web.bundle(), "--pid-file", pid_file,
                               "--console-socket", console.path(), web.id()})));
  Fd const master = console.receive();
  pid_t const pid = pid_in(pid_file);
  check_quiet(run(podman_call({"start", web.id()})));
  CHECK_THAT(read_terminal(master.get(), "\"ready\""),
             ContainsSubstring("\"tty\":[true,true,true]"));

  ConsoleSocket second("second");
  std::string const exec_file = web.bundle() + "/exec_pid";
  check_quiet(run(conmon_call({"exec", "--pid-file", exec_file, "--process",
                               process_file({"/probe", "report"}, true), "--detach",
                               "--console-socket", second.path(), web.id()})));
  Fd const screen = second.receive();
  CHECK_THAT(read_terminal(screen.get()), ContainsSubstring("\"tty\":[true,true,true]"));
  CHECK(wait_for(pid_in(exec_file)) == 0);

  check_quiet(run(podman_call({"delete", "--force", web.id()})));
  CHECK(wait_for(pid) == 128 + SIGKILL);
}

TEST_CASE("podman: run of what is not there", "[contract:2.10/podman-not-found]") {
  Container web(usual().args({"no-such-command"}));
  std::string const pid_file = web.bundle() + "/pidfile";
  Result const result =
      run(conmon_call({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}));
  CHECK(result.status == 1);
  CHECK_FALSE(exists(pid_file));
  // podman reads the file as one object, conmon standard error.
  Json const entry = Json::parse(read_text(log_file()).value_or(""));
  CHECK(entry.at("level") == "error");
  for (std::string const& said : {entry.at("msg").get<std::string>(), result.err}) {
    CHECK_THAT(said, ContainsSubstring("executable file not found in $PATH"));
  }
  check_quiet(run(podman_call({"delete", "--force", web.id()})));
}

TEST_CASE("podman: exec of what is not there", "[contract:2.10/podman-exec-not-found]") {
  Running web(usual());
  std::string const pid_file = web.bundle() + "/exec_pid";
  CHECK(run(conmon_call({"exec", "--pid-file", pid_file, "--process",
                         process_file({"no-such-command"}), "--detach", web.id()}))
            .status == 255);
  CHECK_FALSE(exists(pid_file));
  Json const entry = Json::parse(read_text(log_file()).value_or(""));
  CHECK_THAT(entry.at("msg").get<std::string>(),
             ContainsSubstring("exec: \"no-such-command\": executable file not found in $PATH"));
}

TEST_CASE("podman: pause, unpause, update and stop", "[contract:2.10/podman-update]") {
  if (!has_controllers({"cpu", "memory", "pids"})) {
    SKIP_BECAUSE("this cgroup world has not all of the controllers");
  }
  Running web(usual().with("/linux/resources/pids", {{"limit", 2048}}));
  check_quiet(run(podman_call({"pause", web.id()})));
  CHECK(web.status() == "paused");
  check_quiet(run(podman_call({"resume", web.id()})));
  CHECK(web.status() == "running");
  std::string const file = scratch() + "/podman123456789";
  write_text(file, R"({"devices":[{"allow":false,"access":"rwm"}],
    "memory":{"limit":100663296,"swap":201326592},
    "cpu":{"shares":512,"quota":50000,"period":100000},"pids":{"limit":2048}})");
  check_quiet(run(podman_call({"update", "--resources=" + file, web.id()})));
  CHECK(limit(web, "memory.limit_in_bytes", "memory.max") == "100663296");
  CHECK(limit(web, "cpu.cfs_quota_us", "cpu.max").starts_with("50000"));
  CHECK_THAT(proa("exec", web.id(), "/probe", "open", "/dev/null", "w").out,
             ContainsSubstring("\"errno\":0"));
  check_quiet(run(podman_call({"kill", web.id(), "15"})));
  CHECK(web.wait() == 0);
  check_quiet(run(podman_call({"delete", "--force", web.id()})));
}

TEST_CASE("podman: stop of a container that shares its pid namespace",
          "[contract:2.10/podman-kill-all]") {
  Created web(usual().without_namespace("pid").doing({{"fork", "2"}, {"exit", "0"}}));
  REQUIRE(web.start().ok());
  CHECK(web.wait() == 0);
  std::vector<Fd> handles;
  for (pid_t const pid : cgroup_members(web.cgroup())) handles.push_back(pidfd_of(pid));
  CHECK(handles.size() == 2);
  check_quiet(run(podman_call({"kill", "--all", web.id(), "9"})));
  for (auto const& handle : handles) CHECK(ended(handle.get()));
  check_quiet(run(podman_call({"delete", "--force", web.id()})));
}

// --- containerd ----------------------------------------------------------------------------------

TEST_CASE("ctr: run -d, task exec -d, task kill, task rm", "[contract:2.10/containerd]") {
  if (!has_controllers({"cpu"})) SKIP_BECAUSE("this cgroup world has no cpu controller");
  Container web(reporting().with("/linux/resources/cpu", {{"shares", 1024}}));
  std::string const pid_file = web.bundle() + "/init.pid";
  Process creator(
      shim_call({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}));
  check_quiet(creator.wait());
  pid_t const pid = pid_in(pid_file);
  check_quiet(run(shim_call({"start", web.id()})));
  check_untouched(Json::parse(creator.line().value_or("null")), "1\n");

  std::string const exec_file = web.bundle() + "/e.pid";
  check_quiet(run(shim_call({"exec", "--process", process_file({"/probe", "exit", "4"}), "--detach",
                             "--pid-file", exec_file, web.id()})));
  CHECK(wait_for(pid_in(exec_file)) == 4);

  check_quiet(run(shim_call({"kill", "--all", web.id(), "9"})));
  CHECK(wait_for(pid) == 128 + SIGKILL);
  check_quiet(run(shim_call({"kill", "--all", web.id(), "9"})));
  check_quiet(run(shim_call({"delete", web.id()})));
  // The shim's own `delete` helper, which comes to a container that is gone.
  check_quiet(run(shim_call({"delete", "--force", web.id()})));
  CHECK(web.left_behind().empty());
}

TEST_CASE("ctr: run -t and task exec -t", "[contract:2.10/containerd-terminal]") {
  Container web(reporting().with("/process/terminal", true));
  ConsoleSocket console;
  std::string const pid_file = web.bundle() + "/init.pid";
  check_quiet(run(shim_call({"create", "--bundle", web.bundle(), "--pid-file", pid_file,
                             "--console-socket", console.path(), web.id()})));
  Fd const master = console.receive();
  pid_t const pid = pid_in(pid_file);
  check_quiet(run(shim_call({"start", web.id()})));
  CHECK_THAT(read_terminal(master.get(), "\"ready\""),
             ContainsSubstring("\"tty\":[true,true,true]"));

  ConsoleSocket second("second");
  std::string const exec_file = web.bundle() + "/e.pid";
  check_quiet(run(
      shim_call({"exec", "--process", process_file({"/probe", "report"}, true), "--console-socket",
                 second.path(), "--detach", "--pid-file", exec_file, web.id()})));
  Fd const screen = second.receive();
  CHECK_THAT(read_terminal(screen.get()), ContainsSubstring("\"tty\":[true,true,true]"));
  CHECK(wait_for(pid_in(exec_file)) == 0);

  check_quiet(run(shim_call({"kill", "--all", web.id(), "9"})));
  CHECK(wait_for(pid) == 128 + SIGKILL);
  check_quiet(run(shim_call({"delete", web.id()})));
}

TEST_CASE("ctr: run of what is not there", "[contract:2.10/containerd-not-found]") {
  Container web(usual().args({"no-such-command"}));
  Result const result = run(shim_call(
      {"create", "--bundle", web.bundle(), "--pid-file", web.bundle() + "/init.pid", web.id()}));
  CHECK(result.status == 1);
  CHECK_THAT(logged_error(),
             ContainsSubstring("exec: \"no-such-command\": executable file not found in $PATH"));
  check_quiet(run(shim_call({"delete", "--force", web.id()})));
}

// --- docker --------------------------------------------------------------------------------------

TEST_CASE("docker: pause, unpause, update, top and stop", "[contract:2.10/docker]") {
  if (!has_controllers({"cpu", "memory", "pids"})) {
    SKIP_BECAUSE("this cgroup world has not all of the controllers");
  }
  Running web(usual().with("/linux/resources", {{"blockIO", Json::object()},
                                                {"memory", {{"disableOOMKiller", false}}}}));
  check_quiet(run(shim_call({"pause", web.id()})));
  check_quiet(run(shim_call({"resume", web.id()})));
  Command update = shim_call({"update", "--resources=-", web.id()});
  update.input = R"({"memory":{"limit":100663296,"swap":201326592},)"
                 R"("cpu":{"quota":50000,"period":100000},"pids":{"limit":33}})";
  check_quiet(run(update));
  CHECK(limit(web, "memory.limit_in_bytes", "memory.max") == "100663296");
  CHECK(limit(web, "pids.max", "pids.max") == "33");
  Result const top = run(shim_call({"ps", "--format", "json", web.id()}));
  CHECK(Json::parse(top.out) == Json{web.pid()});
  CHECK(top.err.empty());
  check_quiet(run(shim_call({"kill", web.id(), "15"})));
  CHECK(web.wait() == 0);
  check_quiet(run(shim_call({"delete", web.id()})));
  check_quiet(run(shim_call({"delete", "--force", web.id()})));
}

// --- Kubernetes ----------------------------------------------------------------------------------

TEST_CASE("kubelet: a pod with a container, exec, stop", "[contract:2.10/cri]") {
  if (!has_controllers({"cpu"})) SKIP_BECAUSE("this cgroup world has no cpu controller");
  Running sandbox(usual().with("/linux/resources/cpu", {{"shares", 2}}));
  std::string const place = "/proc/" + std::to_string(sandbox.pid()) + "/ns/";
  Container web(reporting()
                    .with_namespace("network", place + "net")
                    .with_namespace("ipc", place + "ipc")
                    .with_namespace("uts", place + "uts"));
  std::string const pid_file = web.bundle() + "/init.pid";
  Process creator(
      shim_call({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}));
  check_quiet(creator.wait());
  pid_t const pid = pid_in(pid_file);
  check_quiet(run(shim_call({"start", web.id()})));
  Json const seen = Json::parse(creator.line().value_or("null"));
  check_untouched(seen, "1\n");
  for (char const* kind : {"net", "ipc", "uts"}) {
    CHECK(seen.at("namespaces").at(kind) == namespace_of(sandbox.pid(), kind));
  }

  Process exec(shim_call({"exec", "--process", process_file({"/probe", "say", "1", "answer"}),
                          "--detach", "--pid-file", web.bundle() + "/e.pid", web.id()}));
  check_ok(exec.wait());
  CHECK_THAT(exec.rest(), ContainsSubstring("answer"));
  wait_for(pid_in(web.bundle() + "/e.pid"));

  check_quiet(run(shim_call({"kill", web.id(), "15"})));
  CHECK(wait_for(pid) == 0);
  // StopContainer asks once more when its time is over.
  Result const late = run(shim_call({"kill", web.id(), "9"}));
  CHECK(late.status == 1);
  CHECK_THAT(late.err, ContainsSubstring("container not running"));
  check_quiet(run(shim_call({"kill", "--all", web.id(), "9"})));
  check_quiet(run(shim_call({"delete", web.id()})));
  check_quiet(run(shim_call({"kill", sandbox.id(), "9"})));
  CHECK(sandbox.wait() == 128 + SIGKILL);
  check_quiet(run(shim_call({"delete", sandbox.id()})));
}

}  // namespace conformance
