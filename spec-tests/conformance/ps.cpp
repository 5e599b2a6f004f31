// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// `ps`: the processes of a container, as a table of ps(1) and as numbers.
#include <algorithm>
#include <sstream>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

Words lines_of(std::string const& text) {
  std::istringstream stream(text);
  Words lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Words words_of(std::string const& line) {
  std::istringstream stream(line);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<pid_t> sorted(std::vector<pid_t> pids) {
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<pid_t> numbers_of(Container const& web) {
  Result const result = proa("ps", "--format", "json", web.id());
  INFO(result.err);
  REQUIRE(result.ok());
  return Json::parse(result.out).get<std::vector<pid_t>>();
}

}  // namespace

TEST_CASE("ps --format json lists the container's processes", "[contract:ps]") {
  Running web(ordinary().doing({{"fork", "3"}, {"pause"}}));
  auto const pids = numbers_of(web);
  CHECK(pids.size() == 4);
  CHECK(sorted(pids) == sorted(cgroup_members(web.cgroup())));
  if (is_proa()) CHECK(pids == sorted(pids));
}

TEST_CASE("ps shows the lines of ps -ef", "[contract:ps]") {
  Running web(ordinary().doing({{"fork", "3"}, {"pause"}}));
  Result const result = proa("ps", web.id());
  INFO(result.err);
  REQUIRE(result.ok());
  auto const lines = lines_of(result.out);
  REQUIRE(lines.size() == 5);
  // crun prints the column PID alone.
  if (!is_proa()) return;
  CHECK(words_of(lines[0]) == Words{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"});
  std::vector<pid_t> shown;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    shown.push_back(std::stoi(words_of(lines[i])[1]));
  }
  CHECK(sorted(shown) == sorted(cgroup_members(web.cgroup())));
}

TEST_CASE("what follows the id is given to ps", "[contract:ps]") {
  if (!is_proa()) return;
  Running web(ordinary());
  Result const result = proa("ps", web.id(), "-e", "-o", "pid,comm", "--format=pid");
  INFO(result.err);
  REQUIRE(result.ok());
  auto const lines = lines_of(result.out);
  REQUIRE(lines.size() == 2);
  CHECK(words_of(lines[0]) == Words{"PID", "COMMAND", "PID"});
  CHECK(words_of(lines[1])[0] == std::to_string(web.pid()));
}

TEST_CASE("options of ps that it does not know are an error", "[contract:ps]") {
  if (!is_proa()) return;
  Running web(ordinary());
  Result const result = proa("ps", web.id(), "--nosuch");
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("ps: exit status 1: error: "));
}

TEST_CASE("a table without a column PID is an error", "[contract:ps]") {
  if (!is_proa()) return;
  Running web(ordinary());
  Result const result = proa("ps", web.id(), "-e", "-o", "comm");
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("ps prints no column PID"));
}

TEST_CASE("ps of a container that has stopped shows nobody", "[contract:ps]") {
  Running web(ordinary());
  web.kill("KILL");
  web.wait();
  Result const result = proa("ps", "--format", "json", web.id());
  // crun refuses; runc says null or [].
  if (!is_proa()) return;
  CHECK(result.out == "[]\n");
  CHECK(lines_of(proa("ps", web.id()).out).size() == 1);
}

TEST_CASE("ps of a container that does not exist", "[contract:ps]") {
  Result const result = proa("ps", "--format", "json", "nosuch");
  CHECK(result.status == 1);
  check_words(result.error(), "container does not exist");
}

}  // namespace conformance
