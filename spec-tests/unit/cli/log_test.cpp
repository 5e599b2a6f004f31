// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/log.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "support.hpp"

namespace proa::cli {

namespace {

std::string const pattern = "0000-00-00T00:00:00Z";

/// The text with every digit of a time as 0.
std::string timeless(std::string text) {
  for (std::size_t at = 0; at + pattern.size() <= text.size(); ++at) {
    auto candidate = text.substr(at, pattern.size());
    for (char& c : candidate) {
      if (c >= '0' && c <= '9') c = '0';
    }
    if (candidate == pattern) text.replace(at, pattern.size(), pattern);
  }
  return text;
}

}  // namespace

TEST_CASE("an error on standard error is one plain line", "[cli][log]") {
  Caught err(STDERR_FILENO);
  Log log("proa");
  log.set_subject("proa create web");
  log.fail("open config.json: no such file or directory");
  CHECK(err.text() == "proa create web: open config.json: no such file or directory\n");
}

TEST_CASE("an error's control characters reach no terminal", "[cli][log]") {
  Caught err(STDERR_FILENO);
  Log log("proa");
  log.fail("hook said:\n\x1b[31mred\x7f");
  CHECK(err.text() == "proa: hook said:\\n\\u001b[31mred\\u007f\n");
}

TEST_CASE("a warning on standard error has the form of logrus", "[cli][log]") {
  Caught err(STDERR_FILENO);
  Log log("proa");
  log.line(log::Level::warning, "a \"b\"");
  CHECK(timeless(err.text()) == "time=\"" + pattern + R"(" level=warning msg="a \"b\"")" + "\n");
}

TEST_CASE("the time of a line is now", "[cli][log]") {
  auto const before = ::time(nullptr);
  Caught err(STDERR_FILENO);
  Log("proa").line(log::Level::warning, "x");
  ::tm broken{};
  std::string const text = err.text();
  char const* const end = ::strptime(text.c_str(), "time=\"%Y-%m-%dT%H:%M:%SZ", &broken);
  REQUIRE(end != nullptr);
  CHECK(::timegm(&broken) >= before);
  CHECK(::timegm(&broken) <= ::time(nullptr));
}

TEST_CASE("with a log file the error is in both and the warning in the file", "[cli][log]") {
  Directory dir;
  auto const path = dir.file("log");
  Caught err(STDERR_FILENO);
  Log log("proa start web");
  log.open(path, LogFormat::text, log::Level::warning);
  log.line(log::Level::warning, "first");
  log.fail("second");
  CHECK(err.text() == "proa start web: second\n");
  CHECK(timeless(contents(path)) == "time=\"" + pattern + "\" level=warning msg=\"first\"\n" +
                                        "time=\"" + pattern +
                                        "\" level=error msg=\"proa start web: second\"\n");
}

TEST_CASE("a failing call leaves one JSON object in the log file", "[cli][log][engine]") {
  Directory dir;
  auto const path = dir.file("log");
  Caught err(STDERR_FILENO);
  Log log("proa create web");
  log.open(path, LogFormat::json, log::Level::warning);
  log.line(log::Level::warning, "dropped");
  log.fail("exec: \"sh\": not found");
  CHECK(timeless(contents(path)) ==
        R"({"level":"error","msg":"proa create web: exec: \"sh\": not found","time":")" + pattern +
            "\"}\n");
  CHECK(err.text() == "proa create web: exec: \"sh\": not found\n");
}

TEST_CASE("a call that succeeds writes the warnings that were held back", "[cli][log]") {
  Directory dir;
  auto const path = dir.file("log");
  Log log("proa create web");
  log.open(path, LogFormat::json, log::Level::warning);
  log.line(log::Level::warning, "one");
  log.line(log::Level::warning, "two");
  CHECK(contents(path).empty());
  log.succeed();
  CHECK(timeless(contents(path)) == R"({"level":"warning","msg":"one","time":")" + pattern +
                                        "\"}\n" + R"({"level":"warning","msg":"two","time":")" +
                                        pattern + "\"}\n");
}

TEST_CASE("who asks for debug lines gets every line at once", "[cli][log]") {
  Directory dir;
  auto const path = dir.file("log");
  Caught err(STDERR_FILENO);
  Log log("proa create web");
  log.open(path, LogFormat::json, log::Level::debug);
  log.line(log::Level::debug, "step");
  log.fail("end");
  CHECK(text::split(contents(path), '\n').size() == 3);
}

TEST_CASE("JSON without a log file leaves the object alone on standard error", "[cli][log]") {
  Caught err(STDERR_FILENO);
  Log log("proa");
  log.open("", LogFormat::json, log::Level::warning);
  log.line(log::Level::warning, "dropped");
  log.fail("no");
  CHECK(timeless(err.text()) ==
        R"({"level":"error","msg":"proa: no","time":")" + pattern + "\"}\n");
}

TEST_CASE("a log file is appended to, and only its owner may write it", "[cli][log]") {
  Directory dir;
  auto const path = dir.file("log");
  Caught err(STDERR_FILENO);
  auto const before = ::umask(0);
  for (int call = 0; call < 2; ++call) {
    Log log("proa");
    log.open("file:" + path, LogFormat::json, log::Level::warning);
    log.fail("x");
  }
  ::umask(before);
  CHECK(text::split(contents(path), '\n').size() == 3);
  struct ::stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0644);
}

TEST_CASE("/dev/stderr is standard error and not written twice", "[cli][log]") {
  Caught err(STDERR_FILENO);
  Log log("proa");
  log.open("/dev/stderr", LogFormat::text, log::Level::warning);
  log.fail("x");
  CHECK(err.text() == "proa: x\n");
}

TEST_CASE("a log file that cannot be opened is an error", "[cli][log]") {
  Log log("proa");
  CHECK(error_of([&] { log.open("/nonexistent/log", LogFormat::text, log::Level::warning); }) ==
        "open log file /nonexistent/log: no such file or directory");
}

TEST_CASE("what a logging daemon is sent is one line with a name and a priority", "[cli][log]") {
  CHECK(journal_entry(log::Level::error, "web", "no\nMESSAGE=two") ==
        "MESSAGE=no\\nMESSAGE=two\nPRIORITY=3\nSYSLOG_IDENTIFIER=web\n");
  CHECK(syslog_entry(log::Level::warning, "web", "x\ty") == "<12>web: x\\ty");
  CHECK(syslog_entry(log::Level::debug, "web", "x") == "<15>web: x");
}

TEST_CASE("a logging daemon has a name for the lines", "[cli][log]") {
  Log log("proa");
  CHECK(error_of([&] { log.open("journald:", LogFormat::text, log::Level::warning); }) ==
        "--log journald:: a name is missing");
  CHECK(error_of([&] { log.open("syslog:", LogFormat::text, log::Level::warning); }) ==
        "--log syslog:: a name is missing");
}

TEST_CASE("a log file's descriptor is closed on exec", "[cli][log]") {
  Directory dir;
  int const next = ::dup(0);
  ::close(next);
  Log log("proa");
  log.open(dir.file("log"), LogFormat::text, log::Level::warning);
  CHECK(::fcntl(next, F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("lines above the wanted level are not written", "[cli][log]") {
  Caught err(STDERR_FILENO);
  Log log("proa");
  log.open("", LogFormat::text, log::Level::error);
  log::use(&log);
  log::warn("quiet");
  log::debug("quiet");
  log::use(nullptr);
  CHECK(err.text().empty());
}

TEST_CASE("a reader that has gone is an error and no signal", "[cli]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  CHECK(put(linux::FdRef(ends[1]), "x").is(EPIPE));
  ::close(ends[1]);
  struct ::sigaction action {};
  REQUIRE(::sigaction(SIGPIPE, nullptr, &action) == 0);
  CHECK(action.sa_handler == SIG_DFL);
}

TEST_CASE("JSON strings are escaped", "[cli]") {
  CHECK(json_escaped("plain") == "plain");
  CHECK(json_escaped(R"("\)") == R"(\"\\)");
  CHECK(json_escaped("\n\r\t\x01\x1f") == R"(\n\r\t\u0001\u001f)");
  CHECK(json_escaped(std::string_view("\0", 1)) == R"(\u0000)");
  CHECK(json_escaped("/") == "/");
}

TEST_CASE("JSON strings keep UTF-8 and replace what is none", "[cli]") {
  std::string const mark = "\xef\xbf\xbd";
  CHECK(json_escaped("b\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "b\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(json_escaped("\xff"
                     "a") == mark + "a");
  CHECK(json_escaped("\xc3") == mark);
  CHECK(json_escaped("\xe2\x82"
                     "a") == mark + mark + "a");
  CHECK(json_escaped("\xc0\x80") == mark + mark);
  CHECK(json_escaped("\xed\xa0\x80") == mark + mark + mark);
  CHECK(json_escaped("\xf4\x90\x80\x80") == mark + mark + mark + mark);
}

}  // namespace proa::cli
