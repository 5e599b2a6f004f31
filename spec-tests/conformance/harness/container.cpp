// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "container.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"

namespace conformance {
namespace {

std::string next_id() {
  static int count = 0;
  return "c" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

std::string joined(Words const& lines) {
  std::string text;
  for (auto const& line : lines) text += line + "\n";
  return text;
}

/// Mounts of this program's own mount namespace that lie below `path`.
Words mounts_below(std::string const& path) {
  Words found;
  std::istringstream lines(read_text("/proc/self/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" " + path) != std::string::npos) found.push_back("mount: " + line);
  }
  return found;
}

/// Children of this program.  What a runtime leaves running becomes one: see Surroundings.
std::vector<pid_t> children() {
  std::string const self = std::to_string(getpid());
  std::istringstream numbers(
      read_text("/proc/" + self + "/task/" + self + "/children").value_or(""));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; numbers >> pid;) pids.push_back(pid);
  return pids;
}

/// Those that are new and still alive; the dead ones are reaped.
std::vector<pid_t> children_since(std::vector<pid_t> const& before) {
  std::vector<pid_t> alive;
  for (pid_t const pid : children()) {
    bool const known = std::find(before.begin(), before.end(), pid) != before.end();
    if (!known && waitpid(pid, nullptr, WNOHANG) == 0) alive.push_back(pid);
  }
  return alive;
}

}  // namespace

Container::Container(Bundle const& bundle, std::string id)
    : id_(id.empty() ? next_id() : std::move(id)),
      bundle_(scratch() + "/" + next_id()),
      cgroup_(cgroup_parent() + "/" + next_id()) {
  Bundle placed = bundle;
  if (!bundle.config().contains("/linux/cgroupsPath"_json_pointer) &&
      bundle.config().contains("linux")) {
    placed = bundle.with("/linux/cgroupsPath", cgroup_);
  } else {
    cgroup_ = bundle.config().value("/linux/cgroupsPath"_json_pointer, std::string());
  }
  placed.write(bundle_);
}

Container::~Container() {
  proa("delete", "--force", id_);
  if (pid_ > 0) wait_for(pid_);
  for (pid_t const pid : cgroup_.empty() ? std::vector<pid_t>{} : cgroup_members(cgroup_)) {
    ::kill(pid, SIGKILL);
    wait_for(pid);
  }
  Words const left = left_behind();
  for (auto const& path : cgroup_.empty() ? Words{} : cgroup_directories(cgroup_)) {
    rmdir(path.c_str());
  }
  if (!left.empty()) FAIL_CHECK("left behind by " << id_ << ":\n" << joined(left));
}

Words Container::arguments(char const* verb, Words const& options) const {
  Words words = {verb, "--bundle", bundle_};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(id_);
  return words;
}

Result Container::create(Words const& options) { return create_in({}, options); }

Result Container::create_in(Command surroundings, Words const& options) {
  surroundings.argv = runtime_command(arguments("create", options)).argv;
  creator_ = Process(surroundings);
  Result result = creator_.wait();
  if (result.ok()) pid_ = pid();
  return result;
}

Result Container::run(Words const& options) { return proa(arguments("run", options)); }

Json Container::state() const {
  Result const result = proa("state", id_);
  INFO("state says: " << result.err);
  REQUIRE(result.status == 0);
  return Json::parse(result.out);
}

Json Container::answer() {
  auto const text = line();
  REQUIRE(text.has_value());
  return Json::parse(*text);
}

int Container::wait() {
  int const status = wait_for(pid_);
  pid_ = -1;
  return status;
}

Words Container::left_behind() const {
  Words left = mounts_below(bundle_);
  if (exists(state_root() + "/" + id_)) left.push_back("state directory " + id_);
  if (cgroup_.empty()) return left;
  for (auto const& path : cgroup_directories(cgroup_)) {
    if (exists(path)) left.push_back("cgroup " + path);
  }
  for (pid_t const pid : cgroup_members(cgroup_)) {
    left.push_back("process " + std::to_string(pid));
  }
  return left;
}

Created::Created(Bundle const& bundle, Words const& options) : Container(bundle) {
  Result const result = create(options);
  INFO("create says: " << result.err);
  REQUIRE(result.status == 0);
}

Running::Running(Bundle const& bundle, Words const& options) : Created(bundle, options) {
  Result const result = start();
  INFO("start says: " << result.err);
  REQUIRE(result.status == 0);
  Json said;
  do said = answer();
  while (!said.contains("ready"));
}

std::vector<Json> inside(Bundle const& bundle, std::vector<Words> const& verbs) {
  Created container(bundle.doing(verbs));
  Result const started = container.start();
  INFO("start says: " << started.err);
  REQUIRE(started.status == 0);
  std::string const text = container.output();
  container.wait();
  std::vector<Json> answers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) answers.push_back(Json::parse(line));
  INFO("the probe said: " << text);
  REQUIRE(answers.size() == verbs.size());
  return answers;
}

Json report(Bundle const& bundle) { return inside(bundle, {{"report"}}).front(); }

Json mount_at(Json const& report, std::string const& target) {
  Json found;
  for (auto const& mount : report.at("mounts")) {
    if (mount.at("target") == target) found = mount;
  }
  return found;
}

std::string refusal(Bundle const& bundle, Words const& options) {
  Container container(bundle);
  auto const before = children();
  Result const result = container.create(options);
  INFO("create says: " << result.err);
  CHECK(result.status > 0);
  // Others have other numbers, and may warn as well.
  if (is_proa()) CHECK(result.status == 1);
  if (is_proa()) CHECK(result.error_lines() == 1);
  if (result.ok()) return {};
  CHECK(joined(container.left_behind()).empty());
  CHECK(children_since(before).empty());
  return result.error();
}

void check_words(std::string const& said, std::string const& part) {
  if (is_proa()) CHECK_THAT(said, ContainsSubstring(part));
}

std::uint64_t namespace_of(pid_t pid, std::string const& kind) {
  struct stat info {};
  std::string const path = "/proc/" + std::to_string(pid) + "/ns/" + kind;
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

std::uint64_t own_namespace(std::string const& kind) { return namespace_of(getpid(), kind); }

}  // namespace conformance
