// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A config.json that has every property of the spec, and a way to change one value in such a text
// without parsing it: what is put there need not be JSON.  Knows no JSON library and nothing of
// src/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace config_text {

/// Keys in the order in which proa writes them; nothing that has its default value.
inline constexpr char const* full = R"json({
 "ociVersion": "1.3.0",
 "process": {
  "terminal": true, "consoleSize": {"height": 25, "width": 80},
  "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [5, 6]},
  "args": ["sh", "-c", "true"],
  "env": ["PATH=/usr/bin:/bin", "TERM=xterm", "EMPTY="],
  "cwd": "/",
  "capabilities": {"bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "inheritable": ["CAP_KILL"], "permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
  "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 2048, "soft": 1024}, {"type": "RLIMIT_CORE", "hard": 18446744073709551615, "soft": 0}],
  "noNewPrivileges": true, "apparmorProfile": "acme", "oomScoreAdj": -5,
  "scheduler": {"policy": "SCHED_DEADLINE", "nice": -3, "flags": ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM"], "runtime": 1000000, "deadline": 2000000, "period": 3000000},
  "selinuxLabel": "system_u:system_r:container_t:s0",
  "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
  "execCPUAffinity": {"initial": "7", "final": "0-3,7"}
 },
 "root": {"path": "rootfs", "readonly": true},
 "hostname": "mrsdalloway", "domainname": "example.test",
 "mounts": [
  {"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/data", "type": "none", "source": "/srv", "options": ["rbind", "ridmap", "rro"], "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]},
  {"destination": "/more", "type": "none", "source": "/srv", "options": ["bind", "idmap"]}
 ],
 "hooks": {
  "prestart": [{"path": "/bin/a", "args": ["a", "b"], "env": ["A=b"], "timeout": 5}],
  "createRuntime": [{"path": "/bin/b"}], "createContainer": [{"path": "/bin/c"}],
  "startContainer": [{"path": "/bin/d"}], "poststart": [{"path": "/bin/e"}], "poststop": [{"path": "/bin/f"}]
 },
 "annotations": {"com.example.a": "1", "com.example.b~/c": ""},
 "linux": {
  "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 1000, "hostID": 200000, "size": 1}],
  "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 1001}],
  "sysctl": {"fs.mqueue.msg_max": "10", "kernel.domainname": "x", "kernel.shmmax": "1", "net.ipv4.ip_forward": "1", "net/ipv4/conf/eth0.1/forwarding": "1", "user.max_user_namespaces": "5"},
  "resources": {
   "devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": -1, "access": "rw"}],
   "memory": {"limit": 536870912, "reservation": 268435456, "swap": 1073741824, "kernel": -1, "kernelTCP": -1, "swappiness": 10, "disableOOMKiller": false, "useHierarchy": true, "checkBeforeUpdate": true},
   "cpu": {"shares": 1024, "quota": 100000, "burst": 50000, "period": 100000, "realtimeRuntime": 950000, "realtimePeriod": 1000000, "cpus": "0-1", "mems": "0", "idle": 0},
   "pids": {"limit": 0},
   "blockIO": {"weight": 10, "leafWeight": 20, "weightDevice": [{"major": 8, "minor": 0, "weight": 500, "leafWeight": 300}],
    "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}], "throttleWriteBpsDevice": [{"major": 8, "minor": 0, "rate": 601}],
    "throttleReadIOPSDevice": [{"major": 8, "minor": 0, "rate": 602}], "throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 603}]},
   "hugepageLimits": [{"pageSize": "2MB", "limit": 209715200}],
   "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 500}]},
   "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}, "rxe3": {"hcaObjects": 1}},
   "unified": {"memory.high": "1000000"}
  },
  "cgroupsPath": "/proa/test",
  "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/a"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "user"}, {"type": "cgroup"}, {"type": "time"}],
  "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438, "uid": 0, "gid": 0}, {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0, "fileMode": 25008}, {"path": "/run/pipe", "type": "p"}],
  "netDevices": {"eth1": {"name": "net%d"}, "eth2": {}},
  "seccomp": {
   "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"], "flags": [],
   "listenerPath": "/run/agent.sock", "listenerMetadata": "x=y",
   "syscalls": [{"names": ["getcwd", "chmod"], "action": "SCMP_ACT_ALLOW"}, {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{"index": 0, "value": 2114060288, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}, {"names": ["mknod"], "action": "SCMP_ACT_NOTIFY"}]
  },
  "rootfsPropagation": "slave",
  "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
  "mountLabel": "system_u:object_r:container_file_t:s0",
  "intelRdt": {"closID": "guaranteed", "schemata": ["L2:0=f"], "l3CacheSchema": "L3:0=7f0", "memBwSchema": "MB:0=20", "enableMonitoring": true},
  "memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "2-3", "flags": ["MPOL_F_STATIC_NODES"]},
  "personality": {"domain": "LINUX32"},
  "timeOffsets": {"boottime": {"secs": 50, "nanosecs": 10}, "monotonic": {"secs": -3}}
 }
})json";

namespace detail {

/// Walks over JSON text that is known to be good.
struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  char skip_blanks() {
    while (text[at] == ' ' || text[at] == '\n') ++at;
    return text[at];
  }
  std::string_view string() {
    auto const begin = ++at;
    while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    return text.substr(begin, at++ - begin);
  }
  void value() {
    int depth = 0;
    do {
      char const c = skip_blanks();
      if (c == '"') {
        string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
      bool const scalar = c != '{' && c != '}' && c != '[' && c != ']' && c != ',' && c != ':';
      while (scalar && std::string_view(",]} \n").find(text[at]) == std::string_view::npos) ++at;
    } while (depth > 0);
  }
};

/// A value in the text, from its key on if it has one.
struct Span {
  std::size_t begin;  ///< of the key, or of the value
  std::size_t value;
  std::size_t end;
  bool found;
};

inline std::string unescaped(std::string_view token) {
  std::string key;
  for (std::size_t i = 0; i < token.size(); ++i) {
    key += token[i] == '~' ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return key;
}

/// The member or element `token` of the container that begins at `container`; where it is not
/// found, the place right behind the opening bracket.
inline Span child(std::string_view text, std::size_t container, std::string_view token) {
  Cursor cursor{text, container};
  bool const object = cursor.skip_blanks() == '{';
  auto const first = ++cursor.at;
  auto const key = unescaped(token);
  for (std::size_t index = 0; cursor.skip_blanks() != '}' && text[cursor.at] != ']'; ++index) {
    auto const begin = cursor.at;
    bool const same = object ? cursor.string() == key : std::to_string(index) == key;
    if (object) {
      cursor.skip_blanks();
      ++cursor.at;
      cursor.skip_blanks();
    }
    auto const value = cursor.at;
    cursor.value();
    if (same) return {begin, value, cursor.at, true};
    if (cursor.skip_blanks() == ',') ++cursor.at;
  }
  return {first, first, first, false};
}

/// From the comma before it, or to the comma behind it.
inline void remove(std::string& text, Span const& span) {
  auto begin = span.begin;
  auto end = span.end;
  auto const next = text.find_first_not_of(" \n", end);
  auto const previous = text.find_last_not_of(" \n", begin - 1);
  if (text[next] == ',') {
    end = next + 1;
  } else if (text[previous] == ',') {
    begin = previous;
  }
  text.erase(begin, end - begin);
}

/// As the first member or element, right behind the opening bracket.
inline void add(std::string& text, std::size_t at, std::string_view token, char const* value) {
  bool const object = text[at - 1] == '{';
  auto const next = text[text.find_first_not_of(" \n", at)];
  auto const key = object ? '"' + unescaped(token) + "\": " : std::string();
  text.insert(at, key + value + (next == '}' || next == ']' ? "" : ", "));
}

}  // namespace detail

/// `text` with `replacement` as the value at the JSON pointer, which is added to its object or
/// array if it is not there; nullptr removes it.
inline std::string with(std::string_view text, std::string_view pointer, char const* replacement) {
  std::string changed(text);
  std::size_t container = 0;
  for (std::size_t slash = 0;;) {
    auto const next = pointer.find('/', slash + 1);
    auto const span = detail::child(text, container, pointer.substr(slash + 1, next - slash - 1));
    if (next != std::string_view::npos) {
      container = span.value;
      slash = next;
      continue;
    }
    if (replacement == nullptr) {
      detail::remove(changed, span);
    } else if (span.found) {
      changed.replace(span.value, span.end - span.value, replacement);
    } else {
      detail::add(changed, span.begin, pointer.substr(slash + 1), replacement);
    }
    return changed;
  }
}

}  // namespace config_text
