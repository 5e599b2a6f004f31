// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/completion.hpp"

#include <stdio.h>
#include <sys/wait.h>

#include "base/text.hpp"
#include "support.hpp"

namespace proa::cli {

namespace {

/// What bash prints when it runs `script`; empty when it fails.
std::string bash(Directory& dir, std::string const& script) {
  auto const path = dir.file("script");
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  REQUIRE(::write(file, script.data(), script.size()) == static_cast<ssize_t>(script.size()));
  ::close(file);
  auto* const pipe = ::popen(("bash " + path + " 2>&1").c_str(), "re");
  REQUIRE(pipe != nullptr);
  std::string text;
  for (int c; (c = ::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  int const status = ::pclose(pipe);
  INFO(text);
  REQUIRE(WEXITSTATUS(status) == 0);
  return text;
}

/// The words that bash offers behind `line`, whose last word is the one being typed.  `list` is how
/// the script has to ask for the containers: there is "web".
std::string offered(std::string const& line, std::string const& list = "list --quiet") {
  Directory dir;
  auto script = bash_completion("proa");
  script += "compopt() { :; }\n";  // works only while bash itself completes
  script += "proa() { [[ \"$*\" == '" + list + "' ]] && echo web; }\n";
  script += "COMP_WORDS=(proa " + line + ")\n";
  script += "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n";
  script += "_proa\n";
  script += "echo \"${COMPREPLY[*]}\"\n";
  auto const text = bash(dir, script);
  return text.substr(0, text.size() - 1);
}

}  // namespace

TEST_CASE("every script has every command and option", "[cli][completion]") {
  for (auto const& script :
       {bash_completion("proa"), zsh_completion("proa"), fish_completion("proa")}) {
    INFO(script);
    auto const check = [&](Option const& option) {
      auto const name = std::string(option.name);
      bool const found = script.find("--" + name) != std::string::npos ||
                         script.find("-l " + name) != std::string::npos;
      INFO(name);
      CHECK(found);
    };
    for (auto const& option : global_options()) check(option);
    for (auto const* command : commands()) {
      CHECK_THAT(script, ContainsSubstring(std::string(command->name)));
      for (auto const& option : command->options) check(option);
    }
  }
}

TEST_CASE("the scripts serve the program under the name it has", "[cli][completion]") {
  CHECK(bash_completion("runc").ends_with("complete -F _runc runc\n"));
  CHECK(zsh_completion("runc").starts_with("#compdef runc\n"));
  CHECK_THAT(fish_completion("runc"), ContainsSubstring("complete -c runc -f\n"));
  for (auto const& script :
       {bash_completion("runc"), zsh_completion("runc"), fish_completion("runc")}) {
    CHECK(script.find("_proa") == std::string::npos);
    CHECK(script.find("proa list") == std::string::npos);
  }
}

TEST_CASE("the command prints the script of a shell", "[cli][completion]") {
  CHECK(proa({"completion", "bash"}).out == bash_completion("proa"));
  CHECK(proa({"completion", "zsh"}, "crun").out == zsh_completion("crun"));
  CHECK(proa({"completion", "fish"}).out == fish_completion("proa"));
  CHECK(proa({"completion", "ksh"}).err == "proa completion: unknown shell \"ksh\"\n");
}

TEST_CASE("bash understands its script", "[cli][completion]") {
  Directory dir;
  CHECK(bash(dir, "set -n\n" + bash_completion("proa")).empty());
}

TEST_CASE("bash offers commands", "[cli][completion]") {
  CHECK(offered("''") == command_names());
  CHECK(offered("cr") == "create");
  CHECK(offered("--root /x cr") == "create");
  CHECK(offered("--root = /x cr") == "create");
  CHECK(offered("--debug cr") == "create");
  CHECK(offered("help st") == "start state");
}

TEST_CASE("bash offers options", "[cli][completion]") {
  CHECK(offered("--log-") == "--log-format --log-level");
  CHECK(offered("create --pid") == "--pidfd-socket --pid-file");
  CHECK(offered("create -b /x --pid") == "--pidfd-socket --pid-file");
  CHECK(offered("delete --") == "--force --help");
}

TEST_CASE("bash offers the words of a closed set", "[cli][completion]") {
  CHECK(offered("--log-format ''") == "text json");
  CHECK(offered("--log-format = j") == "json");
  CHECK(offered("--log-format =") == "text json");
  CHECK(offered("list -f ''") == "table json");
  CHECK(offered("completion ''") == "bash zsh fish");
}

TEST_CASE("bash offers paths", "[cli][completion]") {
  CHECK(offered("create --bundle /de") == "/dev");
  CHECK(offered("create --bundle = /de") == "/dev");
  CHECK(offered("run -f /dev/nul") == "/dev/null");
  CHECK(offered("run -b /dev/nul").empty());
}

TEST_CASE("bash offers containers, and signals behind them", "[cli][completion]") {
  CHECK(offered("start ''") == "web");
  CHECK(offered("delete --force ''") == "web");
  CHECK(offered("delete x").empty());
  CHECK(offered("start web ''").empty());
  CHECK(offered("create ''").empty());
  CHECK(offered("kill --all web KI") == "KILL");
}

TEST_CASE("bash asks for the containers of the root that is given", "[cli][completion]") {
  CHECK(offered("--root /x start ''", "--root /x list --quiet") == "web");
  CHECK(offered("--root = /x start ''", "--root /x list --quiet") == "web");
}

}  // namespace proa::cli
