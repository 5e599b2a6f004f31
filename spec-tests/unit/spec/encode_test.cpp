// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/encode.hpp"

#include "catch.hpp"
#include "config_text.hpp"
#include "proa/container.hpp"
#include "spec/decode.hpp"
#include "spec/example.hpp"
#include "spec/features.hpp"
#include "spec/validate.hpp"
#include "support.hpp"

using namespace proa;
using namespace proa::spec;

namespace {

/// JSON text without the blanks between its tokens.
std::string compact(std::string_view text) {
  std::string result;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) quoted = !quoted;
    if (quoted || (text[i] != ' ' && text[i] != '\n')) result += text[i];
  }
  return result;
}

State web() {
  State state;
  state.oci_version = "1.3.0";
  state.id = "web";
  state.pid = 4422;
  state.status = Status::running;
  state.bundle = "/b";
  state.rootfs = "/b/rootfs";
  state.created = "2026-11-23T20:36:15.5Z";
  state.owner = "root";
  return state;
}

Record web_record() {
  Record record;
  record.state = web();
  record.state.annotations = {{"k", "v"}};
  record.start_time = 18446744073709551615ULL;
  record.pidfd_inode = 77;
  record.has_process = false;
  record.private_pid_namespace = false;
  record.cgroup_manager = CgroupManager::systemd;
  record.cgroups = {{"/sys/fs/cgroup/web", true, true, {"memory", "pids"}},
                    {"/sys/fs/cgroup/cpu/web", false, false, {}}};
  record.unit = {"libpod-web.scope", true};
  record.shared.process.emplace();
  record.shared.process->env = {"A=b"};
  record.shared.process->cwd = "/home";
  record.shared.process->capabilities.emplace();
  record.shared.process->capabilities->bounding = {"CAP_KILL"};
  record.shared.personality = Personality{PersonalityDomain::linux32, {}};
  record.shared.memory_policy = MemoryPolicy{MemoryPolicyMode::bind, "0", {}};
  record.shared.fixed_processors = true;
  record.shared.session_keyring = true;
  record.shared.chrooted = true;
  record.shared.filter_flags = 4;
  record.poststart = {{"/bin/a", {"a"}, {"A=b"}, 5}};
  record.poststop = {{"/bin/b", {}, {}, {}}};
  return record;
}

}  // namespace

TEST_CASE("a decoded config.json is encoded as it was, keys in order", "[spec:config]") {
  auto const spec = decode_spec(config_text::full, config_json);
  CHECK(to_json(spec, false) == compact(config_text::full));
  CHECK(compact(to_json(spec, true)) == compact(config_text::full));
}

TEST_CASE("what has its default and is OPTIONAL is left out", "[spec:config]") {
  Spec spec;
  spec.oci_version = "1.0.0";
  CHECK(to_json(spec, false) == R"({"ociVersion":"1.0.0"})");
  spec.process.emplace();
  spec.process->user.uid = 7;
  spec.root.emplace();
  CHECK(
      to_json(spec, false) ==
      R"({"ociVersion":"1.0.0","process":{"user":{"uid":7,"gid":0},"cwd":""},"root":{"path":""}})");
}

TEST_CASE("what was given is kept even where it is empty", "[spec:config]") {
  Spec spec;
  spec.process.emplace();
  spec.process->capabilities.emplace();
  spec.process->oom_score_adj = 0;
  spec.linux.resources.memory.disable_oom_killer = false;
  spec.linux.seccomp.emplace();
  spec.linux.seccomp->flags.emplace();
  auto const again = decode_spec(to_json(spec, false), config_json);
  CHECK(again.process->capabilities);
  CHECK(again.process->oom_score_adj == 0);
  CHECK(again.linux.resources.memory.disable_oom_killer == false);
  CHECK(again.linux.seccomp->flags);
}

TEST_CASE("pretty JSON is indented by two blanks and ends without a newline", "[spec:config]") {
  Spec spec;
  spec.oci_version = "1.0.0";
  spec.hostname = "a";
  CHECK(to_json(spec, true) == "{\n  \"ociVersion\": \"1.0.0\",\n  \"hostname\": \"a\"\n}");
}

TEST_CASE("a state has runc's keys in runc's order", "[spec:runtime#state][MUST]") {
  CHECK(to_json(web(), false) ==
        R"({"ociVersion":"1.3.0","id":"web","pid":4422,"status":"running","bundle":"/b",)"
        R"("rootfs":"/b/rootfs","created":"2026-11-23T20:36:15.5Z","owner":"root"})");
}

TEST_CASE("annotations stand in the state when there are any", "[spec:runtime#state]") {
  auto state = web();
  state.annotations = {{"b", "2"}, {"a", ""}};
  CHECK_THAT(
      to_json(state, false),
      ContainsSubstring(R"("created":"2026-11-23T20:36:15.5Z","annotations":{"a":"","b":"2"},)"
                        R"("owner":"root"})"));
}

TEST_CASE("a stopped container has the pid 0", "[spec:runtime#state]") {
  auto state = web();
  state.status = Status::stopped;
  state.pid = 0;
  CHECK_THAT(to_json(state, false), ContainsSubstring(R"("pid":0,"status":"stopped")"));
}

TEST_CASE("a list of states is an array", "[spec:runtime#state]") {
  CHECK(to_json(std::vector<State>{}) == "[]");
  CHECK(to_json(std::vector{web(), web()}) ==
        "[" + to_json(web(), false) + "," + to_json(web(), false) + "]");
}

TEST_CASE("a path that is not UTF-8 does not break the JSON", "[spec:runtime#state]") {
  auto state = web();
  state.bundle = "/b\xff\n\"";
  CHECK_THAT(to_json(state, false), ContainsSubstring("\"bundle\":\"/b\xef\xbf\xbd\\n\\\"\""));
}

TEST_CASE("a record comes back as it was written", "[spec:runtime#state]") {
  auto const record = web_record();
  auto const text = encode(record);
  auto const again = decode_record(text, "state.json");
  CHECK(text.find('\n') == std::string::npos);
  CHECK(encode(again) == text);
  CHECK(again.state.id == "web");
  CHECK(again.state.annotations == record.state.annotations);
  CHECK(again.start_time == record.start_time);
  CHECK(again.pidfd_inode == 77);
  CHECK_FALSE(again.has_process);
  CHECK_FALSE(again.private_pid_namespace);
  CHECK(again.cgroup_manager == CgroupManager::systemd);
  REQUIRE(again.unit);
  CHECK(again.unit->name == "libpod-web.scope");
  CHECK(again.unit->user);
  REQUIRE(again.cgroups.size() == 2);
  CHECK(again.cgroups[0].path == "/sys/fs/cgroup/web");
  CHECK(again.cgroups[0].v2);
  CHECK(again.cgroups[0].created);
  CHECK(again.cgroups[0].controllers == record.cgroups[0].controllers);
  CHECK_FALSE(again.cgroups[1].created);
  auto const& shared = again.shared;
  using Words = std::vector<std::string>;
  REQUIRE(shared.process);
  CHECK(shared.process->args.empty());
  CHECK(shared.process->env == record.shared.process->env);
  CHECK(shared.process->capabilities->bounding == Words{"CAP_KILL"});
  CHECK(shared.personality->domain == PersonalityDomain::linux32);
  CHECK(shared.memory_policy->nodes == "0");
  CHECK(shared.fixed_processors);
  CHECK(shared.session_keyring);
  CHECK(shared.chrooted);
  CHECK(shared.filter_flags == 4U);
  CHECK(again.poststart == record.poststart);
  CHECK(again.poststop == record.poststop);
}

TEST_CASE("no filter and a filter without flags are different things", "[spec:runtime#state]") {
  auto record = web_record();
  record.shared.filter_flags = 0;
  CHECK(decode_record(encode(record), "state.json").shared.filter_flags == 0U);
  record.shared.filter_flags.reset();
  CHECK_FALSE(decode_record(encode(record), "state.json").shared.filter_flags);
}

TEST_CASE("a record with a missing property is refused without a clause", "[spec:runtime#state]") {
  auto const text = config_text::with(encode(web_record()), "/startTime", nullptr);
  CHECK(refusal([&] { decode_record(text, "state.json"); }) ==
        "state.json: /startTime: missing, but REQUIRED");
}

TEST_CASE("the example is good and comes back as it was written", "[spec:config]") {
  for (auto const rootless : {Rootless::no, Rootless::yes, Rootless::automatic}) {
    auto const text = to_json(example(rootless, {1000, 1000}), true);
    auto const again = decode_spec(text, config_json);
    CHECK(refusal([&] { validate(again, config_json); }) == "accepted");
    CHECK(to_json(again, true) == text);
  }
}

TEST_CASE("the example runs a shell in a terminal without inheritable capabilities",
          "[spec:config#process]") {
  auto const process = example(Rootless::no, {}).process.value();
  CHECK(process.terminal);
  CHECK(process.args == std::vector<std::string>{"sh"});
  CHECK(process.capabilities->bounding ==
        std::vector<std::string>{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"});
  CHECK(process.capabilities->effective == process.capabilities->bounding);
  CHECK(process.capabilities->permitted == process.capabilities->bounding);
  CHECK(process.capabilities->inheritable.empty());
  CHECK(process.capabilities->ambient.empty());
  CHECK(process.no_new_privileges);
}

TEST_CASE("the rootless example has a user namespace and nothing that needs root",
          "[spec:config-linux#user-namespace-mappings]") {
  auto const text = to_json(example(Rootless::yes, {1000, 1000}), false);
  auto const linux = example(Rootless::yes, {1000, 1000}).linux;
  CHECK_THAT(text, ContainsSubstring(R"({"type":"user"})"));
  CHECK(text.find(R"({"type":"network"})") == std::string::npos);
  CHECK(text.find("gid=5") == std::string::npos);
  CHECK(text.find("resources") == std::string::npos);
  CHECK_THAT(text, ContainsSubstring(R"({"destination":"/sys","type":"none","source":"/sys",)"
                                     R"("options":["rbind","nosuid","noexec","nodev","ro"]})"));
  REQUIRE(linux.uid_mappings.size() == 1);
  CHECK(linux.uid_mappings[0] == IdMapping{0, 1000, 1});
}

TEST_CASE("features say what this build can do", "[spec:features]") {
  CHECK(to_json(features({"rw", "bind"}, {"CAP_KILL", "CAP_CHOWN"}, {"SCMP_ARCH_X86"}), false) ==
        compact(R"json({
  "ociVersionMin": "1.0.0",
  "ociVersionMax": "1.3.0",
  "hooks": ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
  "mountOptions": ["bind", "rw"],
  "linux": {
    "namespaces": ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
    "capabilities": ["CAP_CHOWN", "CAP_KILL"],
    "cgroup": {"v1": true, "v2": true, "systemd": true, "systemdUser": true, "rdma": true},
    "seccomp": {
      "enabled": true,
      "actions": ["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
        "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"],
      "operators": ["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
        "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"],
      "archs": ["SCMP_ARCH_X86"],
      "knownFlags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
      "supportedFlags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
    },
    "apparmor": {"enabled": true},
    "selinux": {"enabled": true},
    "intelRdt": {"enabled": true, "schemata": true, "monitoring": true},
    "memoryPolicy": {
      "modes": ["MPOL_BIND", "MPOL_DEFAULT", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED",
                "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"],
      "flags": ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"]
    },
    "mountExtensions": {"idmap": {"enabled": true}},
    "netDevices": {"enabled": true}
  },
  "potentiallyUnsafeConfigAnnotations": ["org.systemd.property.", "run.oci.keep_original_groups",
                                         "run.oci.mount_context_type"]
})json"));
}

TEST_CASE("events have runc's keys and leave out what runc leaves out", "[contract:events]") {
  CHECK(proa::to_json(proa::Event{"oom", "web", {}}) == R"({"type":"oom","id":"web"})");
  proa::Stats stats;
  stats.cpu.usage.total = 5;
  stats.cpu.pressure.emplace().some.avg10 = 1.5;
  stats.memory.usage = proa::Stats::MemoryUse{7, 3, 0, 0};
  stats.pids.current = 2;
  stats.block_io.serviced.push_back({8, 0, "Read", 4});
  stats.hugetlb["2MB"].failcnt = 1;
  CHECK(proa::to_json(proa::Event{"stats", "web", stats}) ==
        R"({"type":"stats","id":"web","data":{)"
        R"("cpu":{"usage":{"total":5,"kernel":0,"user":0},)"
        R"("psi":{"some":{"avg10":1.5,"avg60":0.0,"avg300":0.0,"total":0},)"
        R"("full":{"avg10":0.0,"avg60":0.0,"avg300":0.0,"total":0}}},)"
        R"("cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,)"
        R"("memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,)"
        R"("sched_load_balance":0,"sched_relax_domain_level":0},)"
        R"("memory":{"usage":{"limit":7,"usage":3,"failcnt":0}},"pids":{"current":2},)"
        R"("blkio":{"ioServicedRecursive":[{"major":8,"op":"Read","value":4}]},)"
        R"("hugetlb":{"2MB":{"failcnt":1}},"intel_rdt":{},"network_interfaces":[]}})");
}
