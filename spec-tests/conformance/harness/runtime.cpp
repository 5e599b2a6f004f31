// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "catch.hpp"

namespace conformance {
namespace {

std::string scratch_of_this_case;

std::string environment(char const* name, char const* otherwise) {
  char const* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

bool is_cgroup2(std::string const& path) {
  struct statfs info {};
  return statfs(path.c_str(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

bool is_cgroup1(std::string const& path) {
  struct statfs info {};
  return statfs(path.c_str(), &info) == 0 && info.f_type == CGROUP_SUPER_MAGIC;
}

std::vector<std::string> names_in(std::string const& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (dirent const* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  return names;
}

/// Mount points of this world's hierarchies.
std::vector<std::string> hierarchies() {
  std::string const top = "/sys/fs/cgroup";
  if (is_cgroup2(top)) return {top};
  std::vector<std::string> found;
  for (auto const& name : names_in(top)) {
    std::string path = top;
    path += "/" + name;
    struct stat info {};
    bool const directory = lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    if (directory && (is_cgroup1(path) || is_cgroup2(path))) found.push_back(path);
  }
  return found;
}

bool has_controller(std::string const& mount, std::string const& controller) {
  if (is_cgroup2(mount)) {
    std::istringstream words(read_text(mount + "/cgroup.controllers").value_or(""));
    for (std::string word; words >> word;) {
      if (word == controller) return true;
    }
    // Parts of the core, not controllers, in version 2.
    return controller == "freezer" || controller == "devices";
  }
  std::istringstream parts(mount.substr(mount.rfind('/') + 1));
  for (std::string part; std::getline(parts, part, ',');) {
    if (part == controller) return true;
  }
  return false;
}

/// Child cgroups first: a cgroup with children cannot go.
void remove_cgroup(std::string const& path) {
  for (auto const& name : names_in(path)) {
    std::string below = path;
    below += "/" + name;
    struct stat info {};
    if (lstat(below.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) remove_cgroup(below);
  }
  rmdir(path.c_str());
}

void start_case() {
  std::string path = environment("TMPDIR", "/tmp") + "/proa-test-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp " + path);
  chmod(path.c_str(), 0755);
  scratch_of_this_case = path;
}

void end_case() {
  if (scratch_of_this_case.empty()) return;
  // What a case expected to be refused and was not, or what it left when a check ended it.
  for (auto const& id : names_in(state_root())) proa("delete", "--force", id);
  remove_tree(scratch_of_this_case);
  scratch_of_this_case.clear();
}

void end_run() {
  for (pid_t const pid : cgroup_members(cgroup_parent())) {
    kill(pid, SIGKILL);
    wait_for(pid);
  }
  for (auto const& path : cgroup_directories(cgroup_parent())) remove_cgroup(path);
}

/// Where this program was started, in version 2: "" for the root.
std::string const& first_cgroup() {
  static std::string const path = [] {
    std::istringstream lines(read_text("/proc/self/cgroup").value_or(""));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("0::")) return line == "0::/" ? "" : line.substr(3);
    }
    return std::string();
  }();
  return path;
}

/// A group with processes cannot give its controllers to those below it: cgroup-v2.rst, "No
/// Internal Process Constraint".
void leave_the_top_of_what_was_delegated() {
  if (geteuid() == 0 || world() != World::v2) return;
  std::string const leaf = "/sys/fs/cgroup" + first_cgroup() + "/harness";
  if (mkdir(leaf.c_str(), 0755) == 0) write_text(leaf + "/cgroup.procs", std::to_string(getpid()));
}

#if __has_include(<catch2/catch_all.hpp>)
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

/// Nothing that a runtime mounts by mistake may stay on the host.
void leave_mounts_of_host() {
  if (unshare(CLONE_NEWNS) == 0) mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
}

/// Gives each case its directory.  Orphans of containers become children of this program, as they
/// would of an engine's shim, so that it can wait for them.
struct Surroundings : ListenerBase {
  using ListenerBase::ListenerBase;
  void testRunStarting(Catch::TestRunInfo const& info) override {
    leave_mounts_of_host();
    leave_the_top_of_what_was_delegated();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    umask(0022);
    ListenerBase::testRunStarting(info);
  }
  void testCaseStarting(Catch::TestCaseInfo const& info) override {
    start_case();
    ListenerBase::testCaseStarting(info);
  }
  void testCaseEnded(Catch::TestCaseStats const& stats) override {
    end_case();
    ListenerBase::testCaseEnded(stats);
  }
  void testRunEnded(Catch::TestRunStats const& stats) override {
    end_run();
    ListenerBase::testRunEnded(stats);
  }
};
CATCH_REGISTER_LISTENER(Surroundings)

Words& global_options() {
  static Words options;
  return options;
}

/// What the runtime under test is run by.
Words& denial() {
  static Words words;
  return words;
}

}  // namespace

std::string runtime_path() { return environment("PROA_RUNTIME", PROA_BINARY); }

bool is_proa() {
  static bool const answer = [] {
    return run({{runtime_path(), "--version"}, "", ""}).out.starts_with("proa ");
  }();
  return answer;
}

bool denied(std::initializer_list<std::string_view> calls) {
  std::istringstream names(environment("PROA_DENIED", ""));
  for (std::string name; std::getline(names, name, ',');) {
    if (std::find(calls.begin(), calls.end(), name) != calls.end()) return true;
  }
  return false;
}

std::string const& scratch() { return scratch_of_this_case; }
std::string state_root() { return scratch() + "/state"; }

GlobalOptions::GlobalOptions(Words options)
    : before_(std::exchange(global_options(), std::move(options))) {}

GlobalOptions::~GlobalOptions() { global_options() = std::move(before_); }

Denial::Denial(std::string const& error, std::string const& call) {
  denial() = {PROA_DENY, error, call, runtime_path()};
}

Denial::~Denial() { denial().clear(); }

Command runtime_command(Words arguments) {
  Words argv = denial();
  argv.insert(argv.end(), {runtime_path(), "--root", state_root()});
  argv.insert(argv.end(), global_options().begin(), global_options().end());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return {std::move(argv), "", ""};
}

Result proa(Words arguments) { return run(runtime_command(std::move(arguments))); }

std::optional<std::string> read_text(std::string const& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(std::string const& path, std::string const& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) throw std::runtime_error("write " + path);
}

void make_directories(std::string const& path) { std::filesystem::create_directories(path); }

void remove_tree(std::string const& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

bool exists(std::string const& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

World world() {
  if (is_cgroup2("/sys/fs/cgroup")) return World::v2;
  auto const mounts = hierarchies();
  return std::any_of(mounts.begin(), mounts.end(), is_cgroup2) ? World::hybrid : World::v1;
}

std::optional<std::string> cgroup_directory(std::string const& controller,
                                            std::string const& cgroup) {
  for (auto const& mount : hierarchies()) {
    if (has_controller(mount, controller)) return mount + cgroup;
  }
  return std::nullopt;
}

std::vector<std::string> cgroup_directories(std::string const& cgroup) {
  auto found = hierarchies();
  for (auto& path : found) path += cgroup;
  return found;
}

std::optional<std::string> cgroup_value(std::string const& controller, std::string const& cgroup,
                                        std::string const& file) {
  auto const directory = cgroup_directory(controller, cgroup);
  if (!directory) return std::nullopt;
  auto text = read_text(*directory + "/" + file);
  if (text) text->erase(std::min(text->find('\n'), text->size()));
  return text;
}

std::vector<pid_t> cgroup_members(std::string const& cgroup) {
  std::vector<pid_t> pids;
  for (auto const& directory : cgroup_directories(cgroup)) {
    std::istringstream numbers(read_text(directory + "/cgroup.procs").value_or(""));
    for (pid_t pid = 0; numbers >> pid;) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

std::string cgroup_parent() {
  static std::string const path =
      (geteuid() == 0 ? "" : first_cgroup()) + "/proa-test-" + std::to_string(getpid());
  return path;
}

}  // namespace conformance
