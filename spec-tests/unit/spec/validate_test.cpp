// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What validate takes, and the mistakes that need more than one change; the single ones are in
// malformed.hpp.

#include "spec/validate.hpp"

#include "catch.hpp"
#include "config_text.hpp"
#include "spec/decode.hpp"
#include "support.hpp"

using namespace proa;
using namespace proa::spec;

namespace {

Spec minimal() {
  Spec spec;
  spec.oci_version = "1.0.0";
  spec.root = {"rootfs", false};
  spec.process.emplace();
  spec.process->args = {"true"};
  spec.process->cwd = "/";
  return spec;
}

/// What is said of the smallest spec, changed by `change`.
template <class Change>
std::string verdict(Change const& change) {
  auto spec = minimal();
  change(spec);
  return refusal([&] { validate(spec, config_json); });
}

std::string verdict_on(std::string_view pointer, char const* replacement) {
  auto const text = config_text::with(config_text::full, pointer, replacement);
  return refusal([&] { validate(decode_spec(text, config_json), config_json); });
}

}  // namespace

TEST_CASE("the smallest spec is good", "[spec:config]") {
  CHECK(verdict([](Spec&) {}) == "accepted");
}

TEST_CASE("a spec without a process is good", "[spec:config#process]") {
  CHECK(verdict([](Spec& spec) { spec.process.reset(); }) == "accepted");
}

TEST_CASE("every version 1 is accepted", "[spec:config#specification-version][MUST]") {
  for (auto const* version : {"1.0.0", "1.0.2-dev", "1.0.0-rc5", "1.1.0-rc.2", "1.3.0+dev",
                              "1.99.1", "1.2.0-alpha.1.x-y+build.5.sha-1", "1.0.0-0"}) {
    INFO(version);
    CHECK(verdict([&](Spec& spec) { spec.oci_version = version; }) == "accepted");
  }
}

TEST_CASE("a violation is refused with pointer, reason and clause",
          "[spec:config#valid-values][MUST]") {
  CHECK(verdict([](Spec& spec) { spec.root.reset(); }) ==
        "config.json: /root: missing, but REQUIRED on Linux (config.md#root)");
  CHECK(verdict([](Spec& spec) { spec.process->cwd = "x"; }) ==
        "config.json: /process/cwd: expected an absolute path, got \"x\" (config.md#process)");
  CHECK(verdict([](Spec& spec) {
          spec.linux.namespaces = {{NamespaceType::ipc, ""}, {NamespaceType::ipc, ""}};
        }) ==
        "config.json: /linux/namespaces/1/type: the ipc namespace is given twice "
        "(config-linux.md#namespaces)");
  CHECK(verdict([](Spec& spec) {
          spec.linux.sysctl = {{"vm/swappiness", "1"}};
        }) ==
        "config.json: /linux/sysctl/vm~1swappiness: \"vm/swappiness\" belongs to no namespace, it "
        "would change the host (config-linux.md#sysctl)");
}

TEST_CASE("the process of exec is refused with pointers of its own", "[spec:config#process]") {
  Process process;
  process.cwd = "/";
  process.args = {"true"};
  CHECK(refusal([&] { validate(process, "process.json"); }) == "accepted");
  process.env = {"A=b", "C"};
  CHECK(refusal([&] { validate(process, "process.json"); }) ==
        "process.json: /env/1: invalid environment variable \"C\": it has no '=' "
        "(config.md#process)");
}

TEST_CASE("the resources of update are refused with pointers of their own",
          "[spec:config-linux#cpu][MUST]") {
  Resources resources;
  resources.cpu.quota = 10;
  resources.cpu.burst = 11;
  CHECK(refusal([&] { validate(resources, "-"); }) ==
        "-: /cpu/burst: 11 is more than the quota, 10 (config-linux.md#cpu)");
}

TEST_CASE("no quota bounds no burst", "[spec:config-linux#cpu]") {
  CHECK(verdict_on("/linux/resources/cpu/quota", "-1") == "accepted");
  CHECK(verdict_on("/linux/resources/cpu/quota", "0") == "accepted");
  CHECK(verdict_on("/linux/resources/cpu/quota", nullptr) == "accepted");
}

TEST_CASE("limits may be lifted", "[spec:config-linux#memory]") {
  for (auto const* limit : {"/limit", "/reservation", "/swap", "/kernel", "/kernelTCP"}) {
    INFO(limit);
    CHECK(verdict_on("/linux/resources/memory" + std::string(limit), "-1") == "accepted");
  }
  CHECK(verdict_on("/linux/resources/pids/limit", "-1") == "accepted");
}

TEST_CASE("an unknown capability is no error", "[spec:config#linux-process][MUST]") {
  CHECK(verdict_on("/process/capabilities/bounding/0", "\"CAP_FUTURE\"") == "accepted");
}

TEST_CASE("an ambient capability that is not permitted is no error of the config",
          "[spec:config#linux-process]") {
  CHECK(verdict_on("/process/capabilities/permitted", "[]") == "accepted");
}

TEST_CASE("names need a uts namespace, joined or new", "[spec:config#hostname]") {
  auto const named = [](std::vector<Namespace> const& namespaces) {
    return verdict([&](Spec& spec) {
      spec.domainname = "d";
      spec.linux.namespaces = namespaces;
    });
  };
  CHECK(named({}) ==
        "config.json: /domainname: needs a uts namespace in /linux/namespaces "
        "(config.md#domainname)");
  CHECK(named({{NamespaceType::uts, ""}}) == "accepted");
  CHECK(named({{NamespaceType::uts, "/proc/1/ns/uts"}}) == "accepted");
}

TEST_CASE("mappings need a user namespace", "[spec:config-linux#user-namespace-mappings]") {
  CHECK(verdict([](Spec& spec) {
          spec.linux.gid_mappings = {{0, 0, 1}};
        }) ==
        "config.json: /linux/gidMappings: needs a user namespace in /linux/namespaces "
        "(config-linux.md#user-namespace-mappings)");
}

TEST_CASE("a joined user namespace has its mappings already",
          "[spec:config-linux#user-namespace-mappings]") {
  CHECK(verdict([](Spec& spec) {
          spec.linux.namespaces = {{NamespaceType::user, "/proc/1/ns/user"}};
        }) == "accepted");
}

TEST_CASE("all ids may be mapped, and 340 mappings given",
          "[spec:config-linux#user-namespace-mappings]") {
  auto const mapped = [](std::vector<IdMapping> const& map) {
    return verdict([&](Spec& spec) {
      spec.linux.namespaces = {{NamespaceType::user, ""}};
      spec.linux.uid_mappings = map;
      spec.linux.gid_mappings = {{0, 0, 4294967295}};
    });
  };
  std::vector<IdMapping> map;
  for (std::uint32_t id = 0; id < 340; ++id) map.push_back({id, 1000 + id, 1});
  CHECK(mapped(map) == "accepted");
  map.push_back({340, 2000, 1});
  CHECK(mapped(map) ==
        "config.json: /linux/uidMappings: 341 mappings are more than the 340 that the kernel takes "
        "(config-linux.md#user-namespace-mappings)");
  CHECK_THAT(mapped({{1, 0, 4294967295}}),
             ContainsSubstring("/linux/uidMappings/0/containerID: 4294967295 ids from 1 on go "
                               "beyond the last id"));
}

TEST_CASE("idmap takes the mappings of the mount or those of the user namespace",
          "[spec:config#linux-mount-options][MUST]") {
  auto const mounted = [](std::vector<IdMapping> const& map, bool user_namespace) {
    return verdict([&](Spec& spec) {
      spec.mounts = {{"/a", "none", "/b", {"bind", "ridmap"}, map, map}};
      if (user_namespace) spec.linux.namespaces = {{NamespaceType::user, "/proc/1/ns/user"}};
    });
  };
  CHECK(mounted({{0, 1, 1}}, false) == "accepted");
  CHECK(mounted({}, true) == "accepted");
  CHECK(mounted({}, false) ==
        "config.json: /mounts/0/options/1: ridmap needs uidMappings and gidMappings of the mount, "
        "or a user namespace (config.md#linux-mount-options)");
}

TEST_CASE("a relative mount destination is only deprecated", "[spec:config#mounts][MUST]") {
  CHECK(verdict([](Spec& spec) {
          spec.mounts = {{"proc", "proc", "proc", {}, {}, {}}};
        }) == "accepted");
}

TEST_CASE("a sysctl needs its namespace, joined or new", "[spec:config-linux#sysctl]") {
  struct Row {
    char const* key;
    NamespaceType type;
  };
  for (auto const& [key, type] :
       {Row{"net.core.somaxconn", NamespaceType::network},
        Row{"net/ipv4/conf/a.1/b", NamespaceType::network},
        Row{"kernel.msgmax", NamespaceType::ipc}, Row{"kernel/sem", NamespaceType::ipc},
        Row{"kernel.shm_rmid_forced", NamespaceType::ipc},
        Row{"fs.mqueue.queues_max", NamespaceType::ipc},
        Row{"kernel.domainname", NamespaceType::uts},
        Row{"user.max_net_namespaces", NamespaceType::user}}) {
    INFO(key);
    auto const set = [&, key = key](std::vector<Namespace> const& namespaces) {
      return verdict([&](Spec& spec) {
        spec.linux.sysctl = {{key, "1"}};
        spec.linux.namespaces = namespaces;
      });
    };
    CHECK_THAT(set({}), ContainsSubstring(" needs a namespace of type "));
    CHECK(set({{type, "/proc/1/ns/x"}}) == "accepted");
  }
}

TEST_CASE("the hostname is no sysctl, in a uts namespace neither", "[spec:config-linux#sysctl]") {
  CHECK_THAT(verdict([](Spec& spec) {
               spec.linux.sysctl = {{"kernel/hostname", "x"}};
               spec.linux.namespaces = {{NamespaceType::uts, ""}};
             }),
             ContainsSubstring("is set by the property hostname"));
}

TEST_CASE("the first separator of a sysctl separates", "[spec:config-linux#sysctl]") {
  CHECK(sysctl_file("net.ipv4.ip_forward") == "net/ipv4/ip_forward");
  CHECK(sysctl_file("net/ipv4/ip_forward") == "net/ipv4/ip_forward");
  CHECK(sysctl_file("net/ipv4/conf/eth0.1/forwarding") == "net/ipv4/conf/eth0.1/forwarding");
  CHECK(sysctl_file("net.ipv4.conf.eth0/1.forwarding") == "net/ipv4/conf/eth0.1/forwarding");
  CHECK(sysctl_file("plain") == "plain");
}

TEST_CASE("the same device may be listed twice", "[spec:config-linux#devices]") {
  Device fuse;
  fuse.path = "/dev/fuse";
  fuse.major = 10;
  fuse.minor = 229;
  CHECK(verdict([&](Spec& spec) { spec.linux.devices = {fuse, fuse}; }) == "accepted");
}

TEST_CASE("a file mode may name the right type of file", "[spec:config-linux#devices]") {
  CHECK(verdict_on("/linux/devices/0/fileMode", "8612") == "accepted");  // S_IFCHR | 0644
  CHECK(verdict_on("/linux/devices/0/fileMode", "4095") == "accepted");  // 07777
  CHECK(verdict_on("/linux/devices/2/fileMode", "4516") == "accepted");  // S_IFIFO | 0644
  CHECK_THAT(verdict_on("/linux/devices/2/fileMode", "8612"), ContainsSubstring("expected a mode"));
}

TEST_CASE("network devices need a network namespace", "[spec:config-linux#network-devices]") {
  CHECK(verdict([](Spec& spec) { spec.linux.net_devices["eth0"]; }) ==
        "config.json: /linux/netDevices: needs a network namespace in /linux/namespaces "
        "(config-linux.md#network-devices)");
}

TEST_CASE("two templates may be the same", "[spec:config-linux#network-devices]") {
  CHECK(verdict_on("/linux/netDevices", R"({"a": {"name": "e%d"}, "b": {"name": "e%d"}})") ==
        "accepted");
}

TEST_CASE("NOTIFY needs a listener", "[spec:config-linux#seccomp]") {
  auto text = config_text::with(config_text::full, "/linux/seccomp/listenerMetadata", nullptr);
  text = config_text::with(text, "/linux/seccomp/listenerPath", nullptr);
  CHECK(refusal([&] { validate(decode_spec(text, config_json), config_json); }) ==
        "config.json: /linux/seccomp/syscalls/2/action: SCMP_ACT_NOTIFY needs a listenerPath "
        "(config-linux.md#seccomp)");
}

TEST_CASE("TRACE takes any 16 bits as its errno", "[spec:config-linux#seccomp]") {
  Syscall rule;
  rule.names = {"open"};
  rule.action = SeccompAction::trace;
  rule.errno_ret = 65535;
  auto const with = [](Syscall const& syscall) {
    return verdict([&](Spec& spec) {
      spec.linux.seccomp.emplace().default_action = SeccompAction::allow;
      spec.linux.seccomp->syscalls = {syscall};
    });
  };
  CHECK(with(rule) == "accepted");
  rule.errno_ret = 65536;
  CHECK_THAT(with(rule), ContainsSubstring("/linux/seccomp/syscalls/0/errnoRet: expected an errno "
                                           "up to 65535 for SCMP_ACT_TRACE"));
}

TEST_CASE("write may be matched by every other action", "[spec:config-linux#seccomp]") {
  CHECK(verdict_on("/linux/seccomp/syscalls/0/names/0", "\"write\"") == "accepted");
}

TEST_CASE("every scheduler policy has a form that is good", "[spec:config#linux-process]") {
  for (auto const* scheduler :
       {R"({"policy": "SCHED_OTHER", "nice": 19})", R"({"policy": "SCHED_BATCH", "nice": -20})",
        R"({"policy": "SCHED_IDLE"})", R"({"policy": "SCHED_ISO"})",
        R"({"policy": "SCHED_FIFO", "priority": 1})", R"({"policy": "SCHED_RR", "priority": 99})",
        R"({"policy": "SCHED_DEADLINE", "runtime": 1024, "deadline": 1024})",
        R"({"policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 5000, "period": 5000})"}) {
    INFO(scheduler);
    CHECK(verdict_on("/process/scheduler", scheduler) == "accepted");
  }
}

TEST_CASE("every memory policy mode has a form that is good", "[spec:config-linux#memory-policy]") {
  for (auto const* policy :
       {R"({"mode": "MPOL_DEFAULT"})", R"({"mode": "MPOL_LOCAL"})", R"({"mode": "MPOL_PREFERRED"})",
        R"({"mode": "MPOL_PREFERRED", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]})",
        R"({"mode": "MPOL_BIND", "nodes": "0-3,5", "flags": ["MPOL_F_NUMA_BALANCING"]})",
        R"({"mode": "MPOL_PREFERRED_MANY", "nodes": "1"})",
        R"({"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "1"})"}) {
    INFO(policy);
    CHECK(verdict_on("/linux/memoryPolicy", policy) == "accepted");
  }
}

TEST_CASE("a closID of / is the default class", "[spec:config-linux#intelrdt]") {
  CHECK(verdict_on("/linux/intelRdt/closID", "\"/\"") == "accepted");
  CHECK(verdict_on("/linux/intelRdt/closID", nullptr) == "accepted");
}

TEST_CASE("ids reach to the last but one of 32 bits", "[spec:config#posix-platform-user]") {
  CHECK(verdict_on("/process/user/uid", "4294967294") == "accepted");
  CHECK(verdict_on("/process/user/umask", "511") == "accepted");
}

TEST_CASE("empty limits ask for nothing", "[spec:config-linux#control-groups]") {
  CHECK(verdict_on("/linux/resources",
                   R"({"blockIO": {}, "memory": {"disableOOMKiller": false}})") == "accepted");
}
