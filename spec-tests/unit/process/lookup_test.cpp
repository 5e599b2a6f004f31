// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/lookup.hpp"

#include <linux/capability.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/process/tree.hpp"

using namespace proa;

namespace {

process::Plan plan_of(std::string file, std::string const& path = "/nowhere") {
  process::Plan plan;
  plan.args = {std::move(file)};
  plan.env = {"PATH=" + path};
  plan.cwd = "/";
  plan.uid = ::geteuid();
  plan.gid = ::getegid();
  return plan;
}

std::string found(process::Plan const& plan) {
  try {
    return process::find_executable(plan);
  } catch (Error const& error) {
    return error.text();
  }
}

constexpr uid_t somebody = 65534;

}  // namespace

TEST_CASE("a name without a slash is looked for in the container's PATH",
          "[spec:config#process][MUST]") {
  Tree tree;
  tree.directory("one");
  tree.directory("two");
  tree.file("two/tool", 0755);
  CHECK(found(plan_of("tool", tree / "one" + ":" + tree / "two")) == tree / "two/tool");
  CHECK(found(plan_of("tool", tree / "two" + "/")) == tree / "two/tool");
}

TEST_CASE("the first directory of PATH wins", "[spec:config#process][MUST]") {
  Tree tree;
  tree.directory("one");
  tree.directory("two");
  tree.file("one/tool", 0755);
  tree.file("two/tool", 0755);
  CHECK(found(plan_of("tool", tree / "one" + ":" + tree / "two")) == tree / "one/tool");
}

TEST_CASE("a name that is nowhere in PATH is not found, in the words of the engines",
          "[contract:docker][contract:podman]") {
  Tree tree;
  CHECK(found(plan_of("foo", tree.path())) == "exec: \"foo\": executable file not found in $PATH");
  CHECK(found(plan_of("", tree.path())) == "exec: \"\": executable file not found in $PATH");
  CHECK(found(plan_of("a\"b\n", tree.path())) ==
        "exec: \"a\\\"b\\x0a\": executable file not found in $PATH");
}

TEST_CASE("a missing file is named by its path, in the words of the engines",
          "[contract:docker][contract:podman]") {
  Tree tree;
  tree.file("plain", 0644);
  CHECK(found(plan_of(tree / "no")) ==
        "exec: \"" + tree / "no" + "\": stat " + tree / "no" + ": no such file or directory");
  CHECK(found(plan_of(tree / "plain/x")) ==
        "exec: \"" + tree / "plain/x" + "\": stat " + tree / "plain/x" + ": not a directory");
}

TEST_CASE("a directory is refused, in the words of the engines",
          "[contract:docker][contract:podman]") {
  Tree tree;
  CHECK(found(plan_of(tree.path())) ==
        "exec: \"" + tree.path() + "\": is a directory: permission denied");
}

TEST_CASE("a file that is not executable is refused, in the words of the engines",
          "[contract:docker][contract:podman]") {
  Tree tree;
  tree.file("plain", 0644);
  CHECK(found(plan_of(tree / "plain")) == "exec: \"" + tree / "plain" + "\": permission denied");
  CHECK(found(plan_of("/dev/null")) == "exec: \"/dev/null\": permission denied");
}

TEST_CASE("PATH goes on behind a directory and a file that is not executable",
          "[spec:config#process][MUST]") {
  Tree tree;
  for (auto const* name : {"one", "two", "three", "one/tool"}) tree.directory(name);
  tree.file("two/tool", 0644);
  CHECK(found(plan_of("tool", tree / "one")) ==
        "exec: \"tool\": executable file not found in $PATH");
  auto const path = tree / "one" + ":" + tree / "two" + ":" + tree / "three";
  CHECK(found(plan_of("tool", path)) == "exec: \"tool\": permission denied");
  tree.file("three/tool", 0755);
  CHECK(found(plan_of("tool", path)) == tree / "three/tool");
}

TEST_CASE("a relative name is relative to the container's cwd", "[spec:config#process][MUST]") {
  Tree tree;
  tree.directory("bin");
  tree.file("bin/tool", 0755);
  auto plan = plan_of("./tool", "");
  plan.cwd = tree / "bin";
  CHECK(found(plan) == "./tool");
  plan.args = {"bin/tool"};
  plan.cwd = tree.path();
  CHECK(found(plan) == "bin/tool");
}

TEST_CASE("an empty part of PATH is the container's cwd", "[spec:config#process][MUST]") {
  Tree tree;
  tree.file("tool", 0755);
  auto plan = plan_of("tool", GENERATE("", ":/nowhere", "/nowhere:", "/nowhere::/nowhere"));
  plan.cwd = tree.path();
  CHECK(found(plan) == "./tool");
}

TEST_CASE("without PATH the directories of execvp(3) are searched", "[spec:config#process]") {
  auto plan = plan_of("sh");
  plan.env = {"HOME=/"};
  CHECK(found(plan) == "/bin/sh");
}

TEST_CASE("the rights are those of the container's user", "[process][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can look with another user's rights");
  Tree tree;
  tree.directory("closed", 0700);
  tree.file("closed/tool", 0755);
  tree.file("mine", 0700);
  tree.file("groups", 0750);
  if (::chown((tree / "groups").c_str(), 0, 4242) < 0) FAIL("chown");

  auto plan = plan_of(tree / "mine");
  plan.uid = somebody;
  CHECK(found(plan) == "exec: \"" + tree / "mine" + "\": permission denied");
  plan.args = {tree / "closed/tool"};
  CHECK(found(plan) == "exec: \"" + tree / "closed/tool" + "\": stat " + tree / "closed/tool" +
                           ": permission denied");
  plan.args = {tree / "groups"};
  CHECK(found(plan) == "exec: \"" + tree / "groups" + "\": permission denied");
  plan.groups = {4242};
  CHECK(found(plan) == tree / "groups");
  plan.groups.clear();
  plan.gid = 4242;
  CHECK(found(plan) == tree / "groups");
}

TEST_CASE("a user with a capability over files is not judged by the file's mode",
          "[process][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can look with another user's rights");
  Tree tree;
  tree.file("mine", 0700);
  auto plan = plan_of(tree / "mine");
  plan.uid = somebody;
  plan.reads_all_files = true;
  CHECK(found(plan) == tree / "mine");
}

// As by a server that denies root what the mode would not: NFS with root_squash.
TEST_CASE("what root is denied may be the user's all the same", "[process][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can look with another user's rights");
  Tree tree;
  tree.directory("bin", 0700);
  tree.file("bin/theirs", 0700);
  for (char const* name : {"bin", "bin/theirs"}) {
    REQUIRE(::chown((tree / name).c_str(), somebody, somebody) == 0);
  }
  bool const by_path = GENERATE(false, true);
  auto plan = by_path ? plan_of("theirs", tree / "bin") : plan_of(tree / "bin/theirs");
  plan.uid = plan.gid = somebody;
  plan.reads_all_files = true;
  CHECK(in_child([&] {
          auto const kept = std::uint64_t{1} << CAP_SETUID | std::uint64_t{1} << CAP_SETGID;
          linux::set_capabilities({kept, kept, 0}).or_fail("drop capabilities");
          return process::find_executable(plan);
        }) == tree / "bin/theirs");
}

TEST_CASE("looking with another user's rights leaves ours as they were", "[process][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can look with another user's rights");
  auto const groups = *linux::supplementary_groups();
  auto plan = plan_of("/bin/sh");
  plan.uid = somebody;
  plan.gid = somebody;
  plan.groups = {5, 6};
  CHECK(found(plan) == "/bin/sh");
  CHECK(linux::file_uid() == 0);
  CHECK(linux::file_gid() == 0);
  CHECK(*linux::supplementary_groups() == groups);
  // The capabilities over files are back as well.
  Tree tree;
  tree.directory("closed", 0000);
  tree.file("closed/file", 0000);
  CHECK(::access((tree / "closed/file").c_str(), R_OK) == 0);
}
