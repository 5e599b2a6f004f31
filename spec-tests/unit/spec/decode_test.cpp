// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/decode.hpp"

#include "catch.hpp"
#include "config_text.hpp"
#include "spec/words.hpp"
#include "support.hpp"

using namespace proa;
using namespace proa::spec;

namespace {

Spec decoded(std::string_view text) { return decode_spec(text, config_json); }

Spec full() { return decoded(config_text::full); }

/// The full config.json with one value changed.
Spec full_with(std::string_view pointer, char const* replacement) {
  return decoded(config_text::with(config_text::full, pointer, replacement));
}

std::string refusal_of(std::string_view text) {
  return refusal([&] { decoded(text); });
}

}  // namespace

TEST_CASE("the process is read", "[spec:config#process]") {
  auto const process = full().process.value();
  CHECK(process.terminal);
  CHECK(process.console_size->height == 25);
  CHECK(process.console_size->width == 80);
  CHECK(process.user.uid == 1);
  CHECK(process.user.gid == 2);
  CHECK(process.user.umask == 18);
  CHECK(process.user.additional_gids == std::vector<std::uint32_t>{5, 6});
  CHECK(process.args == std::vector<std::string>{"sh", "-c", "true"});
  CHECK(process.env == std::vector<std::string>{"PATH=/usr/bin:/bin", "TERM=xterm", "EMPTY="});
  CHECK(process.cwd == "/");
  CHECK(process.capabilities->bounding == std::vector<std::string>{"CAP_KILL", "CAP_CHOWN"});
  CHECK(process.capabilities->ambient == std::vector<std::string>{"CAP_KILL"});
  CHECK(process.no_new_privileges);
  CHECK(process.apparmor_profile == "acme");
  CHECK(process.selinux_label == "system_u:system_r:container_t:s0");
  CHECK(process.oom_score_adj == -5);
  CHECK(process.exec_cpu_affinity->initial == "7");
  CHECK(process.exec_cpu_affinity->final == "0-3,7");
}

TEST_CASE("limits and priorities of the process are read", "[spec:config#linux-process]") {
  auto const process = full().process.value();
  REQUIRE(process.rlimits.size() == 2);
  CHECK(process.rlimits[0].type == RlimitType::nofile);
  CHECK(process.rlimits[0].soft == 1024);
  CHECK(process.rlimits[0].hard == 2048);
  CHECK(process.rlimits[1].hard == 18446744073709551615ULL);
  CHECK(process.scheduler->policy == SchedulerPolicy::deadline);
  CHECK(process.scheduler->nice == -3);
  CHECK(process.scheduler->flags ==
        std::vector{SchedulerFlag::reset_on_fork, SchedulerFlag::reclaim});
  CHECK(process.scheduler->runtime == 1'000'000);
  CHECK(process.io_priority->io_class == IoPriorityClass::be);
  CHECK(process.io_priority->priority == 4);
}

TEST_CASE("root, names, mounts, hooks and annotations are read", "[spec:config#mounts]") {
  auto const spec = full();
  CHECK(spec.oci_version == "1.3.0");
  CHECK(spec.root->path == "rootfs");
  CHECK(spec.root->readonly);
  CHECK(spec.hostname == "mrsdalloway");
  CHECK(spec.domainname == "example.test");
  REQUIRE(spec.mounts.size() == 3);
  CHECK(spec.mounts[1].options == std::vector<std::string>{"rbind", "ridmap", "rro"});
  CHECK(spec.mounts[1].uid_mappings == std::vector<IdMapping>{{0, 1000, 10}});
  CHECK(spec.mounts[1].gid_mappings == std::vector<IdMapping>{{0, 2000, 10}});
  CHECK(spec.hooks.prestart == std::vector<Hook>{{"/bin/a", {"a", "b"}, {"A=b"}, 5}});
  CHECK(spec.hooks.create_runtime.at(0).path == "/bin/b");
  CHECK(spec.hooks.create_container.at(0).path == "/bin/c");
  CHECK(spec.hooks.start_container.at(0).path == "/bin/d");
  CHECK(spec.hooks.poststart.at(0).path == "/bin/e");
  CHECK(spec.hooks.poststop.at(0).path == "/bin/f");
  CHECK_FALSE(spec.hooks.poststop.at(0).timeout);
  CHECK(spec.annotations.at("com.example.b~/c").empty());
}

TEST_CASE("namespaces, mappings and devices are read", "[spec:config-linux#namespaces]") {
  auto const linux = full().linux;
  REQUIRE(linux.namespaces.size() == 8);
  CHECK(linux.namespaces[1].type == NamespaceType::network);
  CHECK(linux.namespaces[1].path == "/run/netns/a");
  CHECK(linux.uid_mappings == std::vector<IdMapping>{{0, 100000, 1000}, {1000, 200000, 1}});
  CHECK(linux.time_offsets.at("boottime").secs == 50);
  CHECK(linux.time_offsets.at("boottime").nanosecs == 10);
  CHECK(linux.time_offsets.at("monotonic").secs == -3);
  REQUIRE(linux.devices.size() == 3);
  CHECK(linux.devices[0].major == 10);
  CHECK(linux.devices[0].file_mode == 438);
  CHECK(linux.devices[2].type == DeviceType::fifo);
  CHECK(linux.net_devices.at("eth1").name == "net%d");
  CHECK(linux.net_devices.at("eth2").name.empty());
}

TEST_CASE("limits of control groups are read", "[spec:config-linux#control-groups]") {
  auto const resources = full().linux.resources;
  REQUIRE(resources.devices.size() == 2);
  CHECK(resources.devices[0].type == DeviceRuleType::all);
  CHECK_FALSE(resources.devices[0].major);
  CHECK(resources.devices[1].type == DeviceRuleType::character);
  CHECK(resources.devices[1].minor == -1);
  CHECK(resources.memory.limit == 536870912);
  CHECK(resources.memory.kernel_tcp == -1);
  CHECK(resources.memory.disable_oom_killer == false);
  CHECK(resources.cpu.realtime_period == 1'000'000);
  CHECK(resources.cpu.idle == 0);
  CHECK(resources.pids.limit == 0);
  CHECK(resources.block_io.weight == 10);
  CHECK(resources.block_io.throttle_write_iops_device.at(0).rate == 603);
  CHECK(resources.hugepage_limits.at(0).page_size == "2MB");
  CHECK(resources.network.priorities.at(0).priority == 500);
  CHECK(resources.rdma.at("mlx5_1").hca_handles == 3);
  CHECK_FALSE(resources.rdma.at("rxe3").hca_handles);
  CHECK(resources.unified.at("memory.high") == "1000000");
}

TEST_CASE("seccomp is read", "[spec:config-linux#seccomp]") {
  auto const seccomp = full().linux.seccomp.value();
  CHECK(seccomp.default_action == SeccompAction::error);
  CHECK(seccomp.default_errno_ret == 38);
  CHECK(seccomp.architectures == std::vector{SeccompArch::x86_64, SeccompArch::x32});
  REQUIRE(seccomp.syscalls.size() == 3);
  auto const& rule = seccomp.syscalls[1];
  CHECK(rule.errno_ret == 1);
  CHECK(rule.args.at(0).value == 2114060288);
  CHECK(rule.args.at(0).value_two == 1);
  CHECK(rule.args.at(0).op == SeccompOperator::masked_eq);
  CHECK(seccomp.listener_metadata == "x=y");
}

TEST_CASE("absent and empty seccomp flags are told apart", "[spec:config-linux#seccomp]") {
  CHECK(full().linux.seccomp->flags == std::vector<SeccompFlag>{});
  CHECK_FALSE(full_with("/linux/seccomp/flags", nullptr).linux.seccomp->flags);
}

TEST_CASE("the rest of linux is read", "[spec:config-linux#personality]") {
  auto const linux = full().linux;
  CHECK(linux.cgroups_path == "/proa/test");
  CHECK(linux.sysctl.at("net/ipv4/conf/eth0.1/forwarding") == "1");
  CHECK(linux.rootfs_propagation == Propagation::slave);
  CHECK(linux.masked_paths == std::vector<std::string>{"/proc/kcore"});
  CHECK(linux.readonly_paths == std::vector<std::string>{"/proc/sys"});
  CHECK(linux.intel_rdt->enable_monitoring);
  CHECK(linux.intel_rdt->l3_cache_schema == "L3:0=7f0");
  CHECK(linux.memory_policy->mode == MemoryPolicyMode::interleave);
  CHECK(linux.memory_policy->flags == std::vector{MemoryPolicyFlag::static_nodes});
  CHECK(linux.personality->domain == PersonalityDomain::linux32);
}

TEST_CASE("unknown properties are ignored at any depth", "[spec:config#extensibility][MUST]") {
  auto const* const anything = R"({"a": [1.5, null, {"process": 1}], "b": "\u0000", "a": 1e300})";
  for (auto const* place :
       {"/x", "/process/x", "/process/user/x", "/mounts/0/x", "/hooks/x", "/hooks/prestart/0/x",
        "/linux/x", "/linux/resources/x", "/linux/resources/memory/x", "/linux/seccomp/x",
        "/linux/seccomp/syscalls/1/args/0/x", "/linux/namespaces/0/x", "/root/x"}) {
    INFO(place);
    CHECK_NOTHROW(full_with(place, anything));
  }
  CHECK_NOTHROW(full_with("/windows", R"({"layerFolders": 1})"));
}

TEST_CASE("a property that is null is absent", "[spec:config#extensibility]") {
  CHECK_FALSE(full_with("/process", "null").process);
  CHECK(full_with("/mounts", "null").mounts.empty());
  CHECK(full_with("/annotations", "null").annotations.empty());
  CHECK_FALSE(full_with("/process/oomScoreAdj", "null").process->oom_score_adj);
  CHECK_FALSE(full_with("/linux/seccomp", "null").linux.seccomp);
  CHECK(full_with("/linux", "null").linux.namespaces.empty());
  CHECK(full_with("/process/scheduler/nice", "null").process->scheduler->nice == 0);
}

TEST_CASE("absence is not a default where the spec tells them apart", "[spec:config#process]") {
  auto const spec = decoded(R"({"ociVersion": "1.0.0", "process": {"cwd": "/"}})");
  CHECK_FALSE(spec.root);
  CHECK_FALSE(spec.process->user.umask);
  CHECK_FALSE(spec.process->oom_score_adj);
  CHECK_FALSE(spec.process->capabilities);
  CHECK_FALSE(spec.linux.resources.pids.limit);
}

TEST_CASE("the console size is ignored without a terminal", "[spec:config#process][MUST]") {
  auto const* const nonsense = R"({"height": "tall"})";
  auto const text = config_text::with(config_text::full, "/process/terminal", "false");
  auto const spec = decoded(config_text::with(text, "/process/consoleSize", nonsense));
  CHECK_FALSE(spec.process->console_size);
}

TEST_CASE("a fifo needs no device numbers", "[spec:config-linux#devices]") {
  auto const devices = full().linux.devices;
  CHECK(devices.at(2).major == 0);
  CHECK(devices.at(2).minor == 0);
}

TEST_CASE("an unset word of an OPTIONAL set may be written as an empty one",
          "[spec:config-linux#rootfs-mount-propagation]") {
  CHECK(full_with("/linux/rootfsPropagation", "\"\"").linux.rootfs_propagation ==
        Propagation::unset);
  CHECK(full_with("/linux/resources/devices/1/type", "\"\"").linux.resources.devices[1].type ==
        DeviceRuleType::all);
}

TEST_CASE("the recursive words of rootfsPropagation are read as the plain ones",
          "[spec:config-linux#rootfs-mount-propagation]") {
  CHECK(full_with("/linux/rootfsPropagation", "\"rshared\"").linux.rootfs_propagation ==
        Propagation::shared);
  CHECK(full_with("/linux/rootfsPropagation", "\"rslave\"").linux.rootfs_propagation ==
        Propagation::slave);
}

TEST_CASE("integers are read up to their bounds", "[spec:config#valid-values]") {
  auto const memory = [](char const* limit) {
    return full_with("/linux/resources/memory/limit", limit).linux.resources.memory.limit;
  };
  CHECK(memory("9223372036854775807") == 9223372036854775807);
  CHECK(memory("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(memory("-0") == 0);
  CHECK(full_with("/process/user/uid", "4294967295").process->user.uid == 4294967295);
  CHECK(full_with("/linux/resources/blockIO/weight", "65535").linux.resources.block_io.weight ==
        65535);
}

TEST_CASE("strings keep every character but NUL", "[spec:config#process]") {
  auto const spec = full_with("/process/args/1", R"("\u00e9\n\t\"\\\/\ud83d\ude00é")");
  CHECK(spec.process->args.at(1) == "\u00e9\n\t\"\\/\U0001f600é");
}

TEST_CASE("a byte order mark is no mistake", "[spec:config#valid-values]") {
  CHECK(decoded("\xef\xbb\xbf{\"ociVersion\": \"1.0.0\"}").oci_version == "1.0.0");
}

TEST_CASE("a NUL byte is refused wherever it stands", "[spec:config#valid-values]") {
  using namespace std::string_view_literals;
  CHECK(refusal_of("{\"ociVersion\": \"1.0.0\"}\0{"sv) ==
        "config.json: line 1, column 24: a NUL byte, which no JSON text contains");
  CHECK(refusal_of("\n{\0}"sv) ==
        "config.json: line 2, column 2: a NUL byte, which no JSON text contains");
}

TEST_CASE("an error names the source, the pointer, the value and the clause",
          "[spec:config#valid-values][MUST]") {
  CHECK(refusal([] { full_with("/linux/uidMappings/1/hostID", "\"x\""); }) ==
        "config.json: /linux/uidMappings/1/hostID: expected an unsigned 32-bit integer, got \"x\" "
        "(config-linux.md#user-namespace-mappings)");
  CHECK(refusal([] { full_with("/process/cwd", nullptr); }) ==
        "config.json: /process/cwd: missing, but REQUIRED (config.md#process)");
  CHECK(refusal([] { full_with("/annotations/com.example.b~0~1c", "1"); }) ==
        "config.json: /annotations/com.example.b~0~1c: expected a string, got 1 "
        "(config.md#annotations)");
  CHECK(refusal([] { full_with("/process/scheduler/policy", "\"fair\""); }) ==
        "config.json: /process/scheduler/policy: invalid scheduler policy \"fair\", expected one "
        "of SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE "
        "(config.md#linux-process)");
}

TEST_CASE("the clause of an error is the one of its own object", "[spec:config#valid-values]") {
  // After an object of another clause was read.
  CHECK_THAT(refusal([] { full_with("/process/args", "1"); }),
             ContainsSubstring("(config.md#process)"));
  CHECK_THAT(refusal([] { full_with("/linux/seccomp/syscalls/1/args/0/op", "1"); }),
             ContainsSubstring("(config-linux.md#seccomp)"));
  CHECK_THAT(refusal([] { full_with("/linux/resources/unified", "1"); }),
             ContainsSubstring("(config-linux.md#unified)"));
}

TEST_CASE("a syntax error names line, column and what was being read",
          "[spec:config#valid-values][MUST]") {
  CHECK(refusal_of("{\n  \"process\": {\n    \"args\": [\"a\", b]\n  }\n}") ==
        "config.json: line 3, column 19: /process/args/1: invalid literal");
  CHECK(refusal_of("{\"process\": {\"cwd\" \"/\"}}") ==
        "config.json: line 1, column 22: /process/cwd: unexpected string literal; expected ':'");
  CHECK(refusal_of("{\"process\": {\"cwd\": \"/\"") ==
        "config.json: line 1, column 24: /process: unexpected end of input; expected '}'");
}

TEST_CASE("what is shown of a long or strange value stays short and on one line",
          "[spec:config#valid-values]") {
  std::string const word = "\"" + std::string(58, 'a') + "é\u20ac" + std::string(5000, 'b') + "\"";
  CHECK_THAT(refusal([&] { full_with("/linux/namespaces/0/type", word.c_str()); }),
             ContainsSubstring("\"" + std::string(58, 'a') + "é...\", expected one of"));
  CHECK_THAT(refusal([&] { full_with("/linux/namespaces/0/type", R"("a\n\"\\\u007f")"); }),
             ContainsSubstring(R"("a\u000a\"\\\u007f")"));
}

TEST_CASE("a number of a thousand digits makes no line of a thousand digits",
          "[spec:config#valid-values]") {
  auto const line = refusal([] { full_with("/process/user/uid", std::string(1000, '9').c_str()); });
  CHECK_THAT(line, ContainsSubstring(": /process/user/uid: number overflow parsing '999"));
  CHECK(line.size() < 300);
}

TEST_CASE("process.json is read with pointers of its own", "[spec:config#process]") {
  auto const process = decode_process(R"({"cwd": "/", "args": ["a"]})", "process.json");
  CHECK(process.args == std::vector<std::string>{"a"});
  CHECK(refusal([] { decode_process(R"({"cwd": 1})", "process.json"); }) ==
        "process.json: /cwd: expected a string, got 1 (config.md#process)");
}

TEST_CASE("resources.json is read with pointers of its own", "[spec:config-linux#memory]") {
  auto const resources = decode_resources(R"({"memory": {"limit": 5}, "blockIO": {}})", "-");
  CHECK(resources.memory.limit == 5);
  CHECK(refusal([] { decode_resources(R"({"memory": {"limit": true}})", "-"); }) ==
        "-: /memory/limit: expected a 64-bit integer, got true (config-linux.md#memory)");
}

TEST_CASE("every word of a set has one value and every value a word",
          "[spec:config#valid-values]") {
  CHECK(value_of<SeccompAction>("SCMP_ACT_ERRNO") == SeccompAction::error);
  CHECK(value_of<RlimitType>("RLIMIT_NOFILE") == RlimitType::nofile);
  CHECK_FALSE(value_of<NamespaceType>("net"));
  CHECK(word_of(NamespaceType::network) == "network");
  CHECK(word_of(Propagation::slave) == "slave");
  CHECK(word_of(Propagation::unset).empty());
  for (auto const& [word, value] : Words<SeccompArch>::table) CHECK(word_of(value) == word);
  for (auto const& [word, value] : Words<RlimitType>::table) CHECK(word_of(value) == word);
  CHECK(std::string(word(Status::paused)) == "paused");
}
