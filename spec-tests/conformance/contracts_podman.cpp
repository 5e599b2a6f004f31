// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The command lines of conmon, podman, CRI-O and dockerd, word for word, as contracts_calls.cpp has
// those of containerd.
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "catch.hpp"
#include "harness/callers.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {

// --- 2.5 conmon ----------------------------------------------------------------------------------

TEST_CASE("conmon: create and exec", "[contract:2.5/calls]") {
  Container web(waiting());
  std::string const pid_file = scratch() + "/pidfile";
  REQUIRE(proa(conmon_words({"create", "--bundle", web.bundle(), "--pid-file", pid_file, web.id()}))
              .ok());
  pid_t const pid = pid_in(pid_file);
  REQUIRE(proa("start", web.id()).ok());
  std::string const exec_file = scratch() + "/exec.pid";
  CHECK(proa(conmon_words({"exec", "--pid-file", exec_file, "--process",
                           process_file({"/probe", "exit", "3"}), "--detach", web.id()}))
            .ok());
  CHECK(wait_for(pid_in(exec_file)) == 3);
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
}

TEST_CASE("conmon: an exec that fails has no pid file", "[contract:2.5/pid-file]") {
  Running web(ordinary());
  std::string const pid_file = scratch() + "/exec.pid";
  CHECK_FALSE(proa(conmon_words({"exec", "--pid-file", pid_file, "--process",
                                 process_file({"nosuch"}), "--detach", web.id()}))
                  .ok());
  CHECK_FALSE(exists(pid_file));
}

TEST_CASE("conmon: the error of create is on standard error as well as in the log",
          "[contract:2.5/stderr]") {
  Container web(ordinary().args({"nosuch"}));
  Result const result = proa(conmon_words({"create", "--bundle", web.bundle(), web.id()}));
  CHECK_THAT(result.err, ContainsSubstring("executable file not found in $PATH"));
  CHECK_THAT(logged_error(), ContainsSubstring("executable file not found in $PATH"));
}

TEST_CASE("conmon: an ignored SIGPIPE and a blocked signal are not the container's",
          "[contract:2.5/signals]") {
  Container web(ordinary().doing({{"report"}}));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.signals_off = true;
  Json const seen = Json::parse(run(command).out).at("signals");
  CHECK(seen.at("blocked").empty());
  CHECK(seen.at("ignored").empty());
}

TEST_CASE("conmon-rs: global options come twice", "[contract:2.5/twice]") {
  std::string const root = "--root=" + state_root();
  CHECK(run({{runtime_path(), root, root, "list", "-q"}, "", ""}).ok() == exists(state_root()));
  Container web(ordinary().doing({{"exit", "0"}}));
  CHECK(
      run({{runtime_path(), root, root, "run", "--bundle", web.bundle(), web.id()}, "", ""}).ok());
}

TEST_CASE("conmon-rs: create has its socket behind an equals sign", "[contract:2.5/equals]") {
  Container web(waiting().with("/process/terminal", true));
  ConsoleSocket console;
  std::string const pid_file = scratch() + "/pidfile";
  CHECK(proa("create", "--bundle", web.bundle(), "--pid-file", pid_file,
             "--console-socket=" + console.path(), web.id())
            .ok());
  Fd const master = console.receive();
  CHECK(isatty(master.get()) == 1);
  CHECK(proa("delete", "--force", web.id()).ok());
  wait_for(pid_in(pid_file));
}

TEST_CASE("conmon-rs: exec takes its command behind the id", "[contract:2.5/exec-words]") {
  Running web(ordinary());
  ConsoleSocket console;
  std::string const pid_file = scratch() + "/exec.pid";
  CHECK(proa("exec", "-d", "--console-socket=" + console.path(), "--tty", "--pid-file=" + pid_file,
             web.id(), "/probe", "exit", "5")
            .ok());
  Fd const master = console.receive();  // closed, it would hang up
  CHECK(master.get() >= 0);
  CHECK(wait_for(pid_in(pid_file)) == 5);
}

TEST_CASE("conmon-rs: under the name of crun the log may be the journal's",
          "[contract:2.5/journald]") {
  Container web(waiting());
  Result const result =
      under_name("crun", {"--log", "journald:" + web.id(), "--log-level", "warning", "create",
                          "--bundle", web.bundle(), web.id()});
  INFO(result.err);
  CHECK(result.ok());
  pid_t const pid = web.pid();
  CHECK(proa("delete", "--force", web.id()).ok());
  wait_for(pid);
}

TEST_CASE("podman: two words for preserved descriptors, behind the others",
          "[contract:2.5/preserve-fds]") {
  Container web(waiting());
  Fd const open_file(::dup(2));
  auto command = runtime_command({"create", "--bundle", web.bundle(), "--preserve-fds", "1",
                                  "--pid-file", scratch() + "/pid", web.id()});
  command.pass = {open_file.get()};
  CHECK(run(command).ok());
  CHECK(proa("delete", "--force", web.id()).ok());
  wait_for(pid_in(scratch() + "/pid"));
}

// --- 2.6 podman ----------------------------------------------------------------------------------

TEST_CASE("podman: start with two variables", "[contract:2.6/start]") {
  Created web(ordinary());
  auto command = runtime_command({"start", web.id()});
  command.argv.insert(command.argv.begin(),
                      {"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR="});
  CHECK(run(command).ok());
  CHECK(web.status() == "running");
}

TEST_CASE("podman: kill by number, pause and resume, delete by force", "[contract:2.6/verbs]") {
  Running web(ordinary());
  CHECK(proa("pause", web.id()).ok());
  CHECK(proa("resume", web.id()).ok());
  CHECK(proa("kill", web.id(), "10").ok());
  CHECK(proa("kill", "--all", web.id(), "9").ok());
  web.wait();
  CHECK(proa("delete", "--force", web.id()).ok());
}

TEST_CASE("podman: an update file carries devices, which stay as they are",
          "[contract:2.6/update]") {
  if (!cgroup_directory("pids", "/")) SKIP_BECAUSE("this cgroup world has no pids controller");
  Running web(ordinary());
  std::string const file = scratch() + "/resources.json";
  write_text(file, R"({"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":2048}})");
  CHECK(proa("update", "--resources=" + file, web.id()).ok());
  CHECK_THAT(proa("exec", web.id(), "/probe", "open", "/dev/null", "w").out,
             ContainsSubstring("\"errno\":0"));
}

TEST_CASE("podman: checkpoint --help tells whether there is one", "[contract:2.6/checkpoint]") {
  bool const listed = proa("--help").out.find("checkpoint") != std::string::npos;
  CHECK(proa("checkpoint", "--help").ok() == listed);
}

// podman looks for these words to learn whether pods can be restored.
TEST_CASE("podman: restore --lsm-mount-context tells whether there is one",
          "[contract:2.6/restore]") {
  bool const listed = proa("--help").out.find("restore") != std::string::npos;
  Result const result = proa("restore", "--lsm-mount-context");
  CHECK_FALSE(result.ok());
  std::string const said = result.out + result.err;
  bool const known = said.find("flag needs an argument") != std::string::npos ||
                     said.find("requires an argument") != std::string::npos;
  CHECK(known == listed);
}

TEST_CASE("podman: an option without its value says so", "[contract:2.6/flag]") {
  Result const result = proa("create", "--bundle");
  CHECK_FALSE(result.ok());
  CHECK_THAT(result.err, ContainsSubstring("flag needs an argument"));
}

TEST_CASE("podman: cgroups can be left out", "[contract:2.6/cgroups-disabled]") {
  Container web(ordinary().doing({{"exit", "0"}}));
  CHECK(proa("--cgroup-manager", "disabled", "run", "--bundle", web.bundle(), web.id()).ok());
}

// --- 2.7 CRI-O and dockerd -----------------------------------------------------------------------

TEST_CASE("CRI-O: update with two words", "[contract:2.7/update]") {
  if (!cgroup_directory("cpu", "/")) SKIP_BECAUSE("this cgroup world has no cpu controller");
  Running web(ordinary());
  auto command = runtime_command({"update", "--resources", "-", web.id()});
  command.input = R"({"cpu":{"shares":2}})";
  CHECK(run(command).ok());
}

TEST_CASE("CRI-O: exec in the foreground", "[contract:2.7/exec]") {
  Running web(ordinary());
  auto command =
      runtime_command({"exec", "--process", process_file({"/probe", "input"}), web.id()});
  command.input = "from the client";
  Result const result = run(command);
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("from the client"));
}

TEST_CASE("CRI-O: signals by name", "[contract:2.7/kill]") {
  for (std::string const name : {"KILL", "SIGKILL"}) {
    Running web(ordinary());
    CHECK(proa("kill", web.id(), name).ok());
    CHECK(web.wait() == 128 + SIGKILL);
    CHECK_THAT(proa("kill", web.id(), name).err, ContainsSubstring("container not running"));
    CHECK(proa("delete", "--force", web.id()).ok());
  }
}

// STOPSIGNAL of an image, as docker.io's systemd images have it.
TEST_CASE("CRI-O: the signal that an image stops with", "[contract:2.7/stop-signal]") {
  Running web(ordinary());
  std::pair<char const*, int> const signals[] = {
      {"SIGRTMIN+3", 37}, {"RTMIN+3", 37}, {"37", 37}, {"SIGQUIT", 3}, {"WINCH", 28}};
  for (auto const& [name, number] : signals) {
    CAPTURE(name);
    Result const result = web.kill(name);
    if (!is_proa() && !result.ok()) continue;
    CHECK(result.ok());
    CHECK(web.answer().at("signal") == number);
  }
}

TEST_CASE("CRI-O: kill -a reaches every process", "[contract:2.7/kill-all]") {
  Running web(ordinary().without_namespace("pid").doing({{"fork", "1"}, {"pause"}}));
  std::vector<Fd> handles;
  for (pid_t const pid : cgroup_members(web.cgroup())) handles.push_back(pidfd_of(pid));
  CHECK(handles.size() == 2);
  CHECK(proa("kill", "-a", web.id(), "9").ok());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
}

// With execCPUAffinity CRI-O starts the runtime under taskset, and in the container's cgroup.
TEST_CASE("CRI-O: exec from within the container's cgroup and on one processor",
          "[contract:2.7/exec-inside]") {
  Running web(ordinary());
  std::string script;
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (exists(directory)) script += "echo $$ >" + directory + "/cgroup.procs && ";
  }
  script += "exec taskset -c " + std::to_string(sched_getcpu()) + " \"$@\"";
  auto command =
      runtime_command({"exec", "--process", process_file({"/probe", "exit", "7"}), web.id()});
  command.argv.insert(command.argv.begin(), {"sh", "-c", script, "sh"});
  Result const result = run(command);
  INFO(result.err);
  CHECK(result.status == 7);
}

TEST_CASE("CRI-O: nothing but the answer when it asks who we are", "[contract:2.7/quiet]") {
  for (std::string const word : {"--version", "features"}) {
    CHECK(run({{runtime_path(), word}, "", ""}).err.empty());
  }
}

// CRI-O lets 12 MiB pass for every runtime but crun, for which it is 500 KiB.
TEST_CASE("CRI-O: the least memory that it grants is enough", "[contract:2.7/memory]") {
  if (!cgroup_directory("memory", "/")) SKIP_BECAUSE("this cgroup world has no memory controller");
  auto const bytes = GENERATE(12 << 20, 500 << 10);
  Container web(ordinary().with("/linux/resources/memory/limit", bytes).doing({{"exit", "9"}}));
  CHECK(web.run().status == 9);
}

TEST_CASE("docker: empty resources ask for no controller", "[contract:2.7/empty]") {
  Container web(ordinary()
                    .with("/linux/resources",
                          {{"blockIO", Json::object()}, {"memory", {{"disableOOMKiller", false}}}})
                    .doing({{"exit", "0"}}));
  CHECK(web.run().ok());
}

// --- names ---------------------------------------------------------------------------------------

TEST_CASE("under the names of runc and crun a container lives as it does otherwise",
          "[contract:2.6/names]") {
  std::string const name = GENERATE("runc", "crun");
  Container web(waiting());
  REQUIRE(under_name(name, {"run", "--detach", "--bundle", web.bundle(), web.id()}).ok());
  pid_t const pid = web.pid();
  CHECK(under_name(name, {"exec", web.id(), "/probe", "exit", "8"}).status == 8);
  CHECK(under_name(name, {"kill", web.id(), "KILL"}).ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
  CHECK(under_name(name, {"delete", web.id()}).ok());
  CHECK_THAT(under_name(name, {"state", web.id()}).err,
             Catch::Matchers::StartsWith(name) || !ContainsSubstring("proa"));
}

TEST_CASE("podman: --group-add keep-groups", "[contract:2.6/keep-groups]") {
  Container web(
      ordinary().with("/annotations", {{"run.oci.keep_original_groups", "1"}}).doing({{"report"}}));
  auto command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  command.argv.insert(command.argv.begin(), {"setpriv", "--groups", "4,27"});
  CHECK_THAT(run(command).out, ContainsSubstring("\"groups\":[4,27]"));
}

TEST_CASE("podman: mount_context_type is known", "[contract:2.6/mount-context]") {
  Container web(ordinary()
                    .with("/annotations", {{"run.oci.mount_context_type", "rootcontext"}})
                    .doing({{"exit", "0"}}));
  CHECK(web.run().ok());
}

TEST_CASE("podman: copy-symlink makes the link anew", "[contract:2.6/copy-symlink]") {
  std::string const link = scratch() + "/link";
  REQUIRE(symlink("../usr/share/zoneinfo/UTC", link.c_str()) == 0);
  Container web(ordinary()
                    .mount({{"destination", "/etc/localtime"},
                            {"type", "bind"},
                            {"source", link},
                            {"options", {"bind", "copy-symlink"}}})
                    .doing({{"stat", "/etc/localtime"}}));
  CHECK_THAT(web.run().out, ContainsSubstring("\"link\":\"../usr/share/zoneinfo/UTC\""));
}

}  // namespace conformance
