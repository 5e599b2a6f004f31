// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/apply.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstddef>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "linux/namespace.hpp"
#include "linux/prctl.hpp"
#include "linux/proc.hpp"
#include "linux/process.hpp"
#include "linux/seccomp.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/process/tree.hpp"

using namespace proa;

namespace {

constexpr uid_t somebody = 65534;

/// A child that may not do what only root may.
void become_somebody() {
  if (::geteuid() == 0) linux::set_uid(somebody).or_fail("set uid");
}

/// For a child: openat2(2) as on a host whose filter does not know it.
void lose_openat2() {
  ::sock_filter const program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(::seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_openat2},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  linux::set_no_new_privileges().or_fail("set no_new_privs");
  linux::set_seccomp_filter(program, 0).or_fail("lose openat2");
}

std::string own(std::string const& file) {
  return *linux::read_file(linux::at_cwd, "/proc/self/" + file);
}

process::Plan with_limit(int resource, std::string_view name, linux::Limit limit) {
  process::Plan plan;
  plan.limits = {{resource, name, limit}};
  return plan;
}

}  // namespace

// --- limits, scores -----------------------------------------------------------------------------

TEST_CASE("a limit is what getrlimit(2) says afterwards", "[spec:config#posix-process][MUST]") {
  CHECK(in_child([] {
          process::set_limits(with_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", {100, 200}), 0);
          auto const limit = *linux::limit(0, RLIMIT_NOFILE);
          return fmt::format("{}:{}", limit.soft, limit.hard);
        }) == "100:200");
}

TEST_CASE("a limit of another process is set from outside", "[process]") {
  CHECK(in_child([] {
          pid_t const other = ::fork();
          if (other == 0) {
            for (;;) ::pause();
          }
          process::set_limits(with_limit(RLIMIT_CORE, "RLIMIT_CORE", {0, 0}), other);
          bool const set = *linux::limit(other, RLIMIT_CORE) == linux::Limit{0, 0};
          ::kill(other, SIGKILL);
          ::waitpid(other, nullptr, 0);
          return std::string(set ? "set" : "not set");
        }) == "set");
}

TEST_CASE("a limit that is refused is named with its values", "[process]") {
  CHECK(in_child([] {
          become_somebody();
          process::set_limits(with_limit(RLIMIT_CORE, "RLIMIT_CORE", {0, 10}), 0);
          process::set_limits(with_limit(RLIMIT_CORE, "RLIMIT_CORE", {5, RLIM64_INFINITY}), 0);
          return std::string();
        }) == "error: set RLIMIT_CORE to 5:unlimited: operation not permitted");
}

TEST_CASE("oomScoreAdj is written where it is set", "[spec:config#process][MUST]") {
  CHECK(in_child([] {
          auto const before = own("oom_score_adj");
          process::Plan plan;
          auto const proc = linux::open_proc().or_fail("open /proc");
          process::set_oom_score_adj(plan, proc, "self");
          if (own("oom_score_adj") != before) return std::string("changed without being set");
          plan.oom_score_adj = 917;
          process::set_oom_score_adj(plan, proc, "self");
          return own("oom_score_adj");
        }) == "917\n");
}

TEST_CASE("a score that may not be lowered is an error, but for a rootless caller",
          "[spec:config#process]") {
  auto const lowered = [](bool rootless) {
    return in_child([&] {
      auto const proc = linux::open_proc().or_fail("open /proc");
      become_somebody();
      process::Plan plan;
      plan.oom_score_adj = -1000;
      plan.rootless = rootless;
      process::set_oom_score_adj(plan, proc, "self");
      return std::string("left");
    });
  };
  CHECK(lowered(false) == "error: write -1000 to /proc/self/oom_score_adj: permission denied");
  CHECK(lowered(true) == "left");
}

namespace {

/// For a child of root: what the first process of a container with a user namespace is.
void become_contained() {
  linux::set_uid(somebody).or_fail("set uid");
  linux::unshare(CLONE_NEWUSER).or_fail("unshare");
  linux::set_dumpable(linux::Dumpable::no).or_fail("become undumpable");
}

std::string score_of(pid_t pid, linux::FdRef proc) {
  return linux::read_proc(proc, fmt::format("{}/oom_score_adj", pid)).or_fail("read the score");
}

}  // namespace

TEST_CASE("in a user namespace the score has to come from outside", "[process][root]") {
  if (::geteuid() != 0 || !may_unshare(CLONE_NEWUSER)) {
    SKIP_BECAUSE("takes root outside of a user namespace");
  }
  process::Plan plan;
  plan.oom_score_adj = 500;
  auto const proc = linux::open_proc().or_fail("open /proc");
  CHECK(in_child([&] {
          become_contained();
          process::set_oom_score_adj(plan, proc, "self");
          return std::string("set");
        }) == "error: write 500 to /proc/self/oom_score_adj: permission denied");
  CHECK(in_child([&] {
          int ready[2];
          if (::pipe(ready) < 0) return std::string("no pipe");
          pid_t const other = ::fork();
          if (other == 0) {
            become_contained();
            ::close(ready[0]);
            ::close(ready[1]);
            for (;;) ::pause();
          }
          ::close(ready[1]);
          char nothing;
          if (::read(ready[0], &nothing, 1) < 0) return std::string("no answer");
          process::set_oom_score_adj(plan, proc, std::to_string(other));
          auto const score = score_of(other, proc);
          ::kill(other, SIGKILL);
          ::waitpid(other, nullptr, 0);
          return score;
        }) == "500\n");
}

// --- scheduling ---------------------------------------------------------------------------------

TEST_CASE("the scheduler, the I/O priority and the personality are the process's",
          "[spec:config#process]") {
  CHECK(in_child([] {
          linux::set_session().ignore();
          process::Plan plan;
          plan.scheduler.emplace().policy = SCHED_BATCH;
          plan.scheduler->nice = 7;
          plan.io_priority = 2 << 13 | 6;
          plan.personality = PER_LINUX32;
          process::set_scheduling(plan);
          auto const scheduler = *linux::scheduler(0);
          return fmt::format("{} {} {:#x} {}", scheduler.policy, scheduler.nice,
                             *linux::group_io_priority(), ::personality(0xffffffff));
        }) == "3 7 0x4006 8");
}

TEST_CASE("nothing is scheduled that was not asked for", "[spec:config#process]") {
  CHECK(in_child([] {
          auto const before = *linux::scheduler(0);
          process::set_scheduling({});
          return std::string(before == *linux::scheduler(0) ? "same" : "changed");
        }) == "same");
}

TEST_CASE("a deadline scheduler beside a cpuset has runc's words", "[contract:runc]") {
  auto const refused = [](bool fixed_processors) {
    return in_child([&] {
      become_somebody();
      process::Plan plan;
      plan.scheduler.emplace().policy = SCHED_DEADLINE;
      plan.scheduler->runtime = 10'000'000;
      plan.scheduler->deadline = plan.scheduler->period = 20'000'000;
      plan.fixed_processors = fixed_processors;
      process::set_scheduling(plan);
      return std::string();
    });
  };
  CHECK(refused(true) == "error: process scheduler can't be used together with AllowedCPUs");
  CHECK(refused(false) == "error: set scheduler policy 6: operation not permitted");
}

TEST_CASE("a memory policy is the process's", "[spec:config-linux#memory-policy]") {
  CHECK(in_child([] {
          process::Plan plan;
          plan.memory_policy = {MPOL_INTERLEAVE, {1}};
          process::set_scheduling(plan);
          int mode = -1;
          ::syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0);
          return std::to_string(mode);
        }) == std::to_string(MPOL_INTERLEAVE));
}

TEST_CASE("the final affinity is the process's, and without one the caller's is taken off",
          "[spec:config#process]") {
  CHECK(in_child([] {
          auto const all = *linux::affinity(0);
          process::Plan plan;
          plan.affinity.final = {1};
          process::set_final_affinity(plan);
          auto const one = *linux::affinity(0);
          if (one.front() != 1) return std::string("not set");
          process::set_initial_affinity({});
          if (*linux::affinity(0) != one) return std::string("touched");
          process::Plan initially;
          initially.affinity.initial = {1};
          process::set_final_affinity(initially);
          if (*linux::affinity(0) != one) return std::string("the initial one was taken off");
          process::set_final_affinity({});
          return std::string(*linux::affinity(0) == all ? "all again" : "not taken off");
        }) == "all again");
}

// --- HOME ---------------------------------------------------------------------------------------

namespace {

std::string home_in(Tree const& tree, std::vector<std::string> env, uid_t uid = 7) {
  process::Plan plan;
  plan.uid = uid;
  plan.env = std::move(env);
  process::complete_environment(plan, tree.dir());
  std::string all;
  for (auto const& entry : plan.env) all += entry + " ";
  return all;
}

constexpr auto passwd = "root:x:0:0::/root:/bin/sh\napp:x:7:7::/srv/app:\nnone:x:8:8:::\n";

}  // namespace

TEST_CASE("HOME comes from the container's passwd where nobody gave it", "[contract:runc]") {
  Tree tree;
  tree.directory("etc");
  tree.file("etc/passwd", 0644, passwd);
  CHECK(home_in(tree, {"A=1"}) == "A=1 HOME=/srv/app ");
  CHECK(home_in(tree, {"HOME=", "A=1"}) == "A=1 HOME=/srv/app ");
  CHECK(home_in(tree, {"HOME=/mine"}) == "HOME=/mine ");
  CHECK(home_in(tree, {}, 8) == "HOME=/ ");
  CHECK(home_in(tree, {}, 9) == "HOME=/ ");
}

TEST_CASE("without a passwd HOME is /", "[contract:runc]") {
  Tree tree;
  CHECK(home_in(tree, {}) == "HOME=/ ");
}

TEST_CASE("a passwd that is a link is followed inside the container only", "[process]") {
  Tree tree;
  tree.directory("etc");
  tree.directory("data");
  tree.file("data/users", 0644, passwd);
  tree.link("etc/passwd", "../../../../data/users");
  CHECK(home_in(tree, {}) == "HOME=/srv/app ");
}

TEST_CASE("a passwd that is no file does not hold us up", "[process]") {
  Tree tree;
  tree.directory("etc");
  REQUIRE(::mkfifo((tree / "etc/passwd").c_str(), 0644) == 0);
  CHECK(home_in(tree, {}) == "HOME=/ ");
}

// --- the working directory ----------------------------------------------------------------------

namespace {

std::string cwd_after(std::function<void()> const& act) {
  return in_child([&] {
    act();
    return *linux::working_directory();
  });
}

process::Plan in_cwd(std::string cwd) {
  process::Plan plan;
  plan.cwd = std::move(cwd);
  plan.uid = ::geteuid();
  return plan;
}

/// For a child: the tree becomes the root, with /proc; `kept` stays open on a directory outside.
void enter_as_root(Tree const& tree, int kept) {
  linux::unshare(CLONE_NEWNS).or_fail("unshare");
  ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  tree.directory("proc");
  if (::mount("/proc", (tree / "proc").c_str(), nullptr, MS_BIND | MS_REC, nullptr) < 0) _exit(1);
  ::dup2(::open("/tmp", O_RDONLY | O_DIRECTORY), kept);
  if (::chroot(tree.path().c_str()) < 0 || ::chdir("/") < 0) _exit(1);
}

constexpr int kept = 99;

linux::Fd root_of_process() {
  return linux::open_at(linux::at_cwd, "/", O_PATH | O_DIRECTORY).or_fail("open /");
}

}  // namespace

TEST_CASE("the working directory is entered inside the root", "[spec:config#process][MUST]") {
  Tree tree;
  tree.directory("a");
  tree.directory("a/b");
  tree.link("absolute", "/a/b");
  auto const name = GENERATE("/a/b", "/a/../a/b/", "/absolute", "/../../a/b");
  CHECK(cwd_after([&] { process::enter_cwd(in_cwd(name), tree.dir()); }) == tree / "a/b");
}

TEST_CASE("a working directory that is missing is made with its parents", "[contract:runc]") {
  Tree tree;
  tree.directory("data");
  tree.link("link", "/data");
  auto const made = in_cwd("/link//x/./y/");
  auto const end = cwd_after([&] {
    ::umask(0);
    process::make_cwd(made, tree.dir());
    process::enter_cwd(made, tree.dir());
  });
  CHECK(end == tree / "data/x/y");
  struct ::stat info {};
  REQUIRE(::stat((tree / "data/x").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0755);
}

TEST_CASE("a working directory that can't be entered is named", "[process]") {
  Tree tree;
  tree.file("file", 0644);
  tree.directory("closed", 0);
  tree.directory("locked", 0555);
  auto const entering = [&](std::string const& cwd) {
    return in_child([&] {
      become_somebody();
      process::make_cwd(in_cwd(cwd), tree.dir());
      process::enter_cwd(in_cwd(cwd), tree.dir());
      return std::string("entered");
    });
  };
  CHECK(entering("/file") == "error: enter cwd /file: not a directory");
  CHECK(entering("/closed") == "error: enter cwd /closed: permission denied");
  CHECK(entering("/locked/no") ==
        "error: create cwd /locked/no: create directory /locked/no: permission denied");
}

TEST_CASE("what root may not enter is entered with the user's rights", "[process][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root can take another user's rights");
  Tree tree;
  tree.directory("theirs", 0700);
  if (::chown((tree / "theirs").c_str(), somebody, somebody) < 0) FAIL("chown");
  auto plan = in_cwd("/theirs");
  plan.uid = plan.gid = somebody;
  CHECK(in_child([&] {
          // As on NFS with root_squash, where root's capabilities over files are worth nothing.
          auto sets = *linux::capability_sets();
          sets.effective &= ~(std::uint64_t{1} << 1 | std::uint64_t{1} << 2);
          linux::set_capabilities({sets.effective, sets.effective, 0}).or_fail("capset");
          process::enter_cwd(plan, tree.dir());
          return *linux::working_directory();
        }) == tree / "theirs");
}

TEST_CASE("a cwd that leads out through a descriptor is refused", "[CVE-2024-21626][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can change its root");
  Tree tree;
  auto const cwd = GENERATE(as<std::string>(), "/proc/self/fd/99", "/proc/self/fd/99/../tmp",
                            "/proc/self/fd/99/proa-new");
  auto const entering = [&](bool with_openat2) {
    return in_child([&] {
      enter_as_root(tree, kept);
      if (!with_openat2) lose_openat2();
      auto const root = root_of_process();
      process::make_cwd(in_cwd(cwd), root);
      process::enter_cwd(in_cwd(cwd), root);
      return std::string("entered ") + *linux::working_directory();
    });
  };
  CHECK(entering(true).starts_with("error: "));
  CHECK(entering(false).starts_with("error: "));
  CHECK(::access("/tmp/proa-new", F_OK) < 0);
}

TEST_CASE("without openat2(2) the working directory is made and entered all the same",
          "[process][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can change its root");
  Tree tree;
  tree.directory("etc");
  tree.file("etc/passwd", 0644, passwd);
  CHECK(in_child([&] {
          enter_as_root(tree, kept);
          lose_openat2();
          auto const root = root_of_process();
          auto plan = in_cwd("/made/here");
          plan.uid = 7;
          process::make_cwd(plan, root);
          process::complete_environment(plan, root);
          process::enter_cwd(plan, root);
          return *linux::working_directory() + " " + plan.env.front();
        }) == "/made/here HOME=/srv/app");
}

// --- execve -------------------------------------------------------------------------------------

namespace {

std::string executed(std::string const& path, std::vector<std::string> args = {"x"}) {
  return in_child([&] {
    process::Plan plan;
    plan.args = std::move(args);
    plan.env = {"A=1"};
    process::execute(plan, path);
    return std::string();
  });
}

}  // namespace

TEST_CASE("the process has the arguments and the environment of its plan, nothing else",
          "[spec:config#process][MUST]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  in_child([&] {
    ::dup2(ends[1], 1);
    process::Plan plan;
    plan.args = {"name", "-c", "echo $0 $1 $A; exec /usr/bin/env", "zero", "one two"};
    plan.env = {"A=1"};
    process::execute(plan, "/bin/sh");
    return std::string();
  });
  ::close(ends[1]);
  linux::Fd const end(ends[0]);
  auto const said = *linux::read_all(end);
  CHECK(said.starts_with("zero one two 1\n"));
  CHECK(said.find("\nA=1\n") != said.npos);
  CHECK(said.find("HOME=") == said.npos);
}

TEST_CASE("a program that can't be executed has the words of the engines, and why",
          "[contract:runc][contract:docker]") {
  Tree tree;
  tree.file("run.sh", 0755, "#!/no/such\n");
  tree.file("data", 0755, "hello\n");
  tree.file("plain", 0644);
  CHECK(executed(tree / "run.sh") == "error: exec " + tree / "run.sh" +
                                         ": no such file or directory\n"
                                         "its interpreter \"/no/such\" is missing");
  CHECK(executed(tree / "data") ==
        "error: exec " + tree / "data" +
            ": exec format error\n"
            "it is no ELF program, and a script has to begin with \"#!\"");
  CHECK(executed(tree / "plain") == "error: exec " + tree / "plain" + ": permission denied");
  CHECK(executed(tree / "no") == "error: exec " + tree / "no" + ": no such file or directory");
}
