// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// LISTEN_FDS: sockets that systemd has opened for the service go on to the container,
// sd_listen_fds(3).
#include <fcntl.h>

#include <algorithm>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

/// A call with two open descriptors from 3 on, and these variables.
Command with_sockets(Words const& arguments, Words const& variables) {
  static Fd const open_file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto command = runtime_command(arguments);
  command.pass = {open_file.get(), open_file.get()};
  command.env = variables;
  return command;
}

Json report_in(Result const& result) {
  INFO("the runtime says: " << result.err);
  REQUIRE(result.status == 0);
  return Json::parse(result.out.substr(result.out.find('{')));
}

Json run_report(Bundle const& bundle, Words const& variables, Words const& options = {}) {
  Container web(bundle.doing({{"report"}}));
  Words words = {"run", "--bundle", web.bundle()};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(web.id());
  return report_in(run(with_sockets(words, variables)));
}

std::vector<int> numbers(Json const& report) {
  std::vector<int> found;
  for (auto const& descriptor : report.at("descriptors")) found.push_back(descriptor.at("fd"));
  return found;
}

/// The value of a variable in the container, "-" when it is not there.
std::string value(Json const& report, std::string const& name) {
  for (std::string const entry : report.at("env")) {
    if (entry.rfind(name + "=", 0) == 0) return entry.substr(name.size() + 1);
  }
  return "-";
}

}  // namespace

TEST_CASE("sockets of the caller reach the container", "[contract:2.8/listen]") {
  Json const seen = run_report(ordinary(), {"LISTEN_FDS=1"});
  CHECK(numbers(seen) == std::vector<int>{0, 1, 2, 3});
  CHECK(value(seen, "LISTEN_FDS") == "1");
  CHECK(value(seen, "LISTEN_PID") == "1");
  CHECK(value(seen, "LISTEN_FDNAMES") == "-");
}

TEST_CASE("sockets keep their names", "[contract:2.8/listen][proa]") {
  Json const seen = run_report(ordinary(), {"LISTEN_FDS=2", "LISTEN_FDNAMES=http:https"});
  CHECK(numbers(seen) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(value(seen, "LISTEN_FDNAMES") == "http:https");
}

TEST_CASE("preserved descriptors stand behind the sockets", "[contract:2.8/listen]") {
  Json const seen = run_report(ordinary(), {"LISTEN_FDS=1"}, {"--preserve-fds", "1"});
  CHECK(numbers(seen) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(value(seen, "LISTEN_FDS") == "1");
}

TEST_CASE("sockets of another process are not the container's", "[contract:2.8/listen]") {
  Json const seen = run_report(ordinary(), {"LISTEN_FDS=1", "LISTEN_PID=1"});
  CHECK(numbers(seen) == std::vector<int>{0, 1, 2});
  CHECK(value(seen, "LISTEN_FDS") == "-");
}

TEST_CASE("sockets that are for the runtime by number reach the container",
          "[contract:2.8/listen]") {
  Container web(ordinary().doing({{"report"}}));
  auto command = with_sockets({"run", "--bundle", web.bundle(), web.id()}, {"LISTEN_FDS=1"});
  command.argv.insert(command.argv.begin(), {"sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"});
  Json const seen = report_in(run(command));
  CHECK(numbers(seen) == std::vector<int>{0, 1, 2, 3});
  CHECK(value(seen, "LISTEN_PID") == "1");
}

TEST_CASE("LISTEN_PID is the container's number for the process", "[contract:2.8/listen][proa]") {
  Json const seen = run_report(ordinary().without_namespace("pid"), {"LISTEN_FDS=1"});
  CHECK(value(seen, "LISTEN_PID") == std::to_string(seen.at("pid").get<int>()));
  CHECK(seen.at("pid") != 1);
}

TEST_CASE("what config.json says of sockets is replaced", "[contract:2.8/listen]") {
  auto const bundle = ordinary().with(
      "/process/env", {"PATH=/", "LISTEN_FDS=7", "LISTEN_PID=8", "LISTEN_FDNAMES=kept"});
  Json const seen = run_report(bundle, {"LISTEN_FDS=1"});
  CHECK(value(seen, "LISTEN_FDS") == "1");
  CHECK(value(seen, "LISTEN_PID") == "1");
  CHECK(value(seen, "LISTEN_FDNAMES") == "kept");
}

TEST_CASE("exec takes sockets too", "[contract:2.8/listen][exec][proa]") {
  Running web(ordinary());
  Json const seen =
      report_in(run(with_sockets({"exec", web.id(), "/probe", "report"}, {"LISTEN_FDS=2"})));
  CHECK(numbers(seen) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(value(seen, "LISTEN_PID") == std::to_string(seen.at("pid").get<int>()));
}

TEST_CASE("sockets that are not open are refused", "[contract:2.8/listen]") {
  Container web(ordinary().doing({{"report"}}));
  Result const result =
      run(with_sockets({"run", "--bundle", web.bundle(), web.id()}, {"LISTEN_FDS=3"}));
  CHECK(result.status > 0);
  check_words(result.error(), "unable to stat preserved-fd 5 (of 3)");
  CHECK(web.left_behind().empty());
}

}  // namespace conformance
