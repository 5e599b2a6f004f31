// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Containers in no cgroup of their own: those of a plain user to whom nothing was delegated, and
// those made with --cgroup-manager disabled.
#include <unistd.h>

#include <csignal>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

constexpr uid_t plain_user = 61235;

/// `run` by a plain user; `options` stand before the verb.
Result run_plain(Bundle const& bundle, Words const& options = {}) {
  std::string const place = scratch() + "/plain";
  bundle.write(place);
  make_directories(state_root());
  run({{"chown", "-R", std::to_string(plain_user), place, state_root()}, "", ""});
  Words words = options;
  words.insert(words.end(), {"run", "--bundle", place, "plain"});
  Command command = runtime_command(words);
  command.user = plain_user;
  command.env = {"XDG_RUNTIME_DIR=" + scratch(), "HOME=/"};
  Result result = run(command);
  CHECK_FALSE(exists(state_root() + "/plain"));
  return result;
}

Bundle plain() { return rootless(plain_user); }

Json const some_pids = {{"pids", {{"limit", 9}}}};

}  // namespace

TEST_CASE("a plain user without a cgroup of their own runs a container", "[contract:rootless]") {
  Result const result = run_plain(plain().doing({{"exit", "5"}}));
  INFO(result.err);
  CHECK(result.status == 5);
  CHECK(result.err.empty());
}

TEST_CASE("a plain user who asks for limits without a cgroup of their own is told so",
          "[contract:rootless][contract:2.9/rootless-limits]") {
  if (!cgroup_directory("pids", "/")) SKIP_BECAUSE("this cgroup world has no pids controller");
  Result const result = run_plain(plain().with("/linux/resources", some_pids).doing({{"report"}}));
  CHECK(result.status > 0);
  CHECK(result.out.empty());
  // runc has two sentences, one for each version of cgroups.
  bool const version_2 = exists(*cgroup_directory("pids", "/") + "/cgroup.controllers");
  check_words(result.error(),
              version_2 ? "rootless needs no limits + no cgrouppath when no permission is granted "
                          "for cgroups: make cgroup /sys/fs/cgroup/"
                        : "cannot set pids limit: container could not join or create cgroup: "
                          "make cgroup /sys/fs/cgroup/");
  check_words(result.error(), ": permission denied");
  if (is_proa()) CHECK(result.error_lines() == 1);
}

TEST_CASE("a plain user who asks for a place without a cgroup of their own is told so",
          "[contract:rootless][contract:2.9/rootless-path]") {
  Result const result =
      run_plain(plain().with("/linux/cgroupsPath", "/proa-plain").doing({{"report"}}));
  CHECK(result.status > 0);
  CHECK(result.out.empty());
  check_words(result.error(), "unable to apply cgroup configuration: make cgroup /sys/fs/cgroup/");
  check_words(result.error(), ": permission denied");
}

TEST_CASE("with the cgroup manager disabled limits are warned of, and nothing is made",
          "[contract:cgroups][proa]") {
  if (!is_proa()) SKIP_BECAUSE("only proa and crun have such a manager");
  Container web(ordinary().with("/linux/resources", some_pids));
  Words words = {"--cgroup-manager", "disabled", "create", "--bundle", web.bundle(), web.id()};
  Process creator(runtime_command(words));
  Result const created = creator.wait();
  INFO(created.err);
  REQUIRE(created.ok());
  CHECK_THAT(created.err, ContainsSubstring("/linux/resources: limits have no effect"));
  for (auto const& directory : cgroup_directories(web.cgroup())) CHECK_FALSE(exists(directory));
  // It is where its creator is, as every process is that nobody moves.
  CHECK(read_text("/proc/" + std::to_string(web.pid()) + "/cgroup").has_value());
  pid_t const pid = web.pid();
  CHECK(web.kill("KILL").ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
  CHECK(web.remove().ok());
}

TEST_CASE("without cgroups what needs one is refused in words", "[contract:cgroups][proa]") {
  if (!is_proa()) SKIP_BECAUSE("only proa and crun have such a manager");
  Container web(ordinary());
  Process creator(runtime_command(
      {"--cgroup-manager", "disabled", "create", "--bundle", web.bundle(), web.id()}));
  REQUIRE(creator.wait().ok());
  REQUIRE(web.start().ok());
  CHECK_THAT(proa("pause", web.id()).error(), ContainsSubstring("no cgroup that can be frozen"));
  CHECK_THAT(proa("update", "--pids-limit", "9", web.id()).error(), ContainsSubstring("pids"));
  pid_t const pid = web.pid();
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(wait_for(pid) == 128 + SIGKILL);
}

TEST_CASE("without a cgroup kill --all signals the first process", "[contract:cgroups][proa]") {
  if (!is_proa()) SKIP_BECAUSE("only proa and crun have such a manager");
  GlobalOptions const options({"--cgroup-manager", "disabled"});
  Created web(ordinary());
  CHECK(proa("kill", "--all", web.id(), "KILL").ok());
  CHECK(web.wait() == 128 + SIGKILL);
  // That it has ended is no error with --all.
  CHECK(proa("kill", "--all", web.id(), "KILL").ok());
  CHECK(web.remove().ok());
}

TEST_CASE("a plain user may disable the cgroup manager", "[contract:rootless][proa]") {
  if (!is_proa()) SKIP_BECAUSE("only proa and crun have such a manager");
  Result const result =
      run_plain(plain().with("/linux/resources", some_pids).doing({{"exit", "6"}}),
                {"--cgroup-manager", "disabled"});
  CHECK(result.status == 6);
  CHECK_THAT(result.err, ContainsSubstring("/linux/resources: limits have no effect"));
}

}  // namespace conformance
