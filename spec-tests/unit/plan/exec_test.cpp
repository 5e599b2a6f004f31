// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "plan/exec.hpp"

#include <sched.h>

#include "base/error.hpp"
#include "catch.hpp"

using namespace proa;

namespace {

using Words = std::vector<std::string>;

Host host() {
  Host host;
  host.last_capability = 40;
  host.capabilities = host.bounding = (1ULL << 41) - 1;
  return host;
}

spec::Record web() {
  spec::Record record;
  record.state.id = "web";
  auto& process = record.shared.process.emplace();
  process.terminal = true;
  process.cwd = "/srv";
  process.env = {"A=1"};
  process.user.uid = 5;
  process.user.gid = 6;
  process.user.additional_gids = {7};
  process.selinux_label = "label";
  process.apparmor_profile = "profile";
  process.capabilities.emplace();
  process.capabilities->bounding = {"CAP_KILL"};
  return record;
}

ExecOptions command(Words args = {"ls"}) {
  ExecOptions options;
  options.args = std::move(args);
  return options;
}

std::string refusal(ExecOptions const& options, spec::Record const& record = web()) {
  try {
    (void)exec_process(options, record);
  } catch (Error const& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.text();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a user is a uid or a uid and a gid", "[exec]") {
  CHECK(parse_user("0")->uid == 0);
  CHECK_FALSE(parse_user("0")->gid);
  CHECK(parse_user("1")->uid == 1);
  CHECK(parse_user("1:2")->uid == 1);
  CHECK(parse_user("1:2")->gid == 2U);
  CHECK(parse_user("4294967294:4294967294")->gid == 4294967294U);
}

TEST_CASE("what is not all of a number is no user", "[exec][CVE-2026-30892]") {
  std::string const text = GENERATE("", ":", "1:", ":1", "1:2:3", "-1", "+1", " 1", "1 ", "0x1",
                                    "1.", "root", "root:0", "1:root", "1:-1", "4294967295",
                                    "0:4294967295", "4294967296", "99999999999999999999");
  CAPTURE(text);
  CHECK_FALSE(parse_user(text));
  auto options = command();
  options.user = text;
  CHECK(refusal(options) == "invalid user \"" + text + "\": not UID or UID:GID");
}

TEST_CASE("a process of words is the container's but for what was said", "[exec]") {
  auto const process = exec_process(command({"ls", "-l"}), web());
  CHECK(process.args == Words{"ls", "-l"});
  CHECK(process.cwd == "/srv");
  CHECK(process.env == Words{"A=1"});
  CHECK(process.user.uid == 5);
  CHECK(process.user.gid == 6);
  CHECK(process.user.additional_gids == std::vector<std::uint32_t>{7});
  CHECK(process.selinux_label == "label");
  CHECK(process.apparmor_profile == "profile");
  CHECK_FALSE(process.no_new_privileges);
  CHECK(process.capabilities->bounding == Words{"CAP_KILL"});
}

TEST_CASE("only --tty gives a terminal", "[exec]") {
  CHECK_FALSE(exec_process(command(), web()).terminal);
  auto options = command();
  options.tty = true;
  CHECK(exec_process(options, web()).terminal);
}

TEST_CASE("options change what they name", "[exec]") {
  auto options = command();
  options.cwd = "/tmp";
  options.env = {"B=2", "A=3"};
  options.user = "8";
  options.additional_gids = {"9", "10,11"};
  options.no_new_privileges = true;
  options.process_label = "other";
  options.apparmor = "strict";
  auto const process = exec_process(options, web());
  CHECK(process.cwd == "/tmp");
  CHECK(process.env == Words{"A=1", "B=2", "A=3"});
  CHECK(process.user.uid == 8);
  CHECK(process.user.gid == 6);
  CHECK(process.user.additional_gids == std::vector<std::uint32_t>{7, 9, 10, 11});
  CHECK(process.no_new_privileges);
  CHECK(process.selinux_label == "other");
  CHECK(process.apparmor_profile == "strict");
}

TEST_CASE("an added capability is never inheritable", "[exec][CVE-2022-29162]") {
  auto options = command();
  options.capabilities = {"CAP_NET_RAW"};
  auto sets = *exec_process(options, web()).capabilities;
  CHECK(sets.bounding == Words{"CAP_KILL", "CAP_NET_RAW"});
  CHECK(sets.effective == Words{"CAP_NET_RAW"});
  CHECK(sets.permitted == Words{"CAP_NET_RAW"});
  CHECK(sets.inheritable.empty());
  CHECK(sets.ambient.empty());

  auto record = web();
  record.shared.process->capabilities->inheritable = {"CAP_KILL"};
  sets = *exec_process(options, record).capabilities;
  CHECK(sets.inheritable == Words{"CAP_KILL"});
  CHECK(sets.ambient == Words{"CAP_NET_RAW"});
}

TEST_CASE("what makes no sense is refused in words", "[exec]") {
  CHECK(refusal(command({})) == "no command: neither arguments nor --process are given");
  auto record = web();
  record.shared.process.reset();
  CHECK(refusal(command(), record) ==
        "config.json of this container has no process: --process is needed");
  auto options = command();
  options.capabilities = {"KILL"};
  CHECK(refusal(options) == "unknown capability \"KILL\"");
  options = command();
  options.additional_gids = {"-1"};
  CHECK(refusal(options) == "invalid group \"-1\" of --additional-gids");
}

TEST_CASE("a helper joins where the process must be born inside", "[exec]") {
  auto const through_helper = [](int namespaces) {
    ExecRequest request;
    request.namespaces = namespaces;
    return compile(exec_process(command(), web()), web(), host(), request).through_helper;
  };
  CHECK_FALSE(through_helper(0));
  CHECK_FALSE(through_helper(CLONE_NEWNS | CLONE_NEWNET));
  CHECK(through_helper(CLONE_NEWNS | CLONE_NEWPID));
  CHECK(through_helper(CLONE_NEWNS | CLONE_NEWUSER));
}

TEST_CASE("what the record says of the container is in the plan", "[exec]") {
  auto record = web();
  record.shared.chrooted = true;
  record.shared.filter_flags = 2;
  ExecRequest request;
  request.preserve_fds = 3;
  request.sockets.count = 2;
  request.apparmor = true;
  auto plan = compile(exec_process(command(), record), record, host(), request);
  CHECK(plan.chroot);
  CHECK(plan.filter_flags == 2);
  CHECK(plan.preserve_fds == 5);
  CHECK(plan.apparmor_profile == "profile");
  CHECK(plan.selinux_label.empty());
  CHECK_FALSE(plan.session_keyring);

  record.shared.session_keyring = true;
  plan = compile(exec_process(command(), record), record, host(), request);
  REQUIRE(plan.session_keyring);
  CHECK(plan.session_keyring->name == "_ses.web");
}

TEST_CASE("in a user namespace every capability can be granted", "[exec]") {
  Host poor = host();
  poor.capabilities = poor.bounding = 0;
  ExecRequest request;
  auto const process = exec_process(command(), web());
  CHECK(compile(process, web(), poor, request).capabilities->bounding == 0);
  request.namespaces = CLONE_NEWUSER;
  CHECK(compile(process, web(), poor, request).capabilities->bounding == 1ULL << 5);
}
