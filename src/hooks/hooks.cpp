// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "hooks/hooks.hpp"

#include <signal.h>

#include <chrono>

#include "base/error.hpp"
#include "base/log.hpp"
#include "command/command.hpp"

namespace proa::hooks {

namespace {

std::string said(command::Result const& result) {
  return result.output.empty() ? std::string() : ", output: " + result.output;
}

void run_one(spec::Hook const& hook, std::string const& state) {
  command::Command call{.path = hook.path, .args = hook.args, .env = hook.env, .input = state};
  // config.md#posix-platform-hooks: args has the semantics of execv's argv; absent, the path.
  if (call.args.empty()) call.args.push_back(hook.path);
  if (hook.timeout) call.time = std::chrono::seconds(*hook.timeout);
  auto const result = command::run(call);
  if (result.exec_error != 0) fail_errno(result.exec_error, "execute {}", hook.path);
  if (result.timed_out) {
    fail(ErrorKind::failed, "{} was killed after its timeout of {} s{}", hook.path, *hook.timeout,
         said(result));
  }
  if (result.exit.signal != 0) {
    // Go's words, which tests and people search for.
    char const* const name = result.exit.signal == SIGSYS ? " (bad system call)" : "";
    fail(ErrorKind::failed, "{} was ended by signal {}{}{}", hook.path, result.exit.signal, name,
         said(result));
  }
  if (result.exit.status != 0) {
    fail(ErrorKind::failed, "{}: exit status {}{}", hook.path, result.exit.status, said(result));
  }
}

}  // namespace

char const* word(Point point) {
  switch (point) {
    case Point::prestart:
      return "prestart";
    case Point::create_runtime:
      return "createRuntime";
    case Point::create_container:
      return "createContainer";
    case Point::start_container:
      return "startContainer";
    case Point::poststart:
      return "poststart";
    case Point::poststop:
      return "poststop";
  }
  return "?";
}

void run(Point point, std::vector<spec::Hook> const& hooks, std::string const& state) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    char const* const name = word(point);
    Context at("error running {} hook #{}", name, i);
    run_one(hooks[i], state);
  }
}

void run_all(Point point, std::vector<spec::Hook> const& hooks, std::string const& state) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    try {
      char const* const name = word(point);
      Context at("error running {} hook #{}", name, i);
      run_one(hooks[i], state);
    } catch (Error const& error) {
      log::warn("{}", error.text());
    }
  }
}

}  // namespace proa::hooks
