// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#process, terminal: the pty handed over a socket to an engine, or carried by `run`.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "catch.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

Json first_line(std::string const& text) {
  auto const start = text.find('{');
  REQUIRE(start != std::string::npos);
  return Json::parse(text.substr(start, text.find('\n', start) - start));
}

Bundle on_terminal(std::vector<Words> const& verbs) {
  return ordinary().with("/process/terminal", true).doing(verbs);
}

/// Starts the container and reads its terminal to the end.
Json terminal_report(Bundle const& bundle) {
  ConsoleSocket console;
  Created web(bundle, {"--console-socket", console.path()});
  Fd const master = console.receive();
  REQUIRE(web.start().ok());
  std::string const text = read_terminal(master.get());
  web.wait();
  return first_line(text);
}

}  // namespace

TEST_CASE("with terminal the standard streams are one pty", "[spec:config#process][MUST]") {
  Json const seen = terminal_report(on_terminal({{"report"}}));
  CHECK(seen.at("terminal").at("tty") == Json{true, true, true});
  CHECK(seen.at("terminal").at("controlling") == true);
  CHECK(seen.at("terminal").at("foreground") == seen.at("pid"));
}

TEST_CASE("the pty is one of the container", "[spec:config#process][MUST]") {
  Json const seen = terminal_report(on_terminal({{"report"}}));
  CHECK(seen.at("descriptors").at(0).at("target") == "/dev/pts/0");
}

TEST_CASE("consoleSize is the size of the terminal", "[spec:config#process][MUST]") {
  Json const seen = terminal_report(
      on_terminal({{"report"}}).with("/process/consoleSize", {{"height", 10}, {"width", 110}}));
  CHECK(seen.at("terminal").at("rows") == 10);
  CHECK(seen.at("terminal").at("columns") == 110);
}

TEST_CASE("consoleSize is ignored without a terminal", "[spec:config#process][MUST]") {
  Json const seen =
      report(ordinary().with("/process/consoleSize", {{"height", 10}, {"width", 110}}));
  CHECK(seen.at("terminal").at("tty") == Json{false, false, false});
}

TEST_CASE("/dev/console is the terminal", "[spec:config-linux#default-devices][MUST]") {
  ConsoleSocket console;
  Created web(on_terminal({{"stat", "/dev/console"}, {"stat", "/dev/pts/0"}}),
              {"--console-socket", console.path()});
  Fd const master = console.receive();
  REQUIRE(web.start().ok());
  std::istringstream lines(read_terminal(master.get()));
  web.wait();
  Json at_console;
  Json at_pts;
  lines >> at_console >> at_pts;
  CHECK(at_console.at("major") == at_pts.at("major"));
  CHECK(at_console.at("minor") == at_pts.at("minor"));
}

TEST_CASE("the terminal belongs to the container's user", "[contract:terminal]") {
  ConsoleSocket console;
  Created web(
      on_terminal({{"stat", "/dev/pts/0"}}).with("/process/user", {{"uid", 1000}, {"gid", 1000}}),
      {"--console-socket", console.path()});
  Fd const master = console.receive();
  REQUIRE(web.start().ok());
  Json const seen = first_line(read_terminal(master.get()));
  web.wait();
  CHECK(seen.at("uid") == 1000);
}

TEST_CASE("a terminal works in a user namespace", "[spec:config#process][MUST]") {
  Json const seen = terminal_report(userns().with("/process/terminal", true).doing({{"report"}}));
  CHECK(seen.at("terminal").at("tty") == Json{true, true, true});
}

TEST_CASE("the message on the console socket is a short name and one descriptor",
          "[contract:terminal]") {
  ConsoleSocket console;
  Created web(on_terminal({{"pause"}}), {"--console-socket", console.path()});
  std::string name;
  Fd const master = console.receive(&name);
  CHECK(isatty(master.get()) == 1);
  CHECK_FALSE(name.empty());
  CHECK(name.size() < 4096);
}

// sun_path holds 107 bytes; engines make longer ones.
TEST_CASE("a console socket may have a long path", "[contract:terminal]") {
  std::string const long_name(100, 'd');
  make_directories(scratch() + "/" + long_name);
  ConsoleSocket console;
  std::string const moved = scratch() + "/" + long_name + "/console";
  REQUIRE(rename(console.path().c_str(), moved.c_str()) == 0);
  REQUIRE(moved.size() > 108);
  Created web(on_terminal({{"pause"}}), {"--console-socket", moved});
  CHECK(isatty(console.receive().get()) == 1);
}

TEST_CASE("create with a terminal wants a console socket", "[contract:terminal]") {
  refusal(on_terminal({{"pause"}}));
}

TEST_CASE("a console socket without a terminal is refused", "[contract:terminal]") {
  ConsoleSocket console;
  refusal(ordinary(), {"--console-socket", console.path()});
}

TEST_CASE("a console socket that nobody listens on is refused", "[contract:terminal]") {
  refusal(on_terminal({{"pause"}}), {"--console-socket", scratch() + "/nobody"});
}

// runc clears ONLCR on the terminal that it carries itself; crun 1.8 does not.
TEST_CASE("run adds no carriage returns to what the container prints", "[contract:terminal]") {
  Container web(on_terminal({{"report"}}));
  Result const result = web.run();
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("\"tty\":[true,true,true]"));
  CHECK(result.out.find('\r') == std::string::npos);
}

// runc 1.1 sets the size when the program runs already: a race for the program.
TEST_CASE("run in the foreground carries the terminal both ways", "[contract:terminal]") {
  int const fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  Fd const master(fd);
  REQUIRE(grantpt(master.get()) == 0);
  REQUIRE(unlockpt(master.get()) == 0);
  winsize const size{33, 77, 0, 0};
  REQUIRE(ioctl(master.get(), TIOCSWINSZ, &size) == 0);
  Container web(on_terminal({{"report"}, {"input"}, {"exit", "5"}}));
  // script(1) is not needed: setsid --ctty makes the pty the runtime's controlling terminal.
  std::string const slave = ptsname(master.get());
  Words argv = {"sh", "-c", "exec setsid --ctty --wait \"$@\" <" + slave + " >" + slave + " 2>&1",
                "sh"};
  auto const command = runtime_command({"run", "--bundle", web.bundle(), web.id()});
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  Process foreground({argv, "", ""});
  std::string const shown = read_terminal(master.get(), "\"personality\"");
  Json const seen = first_line(shown + "\n");
  CHECK(seen.at("terminal").at("rows") == 33);
  CHECK(seen.at("terminal").at("columns") == 77);
  REQUIRE(write(master.get(), "typed\n\004", 7) == 7);
  CHECK_THAT(read_terminal(master.get(), "typed\\u000a"), ContainsSubstring("typed\\u000a"));
  CHECK(foreground.wait().status == 5);
  CHECK(web.left_behind().empty());
}

}  // namespace conformance
