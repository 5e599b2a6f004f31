// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config-linux.md#namespaces: new, inherited and joined ones; the offsets of clocks; names.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// The word of config.json and the name below /proc/<pid>/ns.
struct Kind {
  char const* type;
  char const* file;
};
constexpr Kind kinds[] = {{"network", "net"}, {"ipc", "ipc"},       {"uts", "uts"},
                          {"pid", "pid"},     {"cgroup", "cgroup"}, {"time", "time"}};

/// What names, hostname and proc need would be wrong without its namespace.
Bundle plain() { return minimal(); }

std::string file_of(pid_t pid, char const* kind) {
  return "/proc/" + std::to_string(pid) + "/ns/" + kind;
}

/// A process that holds new namespaces: the probe, pausing.
struct Holder {
  Process process;
  explicit Holder(Words const& flags) {
    Words argv = {"unshare"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    argv.insert(argv.end(), {"--", probe_path(), "pause"});
    process = Process({argv, "", ""});
    REQUIRE(process.line().has_value());
  }
  std::string path(char const* kind) const { return file_of(process.pid(), kind); }
};

}  // namespace

TEST_CASE("a namespace without a path is new", "[spec:config-linux#namespaces][MUST]") {
  for (auto const& kind : kinds) {
    CAPTURE(kind.type);
    Json const seen = report(plain().with_namespace(kind.type)).at("namespaces");
    CHECK(seen.at(kind.file) != own_namespace(kind.file));
    CHECK(seen.at("mnt") != own_namespace("mnt"));
  }
}

TEST_CASE("a namespace that is not listed is the runtime's",
          "[spec:config-linux#namespaces][MUST]") {
  Json const seen = report(plain()).at("namespaces");
  for (auto const& kind : kinds) {
    CAPTURE(kind.type);
    CHECK(seen.at(kind.file) == own_namespace(kind.file));
  }
  CHECK(seen.at("user") == own_namespace("user"));
}

TEST_CASE("a namespace with a path is joined", "[spec:config-linux#namespaces][MUST]") {
  Holder const holder({"--net", "--ipc", "--uts", "--cgroup"});
  for (auto const& kind : kinds) {
    std::string const type = kind.type;
    if (type == "pid" || type == "time") continue;
    CAPTURE(type);
    Json const seen = report(plain().with_namespace(type, holder.path(kind.file))).at("namespaces");
    CHECK(seen.at(kind.file) == namespace_of(holder.process.pid(), kind.file));
  }
}

TEST_CASE("the pid namespace of another container can be joined",
          "[spec:config-linux#namespaces][MUST]") {
  Running first(ordinary());
  Created second(plain().with_namespace("pid", file_of(first.pid(), "pid")).doing({{"report"}}));
  REQUIRE(second.start().ok());
  Json const seen = second.answer();
  second.wait();
  CHECK(seen.at("namespaces").at("pid") == namespace_of(first.pid(), "pid"));
  CHECK(seen.at("pid") != 1);
}

TEST_CASE("containers of a pod share network, ipc and uts by path",
          "[spec:config-linux#namespaces][MUST]") {
  Running sandbox(ordinary().doing({{"shm", "4711", "make"}, {"pause"}}));
  Bundle joined = ordinary();
  for (auto const& [type, file] :
       std::map<std::string, char const*>{{"network", "net"}, {"ipc", "ipc"}}) {
    joined = joined.with_namespace(type, file_of(sandbox.pid(), file));
  }
  auto const seen = inside(joined, {{"report"}, {"shm", "4711", "find"}});
  CHECK(seen[0].at("namespaces").at("net") == namespace_of(sandbox.pid(), "net"));
  CHECK(seen[0].at("namespaces").at("uts") != namespace_of(sandbox.pid(), "uts"));
  CHECK(seen[1].at("errno") == 0);
}

TEST_CASE("new ipc namespaces do not see each other", "[spec:config-linux#namespaces][MUST]") {
  Running first(ordinary().doing({{"shm", "4712", "make"}, {"pause"}}));
  CHECK(inside(ordinary(), {{"shm", "4712", "find"}})[0].at("errno") == ENOENT);
}

TEST_CASE("a namespace held by a bind mount can be joined",
          "[spec:config-linux#namespaces][MUST]") {
  Holder const holder({"--net"});
  auto const inode = namespace_of(holder.process.pid(), "net");
  std::string const file = scratch() + "/held";
  write_text(file, "");
  // In a mount namespace of its own, so that this one stays as it is.
  pid_t const child = fork();
  if (child == 0) {
    int const made = unshare(CLONE_NEWNS);
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    int const bound = mount(holder.path("net").c_str(), file.c_str(), nullptr, MS_BIND, nullptr);
    bool const same = [&] {
      if (made != 0 || bound != 0) return false;
      std::string const place = scratch() + "/joining";
      plain()
          .with_namespace("network", file)
          .with("/linux/cgroupsPath", cgroup_parent() + "/joining")
          .doing({{"report"}})
          .write(place);
      Result const result = proa("run", "--bundle", place, "joining");
      return result.ok() && Json::parse(result.out).at("namespaces").at("net") == inode;
    }();
    _exit(same ? 0 : 1);
  }
  CHECK(wait_for(child) == 0);
}

TEST_CASE("a namespace of ip netns can be joined", "[spec:config-linux#namespaces][MUST]") {
  std::string const name = "proa-test-" + std::to_string(getpid());
  if (!run({{"ip", "netns", "add", name}, "", ""}).ok()) SKIP_BECAUSE("no ip netns here");
  std::string const path = "/run/netns/" + name;
  struct stat info {};
  stat(path.c_str(), &info);
  Json seen;
  {
    Created web(ordinary().with_namespace("network", path).doing({{"report"}}));
    if (web.start().ok()) seen = web.answer();
    web.wait();
  }
  run({{"ip", "netns", "delete", name}, "", ""});
  REQUIRE(seen.is_object());
  CHECK(seen.at("namespaces").at("net") == info.st_ino);
}

TEST_CASE("a path to a namespace of another type is refused",
          "[spec:config-linux#namespaces][MUST]") {
  Holder const holder({"--net", "--ipc", "--uts"});
  CHECK_THAT(refusal(plain().with_namespace("network", holder.path("ipc"))), ContainsSubstring(""));
  refusal(plain().with_namespace("ipc", holder.path("uts")));
  refusal(plain().with_namespace("pid", holder.path("net")));
}

TEST_CASE("a path that is no namespace is refused", "[spec:config-linux#namespaces][MUST]") {
  write_text(scratch() + "/plain", "");
  refusal(plain().with_namespace("network", scratch() + "/plain"));
  refusal(plain().with_namespace("network", "/no/such/file"));
  refusal(plain().with_namespace("network", "/dev/null"));
}

TEST_CASE("a relative path is refused", "[spec:config-linux#namespaces][MUST]") {
  refusal(plain().with_namespace("network", "proc/self/ns/net"));
}

TEST_CASE("duplicate namespaces are refused", "[spec:config-linux#namespaces][MUST]") {
  refusal(plain().with("/linux/namespaces",
                       {{{"type", "mount"}}, {{"type", "ipc"}}, {{"type", "ipc"}}}));
}

TEST_CASE("a namespace type that nobody knows is refused", "[spec:config#valid-values][MUST]") {
  refusal(plain().with("/linux/namespaces", {{{"type", "mount"}}, {{"type", "colour"}}}));
}

TEST_CASE("the first process of a pid namespace is 1", "[spec:config-linux#namespaces][MUST]") {
  Json const seen = report(ordinary());
  CHECK(seen.at("pid") == 1);
  CHECK(seen.at("ppid") == 0);
}

TEST_CASE("a new network namespace has its loopback up", "[contract:create]") {
  Json const seen = inside(ordinary(), {{"interfaces"}})[0].at("up");
  CHECK(seen == Json{{"lo", true}});
}

TEST_CASE("a network namespace that is joined is left as it is",
          "[spec:config-linux#namespaces][MUST]") {
  Holder const holder({"--net"});
  Json const seen =
      inside(ordinary().with_namespace("network", holder.path("net")), {{"interfaces"}})[0];
  CHECK(seen.at("up").at("lo") == false);
}

// runc 1.1 and crun 1.8 do not know domainname.
TEST_CASE("hostname and domainname are set", "[spec:config#hostname][MUST]") {
  Json const names =
      report(ordinary().with({{"hostname", "mrsdalloway"}, {"domainname", "foobarbaz.test"}}))
          .at("names");
  CHECK(names.at("hostname") == "mrsdalloway");
  CHECK(names.at("domainname") == "foobarbaz.test");
}

TEST_CASE("a hostname without a new uts namespace is refused", "[contract:create]") {
  Result const host = run({{"hostname"}, "", ""});
  refusal(ordinary().without_namespace("uts"));
  CHECK(run({{"hostname"}, "", ""}).out == host.out);
}

TEST_CASE("a hostname is set in a uts namespace that is joined", "[spec:config#hostname][MUST]") {
  Holder const holder({"--uts"});
  Json const seen =
      report(ordinary().with("/hostname", "joined").with_namespace("uts", holder.path("uts")));
  CHECK(seen.at("names").at("hostname") == "joined");
}

TEST_CASE("sysctls are set in the container's namespaces", "[spec:config-linux#sysctl][MUST]") {
  auto const seen = inside(ordinary().with("/linux/sysctl", {{"net.ipv4.ip_forward", "1"},
                                                             {"kernel.shm_rmid_forced", "1"},
                                                             {"fs.mqueue.msg_max", "20"}}),
                           {{"read", "/proc/sys/net/ipv4/ip_forward"},
                            {"read", "/proc/sys/kernel/shm_rmid_forced"},
                            {"read", "/proc/sys/fs/mqueue/msg_max"}});
  CHECK(seen[0].at("text") == "1\n");
  CHECK(seen[1].at("text") == "1\n");
  CHECK(seen[2].at("text") == "20\n");
}

TEST_CASE("user sysctls are those of a new user namespace", "[spec:config-linux#sysctl][MUST]") {
  std::string const file = "/proc/sys/user/max_user_namespaces";
  auto const before = read_text(file);
  if (!before) SKIP_BECAUSE("this kernel has no limits for users");
  Json const sysctl = {{"user.max_user_namespaces", "3"}};
  CHECK(inside(userns().with("/linux/sysctl", sysctl), {{"read", file}})[0].at("text") == "3\n");
  CHECK(read_text(file) == before);
  refusal(ordinary().with("/linux/sysctl", sysctl));
}

TEST_CASE("a sysctl that would reach the host is refused", "[spec:config-linux#sysctl][MUST]") {
  refusal(ordinary().with("/linux/sysctl", {{"vm.swappiness", "60"}}));
  refusal(ordinary().with("/linux/sysctl", {{"kernel.pid_max", "30000"}}));
  refusal(ordinary().without_namespace("network").with("/linux/sysctl",
                                                       {{"net.ipv4.ip_forward", "1"}}));
  refusal(ordinary()
              .without_namespace("ipc")
              .without_mount("/dev/mqueue")
              .with("/linux/sysctl", {{"kernel.shm_rmid_forced", "1"}}));
}

TEST_CASE("a sysctl that does not exist is refused", "[spec:config-linux#sysctl][MUST]") {
  refusal(ordinary().with("/linux/sysctl", {{"net.no_such_key", "1"}}));
}

// runc 1.1 knows no time namespace; crun 1.8 has it.
TEST_CASE("clocks are shifted in a new time namespace",
          "[spec:config-linux#offset-for-time-namespace][MUST]") {
  Bundle const shifted = ordinary().with_namespace("time").with(
      "/linux/timeOffsets",
      {{"monotonic", {{"secs", 172800}, {"nanosecs", 5}}}, {"boottime", {{"secs", 604800}}}});
  Json const own = Json::parse(run({{probe_path(), "report"}, "", ""}).out).at("clocks");
  Json const seen = report(shifted);
  auto const difference = [&](char const* clock) {
    return seen.at("clocks").at(clock).get<long>() - own.at(clock).get<long>();
  };
  CHECK(difference("monotonic") >= 172800);
  CHECK(difference("monotonic") < 172800 + 600);
  CHECK(difference("boottime") >= 604800);
  CHECK(difference("boottime") < 604800 + 600);
  CHECK_THAT(seen.at("timens_offsets").get<std::string>(),
             Catch::Matchers::Matches("monotonic +172800 +5\nboottime +604800 +0\n"));
}

TEST_CASE("clocks can go back", "[spec:config-linux#offset-for-time-namespace][MUST]") {
  Bundle const shifted = ordinary().with_namespace("time").with(
      "/linux/timeOffsets", {{"boottime", {{"secs", -1}, {"nanosecs", 500000000}}}});
  CHECK_THAT(report(shifted).at("timens_offsets").get<std::string>(),
             ContainsSubstring("boottime") && ContainsSubstring("500000000"));
}

TEST_CASE("offsets without a new time namespace are refused",
          "[spec:config-linux#offset-for-time-namespace][MUST]") {
  Json const offsets = {{"boottime", {{"secs", 10}}}};
  refusal(ordinary().with("/linux/timeOffsets", offsets));
  Holder const holder({"--time", "--fork", "--kill-child"});
  refusal(ordinary()
              .with_namespace("time", holder.path("time_for_children"))
              .with("/linux/timeOffsets", offsets));
}

TEST_CASE("a time namespace with a path is joined", "[spec:config-linux#namespaces][MUST]") {
  Holder const holder({"--time", "--fork", "--kill-child"});
  Json const seen =
      report(plain().with_namespace("time", holder.path("time_for_children"))).at("namespaces");
  CHECK(seen.at("time") == namespace_of(holder.process.pid(), "time_for_children"));
}

TEST_CASE("an offset for a clock that has none is refused",
          "[spec:config-linux#offset-for-time-namespace][MUST]") {
  refusal(
      ordinary().with_namespace("time").with("/linux/timeOffsets", {{"realtime", {{"secs", 10}}}}));
}

TEST_CASE("the cgroup namespace is rooted at the container's cgroup",
          "[spec:config-linux#namespaces][MUST]") {
  std::istringstream lines(report(ordinary()).at("cgroup").get<std::string>());
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.substr(line.rfind(':')) == ":/");
  }
}

}  // namespace conformance
