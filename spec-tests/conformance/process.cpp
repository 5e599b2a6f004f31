// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#process: what the container's process finds itself to be.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Json limit(char const* type, std::uint64_t soft, std::uint64_t hard) {
  return {{"type", type}, {"soft", soft}, {"hard", hard}};
}

Bundle as_user(unsigned uid, unsigned gid, Json const& groups = Json::array()) {
  return ordinary().with("/process/user", {{"uid", uid}, {"gid", gid}, {"additionalGids", groups}});
}

/// What the runtime does for a caller who is in these two groups.
Result called_by_member(Words const& words) {
  Command command = runtime_command(words);
  command.argv.insert(command.argv.begin(), {"setpriv", "--groups", "4,27"});
  return run(command);
}

}  // namespace

TEST_CASE("the process has the ids that user names", "[spec:config#user][MUST]") {
  Json const seen = report(as_user(1000, 2000));
  CHECK(seen.at("user").at("uid") == Json{1000, 1000, 1000});
  CHECK(seen.at("user").at("gid") == Json{2000, 2000, 2000});
}

TEST_CASE("the process has the additional groups and no others", "[spec:config#user][MUST]") {
  Json const seen = report(as_user(1000, 1000, {5, 6, 4000000}));
  Json groups = seen.at("user").at("groups");
  // The primary group may be among them.
  for (auto const& group : groups) {
    CHECK((group == 5 || group == 6 || group == 4000000 || group == 1000));
  }
  for (unsigned const wanted : {5U, 6U, 4000000U}) {
    CHECK(std::count(groups.begin(), groups.end(), wanted) == 1);
  }
}

TEST_CASE("groups of the caller are not kept", "[spec:config#user][MUST]") {
  Json const seen = report(as_user(1000, 1000));
  for (auto const& group : seen.at("user").at("groups")) CHECK(group == 1000);
}

// user_namespaces(7): there is no dropping them any more once the process is in it.
TEST_CASE("groups of the caller are not kept in a user namespace that denies setgroups",
          "[spec:config#user][MUST]") {
  Process holder({{"unshare", "--user", "--setgroups", "deny", probe_path(), "pause"}, "", ""});
  REQUIRE(holder.line().has_value());
  std::string const place = "/proc/" + std::to_string(holder.pid());
  for (char const* map : {"/uid_map", "/gid_map"}) write_text(place + map, "0 100000 65536");
  Bundle const joining = ordinary().with_namespace("user", place + "/ns/user");
  Container web(joining.doing({{"report"}}));
  CHECK_THAT(called_by_member({"run", "--bundle", web.bundle(), web.id()}).out,
             ContainsSubstring("\"groups\":[]"));
  Running further(joining);
  CHECK_THAT(called_by_member({"exec", further.id(), "/probe", "report"}).out,
             ContainsSubstring("\"groups\":[]"));
  Container keeping(
      joining.with("/annotations", {{"run.oci.keep_original_groups", "1"}}).doing({{"report"}}));
  // As those look that are not mapped.
  auto const kept = called_by_member({"run", "--bundle", keeping.bundle(), keeping.id()}).out;
  if (is_proa()) CHECK_THAT(kept, ContainsSubstring("\"groups\":[65534,65534]"));
}

TEST_CASE("the process has the umask that user names", "[spec:config#user][MUST]") {
  CHECK(report(ordinary().with("/process/user/umask", 63)).at("umask") == 63);
  CHECK(report(ordinary().with("/process/user/umask", 0)).at("umask") == 0);
}

// "If unspecified, the umask should not be changed from the calling process' umask."
// crun 1.8 and runc 1.1 set 0022 whatever the caller has.
TEST_CASE("without a umask the caller's is kept", "[spec:config#user][SHOULD]") {
  Container web(ordinary().doing({{"report"}}));
  Command caller;
  caller.umask = 0027;
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("umask") == 027);
  web.wait();
}

TEST_CASE("the environment is what env says and nothing of the caller's",
          "[spec:config#process][MUST]") {
  Container web(ordinary()
                    .with("/process/env", {"PATH=/", "A=1", "EMPTY=", "SPACE=a b=c"})
                    .doing({{"report"}}));
  Command caller;
  caller.env = {"LEAKED=secret"};
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  Json const env = web.answer().at("env");
  web.wait();
  for (char const* wanted : {"PATH=/", "A=1", "EMPTY=", "SPACE=a b=c"}) {
    CHECK(std::count(env.begin(), env.end(), wanted) == 1);
  }
  CHECK(std::count(env.begin(), env.end(), "LEAKED=secret") == 0);
}

TEST_CASE("args reach the process as they are", "[spec:config#process][MUST]") {
  Json const seen =
      report(ordinary().args({"/probe", "report", "--", "exit", "0"}).doing({{"report"}}));
  CHECK(seen.at("args") == Json{"/probe", "report"});
}

TEST_CASE("arguments may be empty, long or full of odd characters", "[spec:config#process][MUST]") {
  std::string const long_text(100000, 'x');
  std::vector<Words> const verbs = {{"report", "", "a b", "\"quoted\"", "$HOME", "\t", long_text}};
  Json const args = inside(ordinary(), verbs).front().at("args");
  CHECK(args == Json{"/probe", "report", "", "a b", "\"quoted\"", "$HOME", "\t", long_text});
}

TEST_CASE("the program is looked up in the PATH of env", "[spec:config#process][MUST]") {
  Bundle const bundle = ordinary()
                            .link("opt/tools/inspect", "/probe")
                            .with("/process/env", {"PATH=/nowhere:/opt/tools"});
  Created web(bundle.args({"inspect", "report"}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("args") == Json{"inspect", "report"});
  web.wait();
}

TEST_CASE("a program name with a slash is taken from cwd", "[spec:config#process][MUST]") {
  Created web(ordinary()
                  .link("opt/inspect", "/probe")
                  .with("/process/cwd", "/opt")
                  .args({"./inspect", "report"}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("cwd") == "/opt");
  web.wait();
}

TEST_CASE("the process starts in cwd", "[spec:config#process][MUST]") {
  CHECK(report(ordinary().directory("srv/www").with("/process/cwd", "/srv/www")).at("cwd") ==
        "/srv/www");
}

TEST_CASE("a cwd that is not absolute is refused", "[spec:config#process][MUST]") {
  for (char const* cwd : {"", "srv", "./srv"}) {
    CAPTURE(cwd);
    refusal(ordinary().directory("srv").with("/process/cwd", cwd));
  }
}

TEST_CASE("a cwd that does not exist is made", "[contract:create]") {
  CHECK(report(ordinary().with("/process/cwd", "/made/for/it")).at("cwd") == "/made/for/it");
}

TEST_CASE("a cwd that only the user may enter works", "[contract:create]") {
  Bundle const bundle = as_user(1000, 1000).directory("home", 0700).with("/process/cwd", "/home");
  Container web(bundle.doing({{"report"}}));
  REQUIRE(chown((web.rootfs() + "/home").c_str(), 1000, 1000) == 0);
  REQUIRE(web.create().ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("cwd") == "/home");
  web.wait();
}

TEST_CASE("resource limits are what rlimits says", "[spec:config#posix-process][MUST]") {
  Json const seen = report(ordinary().with(
      "/process/rlimits", {limit("RLIMIT_NOFILE", 100, 200), limit("RLIMIT_CORE", 0, 1024),
                           limit("RLIMIT_FSIZE", 1000000, 2000000), limit("RLIMIT_NPROC", 500, 600),
                           limit("RLIMIT_CPU", 50, 60)}));
  Json const limits = seen.at("rlimits");
  CHECK(limits.at("RLIMIT_NOFILE") == Json{100, 200});
  CHECK(limits.at("RLIMIT_CORE") == Json{0, 1024});
  CHECK(limits.at("RLIMIT_FSIZE") == Json{1000000, 2000000});
  CHECK(limits.at("RLIMIT_NPROC") == Json{500, 600});
  CHECK(limits.at("RLIMIT_CPU") == Json{50, 60});
}

TEST_CASE("a limit that is not named stays the caller's", "[spec:config#posix-process][MUST]") {
  Json const own = Json::parse(run({{probe_path(), "report"}, "", ""}).out).at("rlimits");
  Json const seen =
      report(ordinary().with("/process/rlimits", Json::array({limit("RLIMIT_CORE", 0, 0)})));
  for (char const* name : {"RLIMIT_NOFILE", "RLIMIT_STACK", "RLIMIT_AS", "RLIMIT_FSIZE"}) {
    CAPTURE(name);
    CHECK(seen.at("rlimits").at(name) == own.at(name));
  }
}

TEST_CASE("an rlimit that the kernel does not have is refused",
          "[spec:config#posix-process][MUST]") {
  refusal(ordinary().with("/process/rlimits", Json::array({limit("RLIMIT_NOSUCH", 1, 1)})));
}

// Neither runc 1.1 nor crun 1.8 look for it.
TEST_CASE("duplicate rlimits are refused", "[spec:config#posix-process][MUST]") {
  refusal(ordinary().with("/process/rlimits",
                          {limit("RLIMIT_CORE", 1, 1), limit("RLIMIT_CORE", 2, 2)}));
}

TEST_CASE("oomScoreAdj is set", "[spec:config#linux-process][MUST]") {
  CHECK(report(ordinary().with("/process/oomScoreAdj", 321)).at("oom_score_adj") == "321\n");
}

TEST_CASE("oomScoreAdj 0 is set too", "[spec:config#linux-process][MUST]") {
  Container web(ordinary().with("/process/oomScoreAdj", 0).doing({{"report"}}));
  Command caller;
  caller.oom_score_adj = 77;
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("oom_score_adj") == "0\n");
  web.wait();
}

TEST_CASE("without oomScoreAdj the score is left alone", "[spec:config#linux-process][MUST]") {
  Container web(ordinary().doing({{"report"}}));
  Command caller;
  caller.oom_score_adj = 77;
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("oom_score_adj") == "77\n");
  web.wait();
}

TEST_CASE("noNewPrivileges is set as asked", "[spec:config#linux-process][MUST]") {
  CHECK(report(ordinary().with("/process/noNewPrivileges", true)).at("no_new_privileges") == true);
  CHECK(report(ordinary().with("/process/noNewPrivileges", false)).at("no_new_privileges") ==
        false);
}

TEST_CASE("the scheduler is set", "[spec:config#linux-process][MUST]") {
  Bundle const batch =
      ordinary().with("/process/scheduler", {{"policy", "SCHED_BATCH"}, {"nice", 5}});
  Json const seen = report(batch).at("scheduling");
  CHECK(seen.at("policy") == SCHED_BATCH);
  CHECK(seen.at("nice") == 5);
}

TEST_CASE("a deadline scheduler has its three times and its flags",
          "[spec:config#linux-process][MUST]") {
  constexpr int deadline = 6, reset_on_fork = 1;  // sched(7)
  Json const wanted = {{"policy", "SCHED_DEADLINE"},
                       {"flags", {"SCHED_FLAG_RESET_ON_FORK"}},
                       {"runtime", 1000000},
                       {"deadline", 20000000},
                       {"period", 30000000}};
  Json const seen = report(ordinary().with("/process/scheduler", wanted)).at("scheduling");
  CHECK(seen.at("policy") == deadline);
  CHECK(seen.at("flags") == reset_on_fork);
  for (char const* time : {"runtime", "deadline", "period"})
    CHECK(seen.at(time) == wanted.at(time));
}

// Where the cpu controller of version 1 shares out real-time, a new cgroup has none of it.
TEST_CASE("a real-time scheduler has its priority", "[spec:config#linux-process][MUST]") {
  auto const cpu = cgroup_directory("cpu", "/");
  bool const shared_out = cpu && exists(*cpu + "/cpu.rt_runtime_us");
  Bundle const fifo =
      ordinary().with("/process/scheduler", {{"policy", "SCHED_FIFO"}, {"priority", 7}});
  if (shared_out) {
    Created web(fifo);
    check_words(web.start().error(), "set scheduler policy");
    return;
  }
  Json const seen = report(fifo).at("scheduling");
  CHECK(seen.at("policy") == SCHED_FIFO);
  CHECK(seen.at("priority") == 7);
}

TEST_CASE("a scheduler policy or flag that nobody knows is refused",
          "[spec:config#valid-values][MUST]") {
  refusal(ordinary().with("/process/scheduler", {{"policy", "SCHED_NOSUCH"}}));
  refusal(ordinary().with("/process/scheduler",
                          {{"policy", "SCHED_OTHER"}, {"flags", {"SCHED_FLAG_NOSUCH"}}}));
}

TEST_CASE("the I/O priority is set", "[spec:config#linux-process][MUST]") {
  Bundle const bundle =
      ordinary().with("/process/ioPriority", {{"class", "IOPRIO_CLASS_BE"}, {"priority", 6}});
  constexpr int best_effort = 2;  // ioprio_set(2)
  CHECK(report(bundle).at("scheduling").at("ioprio") == (best_effort << 13 | 6));
}

TEST_CASE("the I/O priority has each of the classes", "[spec:config#linux-process][MUST]") {
  // ioprio_set(2)
  struct {
    char const* name;
    int number;
    int priority;
  } const classes[] = {
      {"IOPRIO_CLASS_RT", 1, 0}, {"IOPRIO_CLASS_BE", 2, 7}, {"IOPRIO_CLASS_IDLE", 3, 0}};
  for (auto const& each : classes) {
    CAPTURE(each.name);
    Bundle const bundle =
        ordinary().with("/process/ioPriority", {{"class", each.name}, {"priority", each.priority}});
    CHECK(report(bundle).at("scheduling").at("ioprio") == (each.number << 13 | each.priority));
  }
}

TEST_CASE("an I/O priority out of range is refused", "[spec:config#valid-values][MUST]") {
  refusal(ordinary().with("/process/ioPriority", {{"class", "IOPRIO_CLASS_BE"}, {"priority", 8}}));
  refusal(ordinary().with("/process/ioPriority", {{"class", "NOSUCH"}, {"priority", 1}}));
}

TEST_CASE("the memory policy is set", "[spec:config-linux#memory-policy][MUST]") {
  Json const own = Json::parse(run({{probe_path(), "report"}, "", ""}).out).at("scheduling");
  if (own.at("mempolicy") == -1) SKIP_BECAUSE("this kernel has no memory policies");
  Json const policy = {{"mode", "MPOL_BIND"}, {"nodes", "0"}};
  constexpr int bind = 2;  // set_mempolicy(2)
  CHECK(report(ordinary().with("/linux/memoryPolicy", policy)).at("scheduling").at("mempolicy") ==
        bind);
}

TEST_CASE("the memory policy has its flags and its nodes",
          "[spec:config-linux#memory-policy][MUST]") {
  Json const own = Json::parse(run({{probe_path(), "report"}, "", ""}).out).at("scheduling");
  if (own.at("mempolicy") == -1) SKIP_BECAUSE("this kernel has no memory policies");
  struct {
    char const* flag;
    int bit;
  } const flags[] = {{"MPOL_F_STATIC_NODES", 1 << 15}, {"MPOL_F_RELATIVE_NODES", 1 << 14}};
  constexpr int interleave = 3;  // set_mempolicy(2)
  for (auto const& each : flags) {
    CAPTURE(each.flag);
    Json const policy = {{"mode", "MPOL_INTERLEAVE"}, {"nodes", "0"}, {"flags", {each.flag}}};
    Json const seen = report(ordinary().with("/linux/memoryPolicy", policy)).at("scheduling");
    CHECK(seen.at("mempolicy") == (interleave | each.bit));
    CHECK(seen.at("memnodes") == Json{0});
  }
}

TEST_CASE("the personality is set", "[spec:config-linux#personality][MUST]") {
  Json const seen = report(ordinary().with("/linux/personality", {{"domain", "LINUX32"}}));
  CHECK(seen.at("personality") == PER_LINUX32);
  CHECK(seen.at("names").at("machine") == "i686");
}

TEST_CASE("a personality that nobody knows is refused", "[spec:config-linux#personality][MUST]") {
  refusal(ordinary().with("/linux/personality", {{"domain", "SOLARIS"}}));
}

TEST_CASE("only the standard descriptors are open", "[spec:runtime-linux#file-descriptors][MUST]") {
  Container web(ordinary().doing({{"report"}}));
  Command caller;
  Fd const leak(open("/dev/null", O_RDONLY));
  caller.pass = {leak.get(), leak.get()};
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  Json const seen = web.answer();
  web.wait();
  for (auto const& entry : seen.at("descriptors")) CHECK(entry.at("fd") <= 2);
  CHECK(seen.at("descriptors").size() == 3);
}

// The node of the host's would be root's to change.
TEST_CASE("a standard stream that is the host's /dev/null becomes the container's",
          "[contract:create]") {
  auto const seen = inside(ordinary(), {{"stat", "/dev/null"}, {"report"}});
  Json const input = seen[1].at("descriptors").at(0);
  CHECK(input.at("device") == seen[0].at("device"));
  CHECK(input.at("inode") == seen[0].at("inode"));
}

TEST_CASE("--preserve-fds passes descriptors from 3 on", "[contract:create]") {
  Container web(ordinary().doing({{"say", "4", "hello"}, {"report"}}));
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Fd const reading(ends[0]);
  Fd const writing(ends[1]);
  Command caller;
  caller.pass = {writing.get(), writing.get(), writing.get()};
  REQUIRE(web.create_in(caller, {"--preserve-fds", "2"}).ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("errno") == 0);
  CHECK(web.answer().at("descriptors").size() == 5);
  char text[8] = "";
  CHECK(read(reading.get(), text, 5) == 5);
  CHECK(std::string(text) == "hello");
  web.wait();
}

// conmon starts the runtime with SIGPIPE ignored: execve(2) would hand that on.
TEST_CASE("signals are neither blocked nor ignored in the container", "[contract:create]") {
  Container web(ordinary().doing({{"report"}}));
  Command caller;
  caller.signals_off = true;
  REQUIRE(web.create_in(caller).ok());
  REQUIRE(web.start().ok());
  Json const signals = web.answer().at("signals");
  web.wait();
  CHECK(signals.at("blocked") == Json::array());
  CHECK(signals.at("ignored") == Json::array());
}

TEST_CASE("no parent death signal is left on the container", "[contract:create]") {
  CHECK(report(ordinary()).at("death_signal") == 0);
}

TEST_CASE("the process leads a session of its own", "[contract:create]") {
  Json const seen = report(ordinary());
  CHECK(seen.at("sid") == seen.at("pid"));
  CHECK(seen.at("pgid") == seen.at("pid"));
}

TEST_CASE("the container has a session keyring of its own", "[contract:create]") {
  Created web(ordinary().doing({{"report"}}));
  REQUIRE(web.start().ok());
  CHECK_THAT(web.answer().at("keyring").get<std::string>(), ContainsSubstring("_ses." + web.id()));
  web.wait();
}

TEST_CASE("--no-new-keyring keeps the caller's keyring", "[contract:create]") {
  Created web(ordinary().doing({{"report"}}), {"--no-new-keyring"});
  REQUIRE(web.start().ok());
  CHECK_THAT(web.answer().at("keyring").get<std::string>(), !ContainsSubstring("_ses." + web.id()));
  web.wait();
}

TEST_CASE("HOME is taken from the container's passwd file", "[contract:create]") {
  std::string const passwd = "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/srv/web:/bin/sh\n";
  Json const env = report(as_user(1000, 1000).file("etc/passwd", passwd)).at("env");
  CHECK(std::count(env.begin(), env.end(), "HOME=/srv/web") == 1);
}

TEST_CASE("a HOME in env wins", "[contract:create]") {
  std::string const passwd = "web:x:1000:1000::/srv/web:/bin/sh\n";
  Json const env = report(as_user(1000, 1000)
                              .file("etc/passwd", passwd)
                              .with("/process/env", {"PATH=/", "HOME=/mine"}))
                       .at("env");
  CHECK(std::count(env.begin(), env.end(), "HOME=/mine") == 1);
  CHECK(std::count(env.begin(), env.end(), "HOME=/srv/web") == 0);
}

TEST_CASE("standard streams belong to the container's user", "[contract:create]") {
  Container web(as_user(1000, 1000).doing({{"open", "/proc/self/fd/1", "w"}}));
  REQUIRE(web.create().ok());
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("errno") == 0);
  web.wait();
}

TEST_CASE("the affinity of the caller is not the container's", "[contract:create]") {
  cpu_set_t before;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  if (CPU_COUNT(&before) < 2) SKIP_BECAUSE("one processor only");
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  // A runtime that is pinned to one processor does not pin the container.
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  Container web(ordinary().doing({{"report"}}));
  bool const created = web.create().ok();
  sched_setaffinity(0, sizeof before, &before);
  REQUIRE(created);
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("scheduling").at("cpus").size() ==
        static_cast<std::size_t>(CPU_COUNT(&before)));
  web.wait();
}

}  // namespace conformance
