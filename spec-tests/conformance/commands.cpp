// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line: list, spec, features, version, the log, and the forms of options that callers
// use.
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

Result bare(Words const& words) {
  Words argv = {runtime_path()};
  argv.insert(argv.end(), words.begin(), words.end());
  return run({argv, "", ""});
}

bool has(Json const& list, char const* word) {
  return std::count(list.begin(), list.end(), word) != 0;
}

std::vector<Json> json_lines(std::string const& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

/// A spec that the runtime wrote, run with the probe in place of its shell.
Result run_written_spec(Words const& options, Command caller) {
  std::string const place = scratch() + "/written";
  minimal().write(place);
  remove_tree(place + "/config.json");
  run({{"chown", "-R", std::to_string(caller.user.value_or(0)), place}, "", ""});
  Words argv = {"spec", "--bundle", place};
  argv.insert(argv.end(), options.begin(), options.end());
  caller.argv = runtime_command(argv).argv;
  Result const written = run(caller);
  INFO(written.err);
  REQUIRE(written.ok());
  Json config = Json::parse(read_text(place + "/config.json").value());
  CHECK(config.at("process").at("terminal") == true);
  CHECK_FALSE(config.at("process").at("capabilities").contains("inheritable"));
  config["process"]["terminal"] = false;
  config["process"]["args"] = {"/probe", "report"};
  remove_tree(place + "/config.json");
  write_text(place + "/config.json", config.dump());
  // Such a spec has no cgroupsPath: the id names the cgroup, which all that runs here share.
  std::string const id = "written-" + std::to_string(getpid());
  caller.argv = runtime_command({"run", "--bundle", place, id}).argv;
  return run(caller);
}

}  // namespace

TEST_CASE("list shows the containers in a table", "[contract:list]") {
  Created first(minimal());
  Running second(minimal());
  Result const result = proa("list");
  CHECK(result.ok());
  std::istringstream lines(result.out);
  std::string header;
  std::getline(lines, header);
  std::istringstream words(header);
  Words columns;
  for (std::string word; words >> word;) columns.push_back(word);
  CHECK(columns == Words{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"});
  CHECK_THAT(result.out, ContainsSubstring(first.id()) && ContainsSubstring("created") &&
                             ContainsSubstring(second.id()) && ContainsSubstring("running"));
}

TEST_CASE("list -q shows the ids alone", "[contract:list]") {
  Created first(minimal());
  Created second(minimal());
  std::istringstream lines(proa("list", "-q").out);
  std::set<std::string> ids;
  for (std::string line; std::getline(lines, line);) ids.insert(line);
  CHECK(ids == std::set<std::string>{first.id(), second.id()});
}

TEST_CASE("list --format json is what engines read", "[contract:list]") {
  Running web(minimal());
  Result const result = proa("list", "--format", "json");
  REQUIRE(result.ok());
  Json const entry = Json::parse(result.out).at(0);
  CHECK(entry.at("id") == web.id());
  CHECK(entry.at("pid") == web.pid());
  CHECK(entry.at("status") == "running");
  CHECK(entry.at("bundle") == web.bundle());
  CHECK(entry.at("created").is_string());
}

TEST_CASE("list of no containers is empty", "[contract:list]") {
  make_directories(state_root());
  CHECK(proa("list", "-q").out.empty());
  CHECK(Json::parse(proa("list", "--format", "json").out).empty());
}

// crun makes the directory.
TEST_CASE("list of a state directory that is given and does not exist is an error",
          "[contract:list]") {
  Result const result = bare({"--root", scratch() + "/nowhere", "list"});
  CHECK(result.status == 1);
  CHECK_FALSE(exists(scratch() + "/nowhere"));
}

TEST_CASE("list before anything has been created is empty", "[contract:list]") {
  std::string const home = scratch() + "/user";
  constexpr uid_t user = 61237;
  make_directories(home);
  run({{"chown", std::to_string(user), home}, "", ""});
  Command command{{runtime_path(), "list", "-q"}, "", ""};
  command.user = user;
  command.env = {"XDG_RUNTIME_DIR=" + home};
  Result const result = run(command);
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(result.err.empty());
  CHECK_FALSE(exists(home + "/proa"));
}

TEST_CASE("list passes over what is no directory", "[contract:list]") {
  Created web(minimal());
  write_text(state_root() + "/notes", "none of ours");
  REQUIRE(symlink("notes", (state_root() + "/link").c_str()) == 0);
  Result const result = proa("list", "-q");
  CHECK(result.status == 0);
  CHECK(result.out == web.id() + "\n");
  CHECK(result.err.empty());
}

TEST_CASE("a state directory that another user owns is refused", "[contract:security][proa]") {
  std::string const root = scratch() + "/foreign";
  make_directories(root);
  REQUIRE(chown(root.c_str(), 61238, 61238) == 0);
  for (Words const& words : {Words{"list"}, Words{"state", "web"}, Words{"create", "web"}}) {
    CAPTURE(words[0]);
    Command command{{runtime_path(), "--root", root}, "", scratch()};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.user = 61239;
    Result const result = run(command);
    CHECK(result.status == 1);
    if (words[0] != "create") check_words(result.error(), "belongs to user 61238, not to 61239");
  }
}

TEST_CASE("list warns of a damaged state and shows the others", "[contract:list]") {
  Created web(minimal());
  make_directories(state_root() + "/damaged");
  write_text(state_root() + "/damaged/state.json", "{");
  Result const result = proa("list", "-q");
  CHECK(result.status == 0);
  CHECK(result.out == web.id() + "\n");
  CHECK_THAT(result.err, ContainsSubstring("load container damaged: "));
}

TEST_CASE("spec writes a config.json that runs", "[contract:spec]") {
  Result const result = run_written_spec({}, {});
  INFO(result.err);
  REQUIRE(result.status == 0);
  Json const seen = Json::parse(result.out);
  CHECK(seen.at("pid") == 1);
  CHECK(seen.at("no_new_privileges") == true);
}

TEST_CASE("spec --rootless writes a config.json that runs for a plain user", "[contract:spec]") {
  Command user;
  user.user = 61234;
  user.env = {"XDG_RUNTIME_DIR=" + scratch(), "HOME=/"};
  make_directories(state_root());
  run({{"chown", "61234", state_root()}, "", ""});
  Result const result = run_written_spec({"--rootless"}, user);
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK(Json::parse(result.out).at("user").at("uid") == Json{0, 0, 0});
}

TEST_CASE("spec does not write over a config.json", "[contract:spec]") {
  std::string const place = scratch() + "/bundle";
  minimal().write(place);
  auto const before = read_text(place + "/config.json");
  CHECK(bare({"spec", "--bundle", place}).status > 0);
  CHECK(read_text(place + "/config.json") == before);
}

TEST_CASE("features is JSON on standard output and nothing else", "[spec:features][MUST]") {
  Result const result = bare({"features"});
  REQUIRE(result.ok());
  CHECK(result.err.empty());
  Json const features = Json::parse(result.out);
  CHECK(features.at("ociVersionMin").get<std::string>().starts_with("1."));
  CHECK(features.at("ociVersionMax").get<std::string>().starts_with("1."));
  for (char const* hook : {"prestart", "createRuntime", "createContainer", "startContainer",
                           "poststart", "poststop"}) {
    CAPTURE(hook);
    CHECK(has(features.at("hooks"), hook));
  }
  Json const namespaces = features.at("linux").at("namespaces");
  for (char const* type : {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}) {
    CAPTURE(type);
    CHECK(has(namespaces, type));
  }
  CHECK(features.at("linux").at("seccomp").at("enabled") == true);
  CHECK(has(features.at("linux").at("capabilities"), "CAP_SYS_ADMIN"));
  CHECK(features.at("linux").at("cgroup").at("v1") == true);
  CHECK(features.at("linux").at("cgroup").at("v2") == true);
}

TEST_CASE("features promises only versions that create takes", "[spec:features][MUST]") {
  Result const result = bare({"features"});
  REQUIRE(result.ok());
  Json const features = Json::parse(result.out);
  for (char const* key : {"ociVersionMin", "ociVersionMax"}) {
    CAPTURE(key);
    Created web(minimal().with("/ociVersion", features.at(key)));
    CHECK(web.status() == "created");
  }
}

TEST_CASE("--version says the name, the version and the spec's", "[contract:version]") {
  Result const result = bare({"--version"});
  CHECK(result.ok());
  CHECK(result.err.empty());
  CHECK_THAT(result.out, ContainsSubstring(" version ") && ContainsSubstring("\nspec: 1."));
}

TEST_CASE("proa under the name of runc calls itself runc", "[proa]") {
  std::string const alias = scratch() + "/runc";
  REQUIRE(symlink(runtime_path().c_str(), alias.c_str()) == 0);
  CHECK_THAT(run({{alias, "--version"}, "", ""}).out, Catch::Matchers::StartsWith("runc version "));
  CHECK(run({{alias, "--root", state_root(), "state", "nobody"}, "", ""}).err ==
        "runc state nobody: container does not exist\n");
}

TEST_CASE("--help is a success on standard output", "[contract:help]") {
  for (char const* verb :
       {"create", "start", "state", "kill", "delete", "run", "list", "spec", "features"}) {
    CAPTURE(verb);
    Result const result = bare({verb, "--help"});
    CHECK(result.ok());
    CHECK_THAT(result.out, ContainsSubstring(verb));
  }
  CHECK(bare({"--help"}).ok());
}

TEST_CASE("an unknown command or option is an error", "[contract:options]") {
  CHECK(bare({"nosuch"}).status > 0);
  CHECK(bare({"--nosuch", "list"}).status > 0);
  CHECK(bare({"state", "--nosuch", "web"}).status > 0);
  CHECK(proa("state", "web", "more").status > 0);
}

TEST_CASE("options come with a space or an equals sign, and more than once", "[contract:options]") {
  Created web(minimal());
  for (Words const& words : {Words{"--root", state_root(), "state", web.id()},
                             Words{"--root=" + state_root(), "state", web.id()},
                             Words{"--root=/nowhere", "--root=" + state_root(), "state", web.id()},
                             Words{"--root=" + state_root(), "--debug", "state", web.id()}}) {
    CAPTURE(words);
    Result const result = bare(words);
    CHECK(result.ok());
    CHECK_THAT(result.out, ContainsSubstring(web.id()));
  }
}

// containerd's restore passes -no-subreaper.
TEST_CASE("long options may have one dash", "[contract:options]") {
  Created web(minimal());
  CHECK(bare({"-root", state_root(), "state", web.id()}).ok());
}

TEST_CASE("an error is a line of JSON in the log and on standard error", "[contract:log]") {
  std::string const log = scratch() + "/log.json";
  Result const result =
      bare({"--root", state_root(), "--log", log, "--log-format", "json", "state", "nobody"});
  CHECK(result.status == 1);
  // conmon reads standard error, containerd and podman the file.
  CHECK_THAT(result.err, ContainsSubstring("container does not exist"));
  auto const lines = json_lines(read_text(log).value_or(""));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("level") == "error");
  CHECK_THAT(lines[0].at("msg").get<std::string>(), ContainsSubstring("container does not exist"));
  std::string const time = lines[0].at("time");
  tm parsed{};
  char const* end = strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parsed);
  REQUIRE(end != nullptr);
  CHECK((*end == 'Z' || *end == '+' || *end == '-' || *end == '.'));
}

// podman decodes the whole file as one object.
TEST_CASE("a failing create writes one line into the log", "[contract:log]") {
  std::string const log = scratch() + "/log.json";
  Words const unknown = {"CAP_NO_SUCH_THING"};
  std::string const place = scratch() + "/bundle";
  ordinary()
      .with("/linux/cgroupsPath", cgroup_parent() + "/log")
      .with("/process/capabilities", {{"bounding", unknown}})
      .args({"/no/such/program"})
      .write(place);
  Result const result = bare({"--root", state_root(), "--log", log, "--log-format=json", "create",
                              "--bundle", place, "logged"});
  CHECK(result.status == 1);
  auto const lines = json_lines(read_text(log).value_or(""));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("level") == "error");
}

TEST_CASE("the log is appended to", "[contract:log]") {
  std::string const log = scratch() + "/log.json";
  for (int turn = 0; turn < 2; ++turn) {
    bare({"--root", state_root(), "--log", log, "--log-format", "json", "state", "nobody"});
  }
  CHECK(json_lines(read_text(log).value_or("")).size() == 2);
}

TEST_CASE("a success says nothing", "[contract:log]") {
  Container web(minimal().doing({{"exit", "0"}}));
  Result const created = web.create();
  CHECK(created.ok());
  CHECK(created.out.empty());
  CHECK(created.err.empty());
  Result const started = web.start();
  CHECK(started.ok());
  CHECK(started.out.empty());
  CHECK(started.err.empty());
  web.wait();
  Result const removed = web.remove();
  CHECK(removed.ok());
  CHECK(removed.out.empty());
  CHECK(removed.err.empty());
}

TEST_CASE("standard streams that are closed do not end up in the container", "[contract:create]") {
  Container web(minimal().doing({{"exit", "0"}}));
  std::string const script = "exec \"$@\" <&- >&- 2>&-";
  Words argv = {"sh", "-c", script, "sh"};
  auto const command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  CHECK(run({argv, "", ""}).status == 0);
}

}  // namespace conformance
