// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/plan.hpp"

#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/resource.h>

#include "base/error.hpp"
#include "catch.hpp"

using namespace proa;

namespace {

spec::Process shell() {
  spec::Process process;
  process.args = {"sh"};
  process.cwd = "/";
  return process;
}

Spec with(spec::Process process) {
  Spec spec;
  spec.process = std::move(process);
  return spec;
}

process::Plan planned(spec::Process process) {
  return process::plan(with(std::move(process)), Host{});
}

/// The numbers of the bits that are set.
std::vector<unsigned> bits(linux::BitMask const& mask) {
  constexpr unsigned word_bits = 8 * sizeof(unsigned long);
  std::vector<unsigned> set;
  for (unsigned bit = 0; bit < mask.size() * word_bits; ++bit) {
    if ((mask[bit / word_bits] >> bit % word_bits & 1) != 0) set.push_back(bit);
  }
  return set;
}

}  // namespace

TEST_CASE("of equal names in the environment the last one stays, in its place",
          "[spec:config#process]") {
  auto process = shell();
  process.env = {"A=1", "B=2", "A=3", "AB=4", "A=5=6", "C="};
  CHECK(planned(process).env == std::vector<std::string>{"B=2", "AB=4", "A=5=6", "C="});
}

TEST_CASE("a variable is found by its whole name", "[process]") {
  std::vector<std::string> const env{"PATHS=/x", "PATH=/bin:/usr/bin", "HOME="};
  CHECK(process::variable(env, "PATH") == "/bin:/usr/bin");
  CHECK(process::variable(env, "HOME") == "");
  CHECK_FALSE(process::variable(env, "HOM"));
  CHECK_FALSE(process::variable(env, "TERM"));
}

TEST_CASE("every resource limit has the kernel's number and the word of config.json",
          "[spec:config#posix-process][MUST]") {
  struct Row {
    spec::RlimitType type;
    int resource;
    char const* word;
  };
  auto const row = GENERATE(values<Row>({
      {spec::RlimitType::as, RLIMIT_AS, "RLIMIT_AS"},
      {spec::RlimitType::core, RLIMIT_CORE, "RLIMIT_CORE"},
      {spec::RlimitType::cpu, RLIMIT_CPU, "RLIMIT_CPU"},
      {spec::RlimitType::data, RLIMIT_DATA, "RLIMIT_DATA"},
      {spec::RlimitType::fsize, RLIMIT_FSIZE, "RLIMIT_FSIZE"},
      {spec::RlimitType::locks, RLIMIT_LOCKS, "RLIMIT_LOCKS"},
      {spec::RlimitType::memlock, RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"},
      {spec::RlimitType::msgqueue, RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE"},
      {spec::RlimitType::nice, RLIMIT_NICE, "RLIMIT_NICE"},
      {spec::RlimitType::nofile, RLIMIT_NOFILE, "RLIMIT_NOFILE"},
      {spec::RlimitType::nproc, RLIMIT_NPROC, "RLIMIT_NPROC"},
      {spec::RlimitType::rss, RLIMIT_RSS, "RLIMIT_RSS"},
      {spec::RlimitType::rtprio, RLIMIT_RTPRIO, "RLIMIT_RTPRIO"},
      {spec::RlimitType::rttime, RLIMIT_RTTIME, "RLIMIT_RTTIME"},
      {spec::RlimitType::sigpending, RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING"},
      {spec::RlimitType::stack, RLIMIT_STACK, "RLIMIT_STACK"},
  }));
  auto process = shell();
  process.rlimits = {{row.type, 3, ~std::uint64_t{0}}};
  auto const limits = planned(process).limits;
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].resource == row.resource);
  CHECK(limits[0].name == row.word);
  CHECK(limits[0].value == linux::Limit{3, RLIM64_INFINITY});
}

TEST_CASE("the user is taken over, with the largest id there is", "[spec:config#user][MUST]") {
  auto process = shell();
  process.user = {4294967294, 7, 077, {5, 4294967294}};
  auto const plan = planned(process);
  CHECK(plan.uid == 4294967294);
  CHECK(plan.gid == 7);
  CHECK(plan.groups == std::vector<gid_t>{5, 4294967294});
  CHECK(plan.umask == 077);
  CHECK(plan.group_policy == process::Groups::set);
}

TEST_CASE("without umask and oomScoreAdj neither is touched", "[spec:config#process][MUST]") {
  auto const plan = planned(shell());
  CHECK_FALSE(plan.umask);
  CHECK_FALSE(plan.oom_score_adj);
}

TEST_CASE("an oomScoreAdj of 0 is a value like any other", "[spec:config#process][MUST]") {
  auto process = shell();
  process.oom_score_adj = 0;
  CHECK(planned(process).oom_score_adj == 0);
}

TEST_CASE("podman's annotation keeps the caller's groups", "[contract:podman]") {
  auto spec = with(shell());
  spec.annotations["run.oci.keep_original_groups"] = GENERATE("1", "0");
  bool const keeps = process::plan(spec, Host{}).group_policy == process::Groups::keep;
  CHECK(keeps == (spec.annotations.begin()->second == "1"));
}

TEST_CASE("capabilities survive the change of user only where some are asked for", "[process]") {
  auto process = shell();
  CHECK_FALSE(planned(process).keep_capabilities);
  process.capabilities.emplace();
  CHECK(planned(process).keep_capabilities);
}

TEST_CASE("a capability over files lifts the checks of the user's rights", "[process]") {
  auto process = shell();
  process.capabilities.emplace().effective = {"CAP_CHOWN"};
  CHECK_FALSE(planned(process).reads_all_files);
  process.capabilities->effective.emplace_back(GENERATE("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"));
  CHECK(planned(process).reads_all_files);
  process.capabilities->permitted = std::move(process.capabilities->effective);
  process.capabilities->effective.clear();
  CHECK_FALSE(planned(process).reads_all_files);
}

TEST_CASE("the scheduler's words are the kernel's numbers", "[spec:config#process]") {
  struct Row {
    spec::SchedulerPolicy policy;
    std::uint32_t number;
  };
  auto const row = GENERATE(values<Row>({{spec::SchedulerPolicy::other, SCHED_NORMAL},
                                         {spec::SchedulerPolicy::fifo, SCHED_FIFO},
                                         {spec::SchedulerPolicy::rr, SCHED_RR},
                                         {spec::SchedulerPolicy::batch, SCHED_BATCH},
                                         {spec::SchedulerPolicy::iso, 4},
                                         {spec::SchedulerPolicy::idle, SCHED_IDLE},
                                         {spec::SchedulerPolicy::deadline, SCHED_DEADLINE}}));
  auto process = shell();
  process.scheduler = {
      row.policy, -20, 9, {spec::SchedulerFlag::reset_on_fork, spec::SchedulerFlag::util_clamp_max},
      1,          2,   3};
  linux::SchedulerAttributes wanted;
  wanted.policy = row.number;
  wanted.flags = SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_UTIL_CLAMP_MAX;
  wanted.nice = -20;
  wanted.priority = 9;
  wanted.runtime = 1;
  wanted.deadline = 2;
  wanted.period = 3;
  CHECK(planned(process).scheduler == wanted);
}

TEST_CASE("an I/O priority has its class above bit 13", "[spec:config#process]") {
  auto process = shell();
  process.io_priority = {spec::IoPriorityClass::rt, 7};
  CHECK(planned(process).io_priority == (1 << 13 | 7));
  process.io_priority = {spec::IoPriorityClass::be, 0};
  CHECK(planned(process).io_priority == 2 << 13);
  process.io_priority = {spec::IoPriorityClass::idle, 4};
  CHECK(planned(process).io_priority == (3 << 13 | 4));
}

TEST_CASE("consoleSize is ignored without a terminal", "[spec:config#process][MUST]") {
  auto process = shell();
  process.console_size = {24, 80};
  CHECK_FALSE(planned(process).console_size);
  process.terminal = true;
  CHECK(planned(process).console_size == linux::WindowSize{24, 80});
}

TEST_CASE("a list of numbers becomes bits", "[process]") {
  CHECK(bits(process::mask_of_list("")).empty());
  CHECK(bits(process::mask_of_list("0")) == std::vector<unsigned>{0});
  CHECK(bits(process::mask_of_list("0-3,7")) == std::vector<unsigned>{0, 1, 2, 3, 7});
  CHECK(bits(process::mask_of_list("63-65,2,2-3")) == std::vector<unsigned>{2, 3, 63, 64, 65});
  CHECK(bits(process::mask_of_list("1030")) == std::vector<unsigned>{1030});
  CHECK(bits(process::mask_of_list("65535")) == std::vector<unsigned>{65535});
}

TEST_CASE("what is no list of numbers is refused", "[process]") {
  std::string const list =
      GENERATE("x", ",", "1,", ",1", "3-1", "-1", "1-", "1-2-3", "0x1", " 1", "1 ", "+1", "65536");
  CHECK_THROWS_WITH(process::mask_of_list(list),
                    "\"" + list + "\" is no list of numbers like 0-3,7");
}

TEST_CASE("CPU affinity is not for the container's first process", "[spec:config#process]") {
  auto process = shell();
  process.exec_cpu_affinity = {"7", "0-1"};
  CHECK(planned(process).affinity.initial.empty());
  CHECK(planned(process).affinity.final.empty());
  auto const joining = process::plan(process, spec::Record{}, Host{});
  CHECK(bits(joining.affinity.initial) == std::vector<unsigned>{7});
  CHECK(bits(joining.affinity.final) == std::vector<unsigned>{0, 1});
}

TEST_CASE("a process that joins shares what all of the container's have", "[process]") {
  spec::Record record;
  record.state.annotations = {{"run.oci.keep_original_groups", "1"}};
  record.shared.personality = spec::Personality{spec::PersonalityDomain::linux32, {}};
  record.shared.memory_policy = spec::MemoryPolicy{spec::MemoryPolicyMode::bind, "0", {}};
  record.shared.fixed_processors = true;
  auto const joining = process::plan(shell(), record, Host{});
  CHECK(joining.group_policy == process::Groups::keep);
  CHECK(joining.personality == 8);
  CHECK(joining.memory_policy.has_value());
  CHECK(joining.fixed_processors);
  auto const plain = process::plan(shell(), spec::Record{}, Host{});
  CHECK(plain.group_policy == process::Groups::set);
  CHECK_FALSE(plain.personality);
  CHECK_FALSE(plain.memory_policy);
  CHECK_FALSE(plain.fixed_processors);
}

TEST_CASE("the personality's domain is what personality(2) takes",
          "[spec:config-linux#personality]") {
  auto spec = with(shell());
  CHECK_FALSE(process::plan(spec, Host{}).personality);
  spec.linux.personality = {spec::PersonalityDomain::linux, {}};
  CHECK(process::plan(spec, Host{}).personality == 0);
  spec.linux.personality = {spec::PersonalityDomain::linux32, {}};
  CHECK(process::plan(spec, Host{}).personality == 8);
}

TEST_CASE("a memory policy is its mode, its flags and its nodes",
          "[spec:config-linux#memory-policy]") {
  auto spec = with(shell());
  spec.linux.memory_policy = {
      spec::MemoryPolicyMode::interleave, "0,2", {spec::MemoryPolicyFlag::static_nodes}};
  auto const policy = process::plan(spec, Host{}).memory_policy;
  REQUIRE(policy);
  CHECK(policy->mode == (MPOL_INTERLEAVE | MPOL_F_STATIC_NODES));
  CHECK(bits(policy->nodes) == std::vector<unsigned>{0, 2});
}

TEST_CASE("a cpuset that was asked for is remembered for SCHED_DEADLINE's sake", "[process]") {
  auto spec = with(shell());
  CHECK_FALSE(process::plan(spec, Host{}).fixed_processors);
  spec.linux.resources.cpu.cpus = "0";
  CHECK(process::plan(spec, Host{}).fixed_processors);
}

TEST_CASE("sockets are announced in the environment, in place of what it said", "[process]") {
  auto process = shell();
  process.env = {"LISTEN_FDS=9", "LISTEN_FDNAMES=old", "A=b"};
  auto plan = planned(process);
  process::announce(plan, {});
  CHECK_FALSE(plan.has_sockets);
  CHECK(plan.env == process.env);
  process::announce(plan, {2, ""});
  CHECK(plan.has_sockets);
  CHECK(plan.env == std::vector<std::string>{"LISTEN_FDNAMES=old", "A=b", "LISTEN_FDS=2"});
  process::announce(plan, {2, "a:b"});
  CHECK(plan.env == std::vector<std::string>{"A=b", "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b"});
}
