// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The runtime under test ($PROA_RUNTIME, else the proa that was built), the directory that a case
// may fill, and the cgroup world it stands in.  Every case has a state directory of its own.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process.hpp"

namespace conformance {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// The program under test.
std::string runtime_path();
/// Whether it is proa: cases for what only proa promises are tagged [proa].
bool is_proa();

/// Whether the runtime under test is denied one of these system calls ($PROA_DENIED,
/// "openat2,clone3").
bool denied(std::initializer_list<std::string_view> calls);

/// A directory of this case alone, removed at its end, traversable by every user.
std::string const& scratch();
/// The state directory of this case.
std::string state_root();

/// Options that every call of the runtime under test gets before its verb, for as long as this
/// object lives.
class GlobalOptions {
 public:
  explicit GlobalOptions(Words options);
  GlobalOptions(GlobalOptions const&) = delete;
  GlobalOptions& operator=(GlobalOptions const&) = delete;
  ~GlobalOptions();

 private:
  Words before_;
};

/// Every call of the runtime under test is without a system call, which answers "ENOSYS" or
/// "EPERM", for as long as this object lives; what it starts is without it too.
class Denial {
 public:
  Denial(std::string const& error, std::string const& call);
  Denial(Denial const&) = delete;
  Denial& operator=(Denial const&) = delete;
  ~Denial();
};

/// A command line for the runtime under test, with the state directory of this case.
Command runtime_command(Words arguments);
/// Runs it.
Result proa(Words arguments);
template <class... Rest>
Result proa(std::string const& verb, Rest const&... rest) {
  return proa(Words{verb, std::string(rest)...});
}

/// Whole files.
std::optional<std::string> read_text(std::string const& path);
void write_text(std::string const& path, std::string const& text);
/// mkdir -p
void make_directories(std::string const& path);
void remove_tree(std::string const& path);
bool exists(std::string const& path);

/// cgroups(7): which world this process sees below /sys/fs/cgroup.
enum class World { v1, hybrid, v2 };
World world();
/// Directory of `cgroup` (as in cgroupsPath, absolute) in the hierarchy of `controller`, or
/// nothing where the world does not have that controller.
std::optional<std::string> cgroup_directory(std::string const& controller,
                                            std::string const& cgroup);
/// That directory in every hierarchy of this world.
std::vector<std::string> cgroup_directories(std::string const& cgroup);
/// First line of a file of a cgroup, e.g. cgroup_value("memory", web.cgroup(), "memory.max").
std::optional<std::string> cgroup_value(std::string const& controller, std::string const& cgroup,
                                        std::string const& file);
/// All processes of a cgroup and those below it.
std::vector<pid_t> cgroup_members(std::string const& cgroup);
/// The cgroup that this run puts every container below: "/proa-test-<pid>", and for a plain user in
/// the cgroup that this program was started in, which should be one they were given.
std::string cgroup_parent();

}  // namespace conformance
