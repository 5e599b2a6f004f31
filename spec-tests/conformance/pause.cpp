// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `pause` and `resume`, in whichever cgroup world this is.
#include <csignal>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// What the kernel says of the container's cgroup, in whichever hierarchy freezes.
bool stands_still(Container const& web) {
  for (auto const& directory : cgroup_directories(web.cgroup())) {
    if (read_text(directory + "/freezer.state").value_or("") == "FROZEN\n") return true;
    auto const events = read_text(directory + "/cgroup.events").value_or("");
    if (events.find("frozen 1") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("pause makes a container stand still, and resume lets it go on", "[contract:pause]") {
  Running web(ordinary().doing({{"fork", "2"}, {"pause"}}));
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(stands_still(web));
  CHECK(web.status() == "paused");
  CHECK(web.state().at("pid") == web.pid());
  REQUIRE(proa("resume", web.id()).ok());
  CHECK_FALSE(stands_still(web));
  CHECK(web.status() == "running");
}

TEST_CASE("list shows a paused container", "[contract:pause]") {
  Running web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(Json::parse(proa("list", "--format", "json").out).at(0).at("status") == "paused");
}

TEST_CASE("a signal waits for resume", "[contract:pause]") {
  Running web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  REQUIRE(web.kill("USR1").ok());
  REQUIRE(proa("resume", web.id()).ok());
  CHECK(web.answer().at("signal") == SIGUSR1);
}

TEST_CASE("SIGKILL ends a paused container", "[contract:pause]") {
  Running web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(web.kill("KILL").ok());
  CHECK(web.wait() == 128 + SIGKILL);
}

TEST_CASE("delete refuses a paused container, and --force ends it", "[contract:pause]") {
  Running web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(web.remove().status > 0);
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(web.wait() == 128 + SIGKILL);
  CHECK(web.left_behind().empty());
}

TEST_CASE("a created container can be paused, and starts when it is resumed", "[contract:pause]") {
  Created web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(stands_still(web));
  CHECK(web.status() == "paused");
  Result const early = web.start();
  CHECK(early.status == 1);
  check_words(early.error(), "cannot start a paused container");
  REQUIRE(proa("resume", web.id()).ok());
  CHECK(web.status() == "created");
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("ready") == true);
}

TEST_CASE("a created container that is paused can be deleted", "[contract:pause]") {
  Created web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  CHECK(proa("delete", "--force", web.id()).ok());
  CHECK(web.left_behind().empty());
}

// A page that nobody brings holds its reader in the kernel, where it cannot be stopped.
TEST_CASE("a container that cannot be paused in time goes on", "[contract:pause][proa]") {
  if (!is_proa()) SKIP_BECAUSE("other runtimes may wait for ever here");
  Json const set = {"CAP_SYS_PTRACE"};
  Running web(ordinary()
                  .with("/process/capabilities",
                        {{"bounding", set}, {"effective", set}, {"permitted", set}})
                  .doing({{"stuck"}, {"pause"}}));
  Result const result = proa("pause", web.id());
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("unable to freeze the container"));
  CHECK_FALSE(stands_still(web));
  CHECK(web.status() == "running");
}

TEST_CASE("only a container that is alive can be paused", "[contract:pause]") {
  Running web(ordinary());
  web.kill("KILL");
  web.wait();
  Result const result = proa("pause", web.id());
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("not running"));
}

TEST_CASE("a paused container cannot be paused", "[contract:pause]") {
  Running web(ordinary());
  REQUIRE(proa("pause", web.id()).ok());
  Result const result = proa("pause", web.id());
  CHECK(result.status == 1);
  CHECK(web.status() == "paused");
}

TEST_CASE("only a paused container can be resumed", "[contract:pause]") {
  Running web(ordinary());
  Result const result = proa("resume", web.id());
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("not paused"));
  CHECK(web.status() == "running");
}

TEST_CASE("pause and resume of a container that does not exist", "[contract:pause]") {
  for (char const* verb : {"pause", "resume"}) {
    Result const result = proa(verb, "nosuch");
    CHECK(result.status == 1);
    check_words(result.error(), "container does not exist");
  }
}

}  // namespace conformance
