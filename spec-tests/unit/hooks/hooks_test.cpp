// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "hooks/hooks.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "catch.hpp"

using namespace proa;
using hooks::Point;

namespace {

spec::Hook shell(std::string const& script) { return {"/bin/sh", {"sh", "-c", script}, {}, {}}; }

std::string failure(Point point, std::vector<spec::Hook> const& list) {
  try {
    hooks::run(point, list, "{}");
  } catch (Error const& error) {
    return error.text();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a hook reads the state on its standard input",
          "[spec:config#posix-platform-hooks][MUST]") {
  CHECK(failure(Point::create_runtime, {shell("test \"$(cat)\" = '{}'")}) == "no error");
}

TEST_CASE("a hook that fails stops the list and says what it wrote",
          "[spec:runtime#lifecycle][MUST]") {
  CHECK(failure(Point::create_runtime,
                {shell("true"), shell("echo oh >&2; exit 7"), shell("exit 8")}) ==
        "error running createRuntime hook #1: /bin/sh: exit status 7, output: oh");
}

TEST_CASE("a hook that can't be executed fails", "[spec:config#posix-platform-hooks]") {
  CHECK(failure(Point::prestart, {{"/no/such/hook", {}, {}, {}}}) ==
        "error running prestart hook #0: execute /no/such/hook: no such file or directory");
}

TEST_CASE("a hook is killed when its timeout is over", "[spec:config#posix-platform-hooks][MUST]") {
  auto hook = shell("kill -STOP $$");
  hook.timeout = 1;
  CHECK(failure(Point::poststart, {hook}) ==
        "error running poststart hook #0: /bin/sh was killed after its timeout of 1 s");
}

TEST_CASE("a hook's environment is what it asks for", "[spec:config#posix-platform-hooks]") {
  spec::Hook hook{"/bin/sh", {"sh", "-c", "test \"$A\" = b && test -z \"$HOME\""}, {"A=b"}, {}};
  CHECK(failure(Point::prestart, {hook}) == "no error");
}

TEST_CASE("argv[0] is the path where args is absent", "[spec:config#posix-platform-hooks]") {
  CHECK(failure(Point::prestart, {{"/bin/true", {}, {}, {}}}) == "no error");
}

TEST_CASE("poststop hooks all run, and failures are warnings", "[spec:runtime#lifecycle][MUST]") {
  struct Lines final : log::Sink {
    void line(log::Level at, std::string_view text) override {
      CHECK(at == log::Level::warning);
      all.emplace_back(text);
    }
    std::vector<std::string> all;
  } lines;
  auto* const before = log::use(&lines);
  hooks::run_all(Point::poststop, {shell("exit 1"), shell("exit 2")}, "{}");
  log::use(before);
  REQUIRE(lines.all.size() == 2);
  CHECK(lines.all[1] == "error running poststop hook #1: /bin/sh: exit status 2");
}
