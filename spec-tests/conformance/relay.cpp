// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A terminal that `run` and `exec` carry themselves, under every stream that a caller may have:
// slow, gone, full, at its end.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "catch.hpp"
#include "harness/console.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

Bundle on_terminal(std::vector<Words> const& verbs) {
  return ordinary().with("/process/terminal", true).doing(verbs);
}

/// A shell script around the call, which it finds as "$@".
Command in_shell(std::string const& script, Words const& arguments) {
  auto command = runtime_command(arguments);
  command.argv.insert(command.argv.begin(), {"sh", "-c", script, "sh"});
  return command;
}

Words run_words(Container const& web) { return {"run", "--bundle", web.bundle(), web.id()}; }

/// A terminal of ours that a call has as its standard streams and its controlling terminal.
class Screen {
 public:
  Screen() {
    master_ = Fd(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(grantpt(master_.get()) == 0);
    REQUIRE(unlockpt(master_.get()) == 0);
    resize(24, 80);
  }
  void resize(unsigned short rows, unsigned short columns) const {
    winsize const size{rows, columns, 0, 0};
    REQUIRE(ioctl(master_.get(), TIOCSWINSZ, &size) == 0);
  }
  std::string slave() const { return ptsname(master_.get()); }
  /// `before` are words of the shell, such as a program that makes the call.
  Command call(Words const& arguments, std::string const& before = "") const {
    return in_shell(
        "exec setsid --ctty --wait " + before + " \"$@\" <" + slave() + " >" + slave() + " 2>&1",
        arguments);
  }
  void type(std::string const& text) const {
    REQUIRE(write(master_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  /// What is shown, until `stop` or the end.
  std::string read(std::string const& stop) const { return read_terminal(master_.get(), stop); }

 private:
  Fd master_;
};

/// Where a call's standard output goes when the case decides how it is read.
class Output {
 public:
  Output() : path_(scratch() + "/output") {
    REQUIRE(mkfifo(path_.c_str(), 0600) == 0);
    reader_ = Fd(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(reader_);
  }
  std::string const& path() const { return path_; }
  /// A page is all that fits.
  void narrow() const { REQUIRE(fcntl(reader_.get(), F_SETPIPE_SZ, 4096) >= 0); }
  bool wait() const { return wait_readable(reader_.get()); }
  /// At most so much; empty at the end.
  std::string read(std::size_t most) const {
    std::string part(most, '\0');
    ssize_t const size = wait() ? ::read(reader_.get(), part.data(), most) : 0;
    part.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return part;
  }

 private:
  std::string path_;
  Fd reader_;
};

/// A FIFO in the container's root that its program writes to: open() lets it, wait() says it has.
class Gate {
 public:
  Gate(Container const& web, std::string const& name) : path_(web.rootfs() + "/" + name) {
    REQUIRE(mkfifo(path_.c_str(), 0666) == 0);
  }
  void open() {
    reader_ = Fd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(reader_);
  }
  bool wait() const { return wait_readable(reader_.get()); }

 private:
  std::string path_;
  Fd reader_;
};

/// The size of the first terminal of a container.
winsize size_inside(Container const& web) {
  std::string const path = "/proc/" + std::to_string(web.pid()) + "/root/dev/pts/0";
  Fd const terminal(open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  winsize size{};
  REQUIRE(ioctl(terminal.get(), TIOCGWINSZ, &size) == 0);
  return size;
}

}  // namespace

TEST_CASE("the terminal has its size before the program runs", "[contract:terminal]") {
  Screen screen;
  screen.resize(11, 222);
  Container web(on_terminal({{"report"}}));
  Process call(screen.call(run_words(web)));
  auto const shown = screen.read("\"personality\"");
  CHECK_THAT(shown, ContainsSubstring("\"rows\":11") && ContainsSubstring("\"columns\":222"));
  call.wait();
}

TEST_CASE("a change of size reaches the container", "[contract:terminal]") {
  Screen screen;
  Container web(on_terminal({{"pause"}}));
  Process call(screen.call(run_words(web)));
  screen.read("\"ready\"");
  screen.resize(50, 132);
  screen.read("\"signal\":28");
  CHECK(size_inside(web).ws_row == 50);
  CHECK(size_inside(web).ws_col == 132);
  screen.type("\003");
  CHECK(call.wait().status == 0);
}

TEST_CASE("keys that signal do so inside", "[contract:terminal]") {
  Screen screen;
  Container web(on_terminal({{"pause"}}));
  Process call(screen.call(run_words(web)));
  screen.read("\"ready\"");
  screen.type("\034");
  CHECK_THAT(screen.read("\"signal\":3}"), ContainsSubstring("\"signal\":3}"));
  screen.type("\003");
  CHECK_THAT(screen.read("\"signal\":2}"), ContainsSubstring("\"signal\":2}"));
  CHECK(call.wait().status == 0);
}

TEST_CASE("the caller's terminal is as it was", "[contract:terminal]") {
  Screen screen;
  Container web(on_terminal({{"exit", "0"}}));
  auto command = runtime_command(run_words(web));
  Words argv = screen.call({}).argv;
  argv[2] = "exec setsid --ctty --wait sh -c 'stty -g; \"$@\"; stty -g; echo end' sh \"$@\" <" +
            argv[2].substr(argv[2].find('<') + 1);
  argv.resize(4);
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  Process call({argv, "", ""});
  std::istringstream lines(screen.read("end"));
  std::string before;
  std::string after;
  lines >> before >> after;
  CHECK(before == after);
  CHECK(before.size() > 20);
  call.wait();
}

TEST_CASE("the end of the input is an end of file inside", "[contract:terminal][proa]") {
  for (std::string const text : {"whole line\n", "no line end"}) {
    Container web(on_terminal({{"input"}, {"exit", "5"}}));
    auto command = runtime_command(run_words(web));
    command.input = text;
    Result const result = run(command);
    CHECK(result.status == 5);
    CHECK_THAT(result.out, ContainsSubstring(text.substr(0, 10)));
  }
}

TEST_CASE("output goes on after the input has ended", "[contract:terminal]") {
  Container web(on_terminal({{"flood", "1000000"}}));
  auto command = runtime_command(run_words(web));
  command.input = "all there is\n";
  Result const result = run(command);
  CHECK(result.ok());
  CHECK(result.out.size() > 1000000);
}

TEST_CASE("an input of /dev/null does not end a program that reads", "[contract:terminal][proa]") {
  Container web(on_terminal({{"say", "1", "reading\n"}, {"input"}}));
  Process call(runtime_command(run_words(web)));
  CHECK(call.line().has_value());
  // Its reader still waits: a signal ends it, not an end of file.
  REQUIRE(web.kill("KILL").ok());
  CHECK(call.wait().status == 128 + SIGKILL);
}

TEST_CASE("an input that nobody reads holds nothing up", "[contract:terminal]") {
  Container web(on_terminal({{"flood", "100000"}, {"exit", "3"}}));
  auto command = runtime_command(run_words(web));
  command.input = std::string(1 << 20, 'z');
  CHECK(run(command).status == 3);
}

TEST_CASE("a hundred megabytes come through a terminal", "[contract:terminal]") {
  Container web(on_terminal({{"flood", "104857600"}}));
  Output const output;
  Process call(in_shell("exec \"$@\" >" + output.path(), run_words(web)));
  std::size_t count = 0;
  for (auto part = output.read(65536); !part.empty(); part = output.read(65536)) {
    count += static_cast<std::size_t>(std::count(part.begin(), part.end(), 'x'));
  }
  CHECK(count == 104857600UL / 64 * 63);
  CHECK(call.wait().ok());
}

TEST_CASE("a reader that starts late gets everything", "[contract:terminal]") {
  Container web(on_terminal({{"flood", "60000"}, {"exit", "6"}}));
  Output const output;
  // Far less than what is printed: most waits in the runtime and in the pty.
  output.narrow();
  Process call(in_shell("exec \"$@\" >" + output.path(), run_words(web)));
  std::string text;
  for (auto part = output.read(700); !part.empty(); part = output.read(700)) text += part;
  CHECK(std::count(text.begin(), text.end(), 'x') >= 60000 / 64 * 63);
  CHECK(call.wait().status == 6);
}

TEST_CASE("when nobody reads any more the terminal hangs up", "[contract:terminal][proa]") {
  Container web(on_terminal({{"flood", "1000000000000"}}));
  std::string const status = scratch() + "/status";
  run(in_shell("{ \"$@\"; echo $? >" + status + "; } | head -c 10", run_words(web)));
  CHECK(read_text(status) == "99\n");  // what the probe makes of a write that fails
  CHECK(web.left_behind().empty());
}

TEST_CASE("a reader that never reads does not hold a call that is told to end",
          "[contract:terminal][proa]") {
  Container web(on_terminal({{"flood", "20000"}, {"exit", "0"}}));
  Output const output;
  output.narrow();
  Process call(in_shell("exec \"$@\" >" + output.path(), run_words(web)));
  REQUIRE(output.wait());
  // What is left to do is to hand over the rest of the output.
  for (int turn = 0; turn < 1000 && web.status() != "stopped"; ++turn) continue;
  REQUIRE(kill(call.pid(), SIGTERM) == 0);
  CHECK(call.wait().status == 0);
  CHECK(web.left_behind().empty());
}

TEST_CASE("a terminal that nobody has open can be opened again", "[contract:terminal]") {
  Screen screen;
  Container web(on_terminal({{"say", "1", "go\n"},
                             {"redirect", "/dev/null"},
                             {"write", "/closed", "x"},
                             {"write", "/reopen", "x"},
                             {"redirect", "/dev/console"},
                             {"flood", "1000000"},
                             {"input"},
                             {"exit", "5"}}));
  Gate closed(web, "closed");
  Gate reopen(web, "reopen");
  closed.open();
  Process call(screen.call(run_words(web)));
  screen.read("go");
  REQUIRE(closed.wait());
  screen.type("typed\n\004");
  // Long enough for the runtime to notice both.
  for (int turn = 0; turn < 10; ++turn) CHECK(web.status() == "running");
  reopen.open();
  auto const shown = screen.read("typed\\u000a");
  CHECK(std::count(shown.begin(), shown.end(), 'x') >= 1000000 / 64 * 63);
  CHECK_THAT(shown, ContainsSubstring("typed\\u000a"));
  CHECK(call.wait().status == 5);
}

TEST_CASE("a terminal that stays closed ends with the container", "[contract:terminal]") {
  Container web(on_terminal({{"say", "1", "go\n"}, {"redirect", "/dev/null"}, {"exit", "6"}}));
  Result const result = web.run();
  CHECK(result.status == 6);
  CHECK_THAT(result.out, ContainsSubstring("go"));
}

// bash sends no SIGCONT to a job that was not stopped.
TEST_CASE("a job that fg brings back from the background reads its terminal again",
          "[contract:terminal]") {
  Screen screen;
  Container web(on_terminal({{"say", "1", "go\n"},
                             {"write", "/typed", "x"},
                             {"say", "1", "seen\n"},
                             {"input"},
                             {"exit", "7"}}));
  Gate typed(web, "typed");
  std::string const turn = scratch() + "/turn";
  REQUIRE(mkfifo(turn.c_str(), 0600) == 0);
  std::string const shell = "bash -c 'set -m; \"$@\" & : <" + turn + "; fg' bash";
  Process call(screen.call(run_words(web), shell));
  screen.read("go");
  screen.type("early\n");
  // The runtime looks at what was typed before it hands on what is printed now.
  typed.open();
  screen.read("seen");
  write_text(turn, "");
  screen.type("late\n\004");
  CHECK_THAT(screen.read("late\\u000a"), ContainsSubstring("early\\u000alate\\u000a"));
  CHECK(call.wait().status == 7);
}

TEST_CASE("a terminal that takes no more does not hold signals up", "[contract:terminal][proa]") {
  Screen screen;
  Container web(on_terminal({{"flood", "40000"}, {"write", "/flooded", "x"}, {"wait"}})
                    .without_namespace("pid"));
  Gate flooded(web, "flooded");
  flooded.open();
  Process call(in_shell("exec \"$@\" >" + screen.slave(), run_words(web)));
  REQUIRE(flooded.wait());
  REQUIRE(kill(call.pid(), SIGTERM) == 0);
  CHECK(call.wait().status == 128 + SIGTERM);
  CHECK(web.left_behind().empty());
}

// As a terminal emulator's own descriptor: opened again, it would be another pty.
TEST_CASE("the master of a pty may be the output", "[contract:terminal]") {
  Fd const master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(unlockpt(master.get()) == 0);
  Fd const slave(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  Container web(on_terminal({{"say", "1", "go\n"}}));
  auto command = in_shell("exec \"$@\" >&3", run_words(web));
  command.pass = {master.get()};
  Process call(command);
  CHECK_THAT(read_terminal(slave.get(), "go"), ContainsSubstring("go"));
  CHECK(call.wait().status == 0);
}

TEST_CASE("exec carries a terminal as run does", "[contract:terminal][exec]") {
  Screen screen;
  Running web(ordinary());
  Process call(screen.call(
      {"exec", "--tty", web.id(), "/probe", "say", "1", "go\n", "--", "input", "--", "exit", "9"}));
  screen.read("go");
  screen.type("typed\n\004");
  CHECK_THAT(screen.read("typed\\u000a"), ContainsSubstring("typed\\u000a"));
  CHECK(call.wait().status == 9);
}

// CRI-O gives the runtime a pty for its streams and wants one inside.
TEST_CASE("exec with --process and terminal carries it", "[contract:2.7/exec-tty][exec]") {
  Screen screen;
  Running web(ordinary());
  std::string const file = scratch() + "/process.json";
  write_text(file, Json{{"args", {"/probe", "report", "--", "exit", "4"}},
                        {"cwd", "/"},
                        {"env", {"PATH=/"}},
                        {"terminal", true},
                        {"user", {{"uid", 0}, {"gid", 0}}}}
                       .dump());
  Process call(screen.call({"exec", "--process", file, web.id()}));
  CHECK_THAT(screen.read("\"personality\""), ContainsSubstring("\"rows\":24"));
  CHECK(call.wait().status == 4);
}

TEST_CASE("the host's /dev/null stays root's when the container has another user",
          "[contract:terminal]") {
  Container web(ordinary()
                    .with("/process/user", {{"uid", 1000}, {"gid", 1000}})
                    .doing({{"stat", "/dev/null"}, {"report"}}));
  Result const result = web.run();
  CHECK(result.ok());
  CHECK_THAT(result.out, ContainsSubstring("\"target\":\"/dev/null\""));
  struct stat info {};
  REQUIRE(stat("/dev/null", &info) == 0);
  CHECK(info.st_uid == 0);
}

}  // namespace conformance
