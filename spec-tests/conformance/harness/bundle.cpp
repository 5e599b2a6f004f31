// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace conformance {
namespace {

Json default_capabilities() {
  Json const set = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  return {{"bounding", set}, {"effective", set}, {"permitted", set}};
}

Json mount_entry(std::string const& type, std::string const& destination, Json const& options) {
  return {{"destination", destination}, {"type", type}, {"source", type}, {"options", options}};
}

Json minimal_config() {
  return {{"ociVersion", "1.0.2"},
          {"root", {{"path", "rootfs"}}},
          {"process",
           {{"user", {{"uid", 0}, {"gid", 0}}},
            {"args", {"/probe", "pause"}},
            {"env", {"PATH=/"}},
            {"cwd", "/"},
            {"capabilities", default_capabilities()}}},
          {"mounts", {mount_entry("proc", "/proc", Json::array())}},
          {"linux", {{"namespaces", {{{"type", "mount"}}}}}}};
}

Json usual_mounts() {
  return {mount_entry("proc", "/proc", Json::array()),
          mount_entry("tmpfs", "/dev", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
          mount_entry("devpts", "/dev/pts",
                      {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}),
          mount_entry("tmpfs", "/dev/shm", {"nosuid", "noexec", "nodev", "mode=1777"}),
          mount_entry("mqueue", "/dev/mqueue", {"nosuid", "noexec", "nodev"}),
          mount_entry("sysfs", "/sys", {"nosuid", "noexec", "nodev", "ro"})};
}

void put_probe(std::string const& target) {
  if (::link(probe_path().c_str(), target.c_str()) == 0) return;
  std::filesystem::copy_file(probe_path(), target);
}

}  // namespace

std::string probe_path() { return PROA_PROBE; }

Bundle Bundle::with(Json const& patch) const {
  Bundle changed = *this;
  changed.config_.merge_patch(patch);
  return changed;
}

Bundle Bundle::with(std::string const& pointer, Json const& value) const {
  Bundle changed = *this;
  auto const at = Json::json_pointer(pointer);
  if (at.back() == "-") {
    changed.config_[at.parent_pointer()].push_back(value);
  } else {
    changed.config_[at] = value;
  }
  return changed;
}

Bundle Bundle::doing(std::vector<Words> const& verbs) const {
  Words words = {"/probe"};
  for (auto const& verb : verbs) {
    if (words.size() > 1) words.emplace_back("--");
    words.insert(words.end(), verb.begin(), verb.end());
  }
  return args(words);
}

Bundle Bundle::without_namespace(std::string const& type) const {
  Json kept = Json::array();
  for (auto const& entry : config_.at("linux").at("namespaces")) {
    if (entry.at("type") != type) kept.push_back(entry);
  }
  return with("/linux/namespaces", kept);
}

Bundle Bundle::with_namespace(std::string const& type, std::string const& path) const {
  Json entry = {{"type", type}};
  if (!path.empty()) entry["path"] = path;
  return without_namespace(type).with("/linux/namespaces/-", entry);
}

Bundle Bundle::without_mount(std::string const& destination) const {
  Json kept = Json::array();
  for (auto const& entry : config_.at("mounts")) {
    if (entry.at("destination") != destination) kept.push_back(entry);
  }
  return with("/mounts", kept);
}

Bundle Bundle::file(std::string const& name, std::string const& text, mode_t mode) const {
  Bundle changed = *this;
  changed.files_[name] = {text, S_IFREG | mode};
  return changed;
}

Bundle Bundle::link(std::string const& name, std::string const& target) const {
  Bundle changed = *this;
  changed.files_[name] = {target, S_IFLNK | 0777};
  return changed;
}

Bundle Bundle::directory(std::string const& name, mode_t mode) const {
  Bundle changed = *this;
  changed.files_[name] = {"", S_IFDIR | mode};
  return changed;
}

void Bundle::write(std::string const& place) const {
  std::string const root = place + "/rootfs";
  for (char const* name : {"dev", "etc", "mnt", "proc", "run", "sys", "tmp"}) {
    make_directories(root + "/" + name);
  }
  put_probe(root + "/probe");
  for (auto const& [name, entry] : files_) {
    std::string const path = root + "/" + name;
    if (S_ISDIR(entry.mode)) {
      make_directories(path);
      chmod(path.c_str(), entry.mode & 07777);
      continue;
    }
    make_directories(path.substr(0, path.rfind('/')));
    remove_tree(path);
    if (S_ISLNK(entry.mode)) {
      if (symlink(entry.text.c_str(), path.c_str()) != 0) throw std::runtime_error(path);
    } else {
      write_text(path, entry.text);
      chmod(path.c_str(), entry.mode & 07777);
    }
  }
  write_text(place + "/config.json", config_.dump(2));
}

Bundle minimal() { return Bundle(minimal_config()); }

Bundle ordinary() {
  return minimal()
      .with("/mounts", usual_mounts())
      .with("/hostname", "conformance")
      .with_namespace("pid")
      .with_namespace("network")
      .with_namespace("ipc")
      .with_namespace("uts")
      .with_namespace("cgroup");
}

Bundle userns() {
  Json const map = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
  return ordinary()
      .with_namespace("user")
      .with("/linux/uidMappings", map)
      .with("/linux/gidMappings", map);
}

Bundle rootless(unsigned user) {
  Json const map = Json::array({{{"containerID", 0}, {"hostID", user}, {"size", 1}}});
  return ordinary()
      .without_namespace("network")
      .without_mount("/sys")
      .with_namespace("user")
      .with("/linux/uidMappings", map)
      .with("/linux/gidMappings", map);
}

std::uint64_t capability_bits(Words const& names) {
  static constexpr std::array<std::string_view, 41> order = {"CHOWN",
                                                             "DAC_OVERRIDE",
                                                             "DAC_READ_SEARCH",
                                                             "FOWNER",
                                                             "FSETID",
                                                             "KILL",
                                                             "SETGID",
                                                             "SETUID",
                                                             "SETPCAP",
                                                             "LINUX_IMMUTABLE",
                                                             "NET_BIND_SERVICE",
                                                             "NET_BROADCAST",
                                                             "NET_ADMIN",
                                                             "NET_RAW",
                                                             "IPC_LOCK",
                                                             "IPC_OWNER",
                                                             "SYS_MODULE",
                                                             "SYS_RAWIO",
                                                             "SYS_CHROOT",
                                                             "SYS_PTRACE",
                                                             "SYS_PACCT",
                                                             "SYS_ADMIN",
                                                             "SYS_BOOT",
                                                             "SYS_NICE",
                                                             "SYS_RESOURCE",
                                                             "SYS_TIME",
                                                             "SYS_TTY_CONFIG",
                                                             "MKNOD",
                                                             "LEASE",
                                                             "AUDIT_WRITE",
                                                             "AUDIT_CONTROL",
                                                             "SETFCAP",
                                                             "MAC_OVERRIDE",
                                                             "MAC_ADMIN",
                                                             "SYSLOG",
                                                             "WAKE_ALARM",
                                                             "BLOCK_SUSPEND",
                                                             "AUDIT_READ",
                                                             "PERFMON",
                                                             "BPF",
                                                             "CHECKPOINT_RESTORE"};
  std::uint64_t bits = 0;
  for (auto const& name : names) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      if ("CAP_" + std::string(order[i]) == name) bits |= std::uint64_t{1} << i;
    }
  }
  return bits;
}

}  // namespace conformance
