// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/program.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/table.hpp"
#include "support.hpp"

namespace proa::cli {

TEST_CASE("the program is called what it is called", "[cli]") {
  auto const name = [](char const* path) {
    char const* const argv[] = {path, nullptr};
    return program_name(argv);
  };
  CHECK(name("/usr/sbin/runc") == "runc");
  CHECK(name("crun") == "crun");
  CHECK(name("./proa") == "proa");
  CHECK(name("/usr/sbin/") == "proa");
  CHECK(name(nullptr) == "proa");
}

TEST_CASE("an unknown command is one line and status 1", "[cli]") {
  auto const result = proa({"foo"});
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK(result.err == "proa: unknown command \"foo\"\n");
}

TEST_CASE("there is no help on an unknown command", "[cli]") {
  CHECK(proa({"help", "foo"}).err == "proa help: No help topic for 'foo'\n");
  CHECK(proa({"foo", "-h"}).err == "proa: No help topic for 'foo'\n");
  CHECK(proa({"foo", "--help"}, "runc").err == "runc: No help topic for 'foo'\n");
  CHECK(proa({"foo", "-h"}).status == 1);
}

TEST_CASE("a wrong command line names the command", "[cli]") {
  CHECK(proa({"create", "--bundle"}).err == "proa create: flag needs an argument: --bundle\n");
  CHECK(proa({"--root"}).err == "proa: flag needs an argument: --root\n");
  CHECK(proa({"state"}, "crun").err == "crun state: argument CONTAINER is missing\n");
}

TEST_CASE("an error names the container", "[cli]") {
  auto const result = proa({"kill", "web", "FOO"});
  CHECK(result.status == 1);
  CHECK(result.err == "proa kill web: unknown signal \"FOO\"\n");
}

TEST_CASE("an error is in the JSON log of an engine, and on standard error", "[cli][engine]") {
  Directory dir;
  auto const path = dir.file("log.json");
  auto const result = proa({"--log", path.c_str(), "--log-format", "json", "kill", "web", "FOO"});
  CHECK(result.err == "proa kill web: unknown signal \"FOO\"\n");
  CHECK_THAT(contents(path),
             Catch::Matchers::StartsWith(
                 R"({"level":"error","msg":"proa kill web: unknown signal \"FOO\"","time":")"));
  CHECK(text::split(contents(path), '\n').size() == 2);
}

TEST_CASE("the version is what engines take apart", "[cli][engine]") {
  auto const result = proa({"--version"}, "runc");
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  auto const lines = text::split(result.out, '\n');
  REQUIRE(lines.size() >= 4);
  CHECK(lines[0].starts_with("runc version "));
  auto const parts = text::split(lines[0].substr(13), '.');
  REQUIRE(parts.size() == 3);
  for (auto part : parts) CHECK(text::number<unsigned>(part));
  CHECK(lines[1].starts_with("commit: "));
  CHECK(lines[2].starts_with("spec: 1."));
  CHECK(lines.back().empty());
}

TEST_CASE("the version has three ways to be asked for and a command", "[cli]") {
  auto const expected = proa({"--version"}).out;
  CHECK(proa({"-v"}).out == expected);
  CHECK(proa({"-V"}).out == expected);
  CHECK(proa({"version"}).out == expected);
}

TEST_CASE("features is JSON on standard output and nothing else", "[cli][engine]") {
  auto const result = proa({"features"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK(result.out.starts_with("{\n"));
  CHECK(result.out.ends_with("}\n"));
}

TEST_CASE("a container that is not there does not exist", "[cli][spec:runtime#query-state][MUST]") {
  Directory dir;
  auto const root = "--root=" + dir.path();
  for (auto verb : {"state", "start", "delete", "kill"}) {
    auto const result = proa({root.c_str(), verb, "nope"});
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(result.err == "proa " + std::string(verb) + " nope: container does not exist\n");
  }
}

TEST_CASE("deleting by force what is not there succeeds", "[cli][engine]") {
  Directory dir;
  auto const result = proa({"--root", dir.path().c_str(), "delete", "--force", "nope"});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(result.err.empty());
}

TEST_CASE("an empty list has a header, null, or nothing", "[cli]") {
  Directory dir;
  auto const* const root = dir.path().c_str();
  CHECK(proa({"--root", root, "list"}).out ==
        "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
  CHECK(proa({"--root", root, "list", "--format", "json"}).out == "null\n");
  CHECK(proa({"--root", root, "list", "-q"}).out.empty());
  CHECK(proa({"--root", root, "list", "-q", "-f", "json"}).out.empty());
}

TEST_CASE("a root that is given and is not there cannot be listed", "[cli]") {
  auto const result = proa({"--root", "/nonexistent/root", "list"});
  CHECK(result.status == 1);
  CHECK(result.err == "proa list: open /nonexistent/root: no such file or directory\n");
}

TEST_CASE("columns are as wide as runc's", "[cli]") {
  CHECK(table({{"ID", "PID", "OWNER"}, {"a-longer-name", "1", "root"}}) ==
        "ID              PID         OWNER\n"
        "a-longer-name   1           root\n");
  CHECK(table({{"ID", "PID"}, {"123456789", "1"}, {"b\xc3\xbcndel", "2"}}) ==
        "ID          PID\n"
        "123456789   1\n"
        "b\xc3\xbcndel      2\n");
}

TEST_CASE("spec writes a config.json and never over another", "[cli]") {
  Directory dir;
  auto const path = dir.file("config.json");
  auto const first = proa({"spec", "--bundle", dir.path().c_str()});
  CHECK(first.status == 0);
  CHECK(first.out.empty());
  CHECK(first.err.empty());
  auto const written = contents(path);
  CHECK_THAT(written, ContainsSubstring("\"ociVersion\""));
  CHECK(written.ends_with("}\n"));

  auto const second = proa({"spec", "-b", dir.path().c_str(), "--rootless"});
  CHECK(second.status == 1);
  CHECK(second.err == "proa spec: file config.json exists. Remove it first\n");
  CHECK(contents(path) == written);
}

TEST_CASE("output that cannot be written is an error", "[cli]") {
  int const before = ::dup(STDOUT_FILENO);
  int const full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  ::dup2(full, STDOUT_FILENO);
  char const* const arguments[] = {"features"};
  Log log("proa");
  auto const text = error_of([&] { run("proa", arguments, log); });
  log::use(nullptr);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ::close(full);
  CHECK(text == "write standard output: no space left on device");
}

TEST_CASE("a closed standard stream is not given to a file", "[cli]") {
  Caught out(STDOUT_FILENO);
  int const before = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);
  char const* const arguments[] = {"version"};
  Log log("proa");
  run("proa", arguments, log);
  log::use(nullptr);
  int const flags = ::fcntl(STDIN_FILENO, F_GETFD);
  ::dup2(before, STDIN_FILENO);
  ::close(before);
  CHECK(flags == FD_CLOEXEC);
}

TEST_CASE("a relative root starts at the working directory", "[cli]") {
  Directory dir;
  int const before = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::chdir(dir.path().c_str()) == 0);
  auto const relative = library_options(reading({"--root", "a/b", "list"}).call).root;
  REQUIRE(::fchdir(before) == 0);
  ::close(before);
  CHECK(relative == dir.path() + "/a/b");
  CHECK(library_options(reading({"--root", "/r", "list"}).call).root == "/r");
  CHECK(library_options(reading({"list"}).call).root.empty());
}

TEST_CASE("the manager of the cgroups can be named, and the name is the last word", "[cli]") {
  auto const manager = [](Line const& line) {
    return library_options(reading(line).call).cgroup_manager;
  };
  CHECK(manager({"list"}) == CgroupManager::cgroupfs);
  CHECK(manager({"--systemd-cgroup", "list"}) == CgroupManager::systemd);
  CHECK(manager({"--cgroup-manager=systemd", "list"}) == CgroupManager::systemd);
  CHECK(manager({"--cgroup-manager=disabled", "--systemd-cgroup"}) == CgroupManager::disabled);
}

TEST_CASE("privileges are found out unless they are told", "[cli]") {
  auto const rootless = [](Line const& line) {
    return library_options(reading(line).call).rootless;
  };
  CHECK(rootless({"list"}) == Rootless::automatic);
  CHECK(rootless({"--rootless", "true", "list"}) == Rootless::yes);
  CHECK(rootless({"--rootless=false", "list"}) == Rootless::no);
}

TEST_CASE("the level of the log can be named, and debug is more than a level", "[cli]") {
  auto const level = [](std::vector<char const*> const& arguments) {
    Caught out(STDOUT_FILENO);
    Log log("proa");
    run("proa", arguments, log);
    log::use(nullptr);
    return log.level;
  };
  CHECK(level({"version"}) == log::Level::warning);
  CHECK(level({"--log-level", "error", "version"}) == log::Level::error);
  CHECK(level({"--log-level", "info", "version"}) == log::Level::info);
  CHECK(level({"--debug", "--log-level", "error", "version"}) == log::Level::debug);
}

TEST_CASE("a call that succeeds leaves its warnings in the JSON log", "[cli]") {
  Directory dir;
  auto const path = dir.file("log");
  Caught out(STDOUT_FILENO);
  Log log("proa");
  log.open(path, LogFormat::json, log::Level::warning);
  log.line(log::Level::warning, "careful");
  char const* const arguments[] = {"--log", path.c_str(), "--log-format=json", "version"};
  run("proa", arguments, log);
  log::use(nullptr);
  CHECK_THAT(contents(path), ContainsSubstring("careful"));
}

TEST_CASE("every choice of a global option has a meaning", "[cli]") {
  Directory dir;
  for (auto const& option : global_options()) {
    for (auto choice : choices_of(option.argument)) {
      auto const word = "--" + std::string(option.name) + "=" + std::string(choice);
      INFO(word);
      auto const result = proa({"--root", dir.path().c_str(), word.c_str(), "list", "-q"});
      CHECK(result.err.empty());
      CHECK(result.status == 0);
    }
  }
}

}  // namespace proa::cli
