// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
#include "callers.hpp"

#include <unistd.h>

#include <sstream>

#include "catch.hpp"

namespace conformance {
namespace {

Words joined(Words first, Words const& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

/// prctl(2), PR_SET_PDEATHSIG, as Go's SysProcAttr and conmon set it.
Command killed_with_parent(Words const& words) {
  Command command = runtime_command(words);
  command.argv = joined({"setpriv", "--pdeathsig", "KILL"}, command.argv);
  return command;
}

}  // namespace

std::string log_file() { return scratch() + "/log.json"; }

std::string logged_error() {
  std::istringstream lines(read_text(log_file()).value_or(""));
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    Json const entry = Json::parse(line);
    if (entry.at("level") == "error") found = entry.at("msg");
  }
  return found;
}

Words shim_words(Words const& words) {
  return joined({"--log", log_file(), "--log-format", "json"}, words);
}

Result shim(Words const& words) { return proa(shim_words(words)); }

Words conmon_words(Words const& words) {
  return joined({"--log-format=json", "--log", log_file()}, words);
}

Command shim_call(Words const& words) {
  Command command = killed_with_parent(shim_words(words));
  command.pass = {STDERR_FILENO, STDERR_FILENO};
  command.oom_score_adj = 1;
  return command;
}

Command conmon_call(Words const& words) {
  Command command = killed_with_parent(conmon_words(words));
  command.cwd = "/";
  command.env = {"_OCI_SYNCPIPE=3", "_OCI_STARTPIPE=4", "XDG_RUNTIME_DIR="};
  command.signals_off = true;
  return command;
}

Command podman_call(Words const& words) {
  Command command = runtime_command(words);
  command.argv = joined({"env", "-i", "XDG_RUNTIME_DIR="}, command.argv);
  command.cwd = "/";
  return command;
}

Bundle waiting() { return ordinary().doing({{"wait"}}); }

std::string process_file(Words const& args, bool terminal) {
  std::string const path = scratch() + "/process.json";
  write_text(path, Json{{"args", args},
                        {"cwd", "/"},
                        {"env", {"PATH=/"}},
                        {"terminal", terminal},
                        {"user", {{"uid", 0}, {"gid", 0}}}}
                       .dump());
  return path;
}

pid_t pid_in(std::string const& path) {
  std::string const text = read_text(path).value_or("");
  REQUIRE_FALSE(text.empty());
  // strconv.Atoi takes no newline.
  REQUIRE(text.find_first_not_of("0123456789") == std::string::npos);
  return std::stoi(text);
}

Result under_name(std::string const& name, Words const& words) {
  std::string const alias = scratch() + "/" + name;
  if (!exists(alias)) REQUIRE(symlink(runtime_path().c_str(), alias.c_str()) == 0);
  Command command = runtime_command(words);
  command.argv[0] = alias;
  return run(command);
}

}  // namespace conformance
