// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Words for the cases about systemd: a scope and what systemctl(1) says of it, the same in all
// cgroup worlds.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define SKIP_WITHOUT_SYSTEMD()                                                \
  if (!exists("/run/systemd/system")) {                                       \
    SKIP_BECAUSE(std::string("systemd does not run here"));                   \
  }                                                                           \
  if (getuid() != 0) {                                                        \
    SKIP_BECAUSE(std::string("only root has units of the system's manager")); \
  }

namespace conformance {

inline constexpr uid_t plain_user = 1000;

/// Whose units.
enum class Owner { root, user };

inline Result systemctl(Words words, Owner owner = Owner::root) {
  words.insert(words.begin(), "systemctl");
  Command command{std::move(words), "", ""};
  if (owner == Owner::user) {
    command.argv.insert(command.argv.begin() + 1, "--user");
    command.user = plain_user;
    command.env = {"XDG_RUNTIME_DIR=/run/user/" + std::to_string(plain_user)};
  }
  return run(command);
}

inline std::string without_newline(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

/// The name of a scope of this case, and what is known of it.
class Scope {
 public:
  explicit Scope(std::string slice = "system.slice") : slice_(std::move(slice)) {
    static int count = 0;
    name_ = std::to_string(getpid()) + "_" + std::to_string(++count);
  }
  std::string cgroups_path() const { return slice_ + ":proatest:" + name_; }
  std::string unit() const { return "proatest-" + name_ + ".scope"; }
  /// Its group below any hierarchy's mount point.
  std::string group() const { return "/system.slice/" + unit(); }
  /// The first line of a file of its group, in version 2.
  std::string file(std::string const& name) const {
    auto const text = read_text(directory() + "/" + name);
    return text ? without_newline(*text) : "none";
  }
  std::string directory() const { return "/sys/fs/cgroup" + group(); }
  /// A property as systemctl(1) says it.
  std::string show(std::string const& property, Owner owner = Owner::root) const {
    return without_newline(systemctl({"show", "-P", property, unit()}, owner).out);
  }
  void check_gone() const {
    for (auto const& path : cgroup_directories(group())) {
      INFO(path);
      CHECK_FALSE(exists(path));
    }
    CHECK(show("LoadState") == "not-found");
  }
  Bundle in(Bundle const& bundle) const {
    return bundle.with("/linux/cgroupsPath", cgroups_path());
  }

 private:
  std::string slice_;
  std::string name_;
};

inline Words const by_systemd{"--systemd-cgroup"};

inline void check_ok(Result const& result) {
  INFO(result.err);
  CHECK(result.ok());
}

/// "errno" of an open of a device by a further process of the container.
inline int open_errno(Container const& web, std::string const& path) {
  Result const result = proa("exec", web.id(), "/probe", "open", path, "r");
  INFO(result.err);
  REQUIRE(result.ok());
  return Json::parse(result.out).at("errno");
}

inline Json node(char const* path, int minor) {
  return {{"path", path}, {"type", "c"}, {"major", 1}, {"minor", minor}};
}

inline Json rule(bool allow, int minor) {
  return {{"allow", allow}, {"access", "rwm"}, {"type", "c"}, {"major", 1}, {"minor", minor}};
}

}  // namespace conformance
