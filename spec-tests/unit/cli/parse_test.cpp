// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "cli/command.hpp"
#include "support.hpp"

namespace proa::cli {

namespace {

/// Every kind of option; the members of Call that they set are of no account.
constexpr auto options = std::to_array<Option>({
    {"bundle", "b", "DIR", "a text", &CreateOptions::bundle},
    {"force", "fF", "", "a flag", &DeleteOptions::force},
    {"quiet", "q", "", "another flag", &ListOptions::quiet},
    {"preserve-fds", "", "N", "a number", &CreateOptions::preserve_fds},
    {"format", "", "table|json", "a closed set", &ListOptions::format},
    {"env", "e", "NAME", "a list", &Call::words},
});

constexpr Command anywhere{
    .name = "test",
    .summary = "",
    .arguments = "ID [SIGNAL]",
    .description = "",
    .options = options,
    .run = nullptr,
};

Call parsed(Line const& line, Order order = Order::anywhere) {
  Command command = anywhere;
  command.order = order;
  Call call;
  parse(command, line, call);
  return call;
}

std::string refusal(Line const& line) {
  return error_of([&] { parsed(line); });
}

}  // namespace

TEST_CASE("a value is the next word or follows an equals sign", "[cli]") {
  CHECK(parsed({"--bundle", "/b", "x"}).bundle == "/b");
  CHECK(parsed({"--bundle=/b", "x"}).bundle == "/b");
  CHECK(parsed({"--bundle=", "x"}).bundle == "");
  CHECK(parsed({"--bundle=a=b", "x"}).bundle == "a=b");
}

TEST_CASE("a value follows its letter", "[cli]") {
  CHECK(parsed({"-b", "/b", "x"}).bundle == "/b");
  CHECK(parsed({"-b/b", "x"}).bundle == "/b");
  CHECK(parsed({"-b=/b", "x"}).bundle == "/b");
}

TEST_CASE("a value may look like an option", "[cli]") {
  CHECK(parsed({"--bundle", "--force", "x"}).bundle == "--force");
  CHECK_FALSE(parsed({"--bundle", "--force", "x"}).force);
  CHECK(parsed({"-b", "-", "x"}).bundle == "-");
  CHECK(parsed({"-b", "--", "x"}).bundle == "--");
}

TEST_CASE("letters can be joined, the last with its value", "[cli]") {
  auto const call = parsed({"-fqb", "/b", "x"});
  CHECK(call.force);
  CHECK(call.quiet);
  CHECK(call.bundle == "/b");
  CHECK(parsed({"-fqb/b", "x"}).bundle == "/b");
}

TEST_CASE("an option can have several letters", "[cli]") {
  CHECK(parsed({"-f", "x"}).force);
  CHECK(parsed({"-F", "x"}).force);
}

TEST_CASE("a long name may be written with one dash", "[cli]") {
  CHECK(parsed({"-bundle", "/b", "x"}).bundle == "/b");
  CHECK(parsed({"-bundle=/b", "x"}).bundle == "/b");
  CHECK(parsed({"-force", "x"}).force);
}

TEST_CASE("a flag takes true and false behind an equals sign", "[cli]") {
  CHECK(parsed({"--force=true", "x"}).force);
  CHECK(parsed({"--force=1", "x"}).force);
  CHECK_FALSE(parsed({"--force", "--force=false", "x"}).force);
  CHECK_FALSE(parsed({"-f", "-f=0", "x"}).force);
  CHECK(refusal({"--force=perhaps", "x"}) ==
        "invalid value \"perhaps\" of --force: not true or false");
}

TEST_CASE("a flag does not take the next word", "[cli]") {
  auto const call = parsed({"--force", "false"});
  CHECK(call.force);
  CHECK(call.words == std::vector<std::string>{"false"});
}

TEST_CASE("of an option given twice the last counts", "[cli]") {
  CHECK(parsed({"--bundle", "/a", "--bundle=/b", "x"}).bundle == "/b");
  CHECK(parsed({"--force", "--force", "x"}).force);
}

TEST_CASE("a list collects", "[cli]") {
  CHECK(parsed({"--env", "a", "-e=b"}).words == std::vector<std::string>{"a", "b"});
}

TEST_CASE("options may follow the arguments", "[cli]") {
  auto const call = parsed({"web", "--force", "TERM"});
  CHECK(call.force);
  CHECK(call.words == std::vector<std::string>{"web", "TERM"});
}

TEST_CASE("options end at the first argument where the command says so", "[cli]") {
  auto const call = parsed({"-q", "web", "--force"}, Order::options_first);
  CHECK(call.quiet);
  CHECK_FALSE(call.force);
  CHECK(call.words == std::vector<std::string>{"web", "--force"});
}

TEST_CASE("two dashes end the options", "[cli]") {
  CHECK(parsed({"--", "--force"}).words == std::vector<std::string>{"--force"});
  CHECK(parsed({"--", "a", "--"}).words == std::vector<std::string>{"a", "--"});
}

TEST_CASE("one dash is an argument", "[cli]") {
  CHECK(parsed({"-"}).words == std::vector<std::string>{"-"});
}

TEST_CASE("an option without its value says that it needs an argument", "[cli]") {
  CHECK(refusal({"--bundle"}) == "flag needs an argument: --bundle");
  CHECK(refusal({"-b"}) == "flag needs an argument: --bundle");
  CHECK(refusal({"-fb"}) == "flag needs an argument: --bundle");
}

TEST_CASE("an unknown option is named", "[cli]") {
  CHECK(refusal({"--nope", "x"}) == "unknown flag \"--nope\"");
  CHECK(refusal({"--nope=1", "x"}) == "unknown flag \"--nope\"");
  CHECK(refusal({"-n", "x"}) == "unknown flag \"-n\"");
  CHECK(refusal({"-fn", "x"}) == "unknown flag \"-fn\"");
  CHECK(refusal({"-nope", "x"}) == "unknown flag \"-nope\"");
  CHECK(refusal({"--b", "x"}) == "unknown flag \"--b\"");
  CHECK(refusal({"--=x", "x"}) == "unknown flag \"--\"");
}

TEST_CASE("a number is digits and fits", "[cli]") {
  CHECK(parsed({"--preserve-fds", "3", "x"}).CreateOptions::preserve_fds == 3);
  for (auto word : {"", "x", "-1", "+1", " 1", "1 ", "0x1", "4294967296"}) {
    CHECK(refusal({"--preserve-fds", word, "x"}) ==
          "invalid value \"" + std::string(word) + "\" of --preserve-fds: not a number");
  }
}

TEST_CASE("a closed set takes its words only", "[cli]") {
  CHECK(parsed({"--format", "json", "x"}).format == "json");
  CHECK(refusal({"--format", "yaml", "x"}) ==
        "invalid value \"yaml\" of --format: not one of table|json");
  CHECK(refusal({"--format", "table|json", "x"}) ==
        "invalid value \"table|json\" of --format: not one of table|json");
}

TEST_CASE("the number of arguments is checked", "[cli]") {
  CHECK(refusal({}) == "argument ID is missing");
  CHECK(refusal({"a"}) == "no error");
  CHECK(refusal({"a", "b"}) == "no error");
  CHECK(refusal({"a", "b", "c"}) == "unexpected argument \"c\"");
}

TEST_CASE("who asks for help needs no arguments", "[cli]") {
  CHECK(parsed({"--help"}).help);
  CHECK(parsed({"-h"}).help);
  CHECK(parsed({"a", "b", "c", "-h"}).help);
}

TEST_CASE("global options end at the command", "[cli]") {
  Call call;
  Line const line = {"--root", "/r", "--debug", "list", "--root", "/s"};
  CHECK(parse_options(global_options(), line, call) == 3);
  CHECK(call.root == "/r");
  CHECK(call.debug);
}

TEST_CASE("two dashes may stand between the global options and the command", "[cli]") {
  Call call;
  Line const line = {"--debug", "--", "list"};
  CHECK(parse_options(global_options(), line, call) == 2);
}

TEST_CASE("an argument in brackets may be missing", "[cli]") {
  auto const arguments = arguments_of(anywhere);
  REQUIRE(arguments.size() == 2);
  CHECK(arguments[0].name == "ID");
  CHECK(arguments[0].required);
  CHECK(arguments[1].name == "SIGNAL");
  CHECK_FALSE(arguments[1].required);
}

TEST_CASE("a flag has no argument's name and every other option has one", "[cli]") {
  auto const check = [](Option const& option) {
    INFO("--" << option.name);
    CHECK(option.argument.empty() == std::holds_alternative<bool Call::*>(option.target));
    CHECK_FALSE(option.help.empty());
    CHECK(option.help.back() != '.');
    CHECK(option.name.size() > 1);
  };
  for (auto const& option : global_options()) check(option);
  for (auto const* command : commands()) {
    for (auto const& option : command->options) check(option);
  }
}

TEST_CASE("no two options of a command have the same name or letter", "[cli]") {
  auto const check = [](std::span<Option const> table) {
    std::string names = " help ", letters = "h";
    for (auto const& option : table) {
      INFO("--" << option.name);
      CHECK(names.find(" " + std::string(option.name) + " ") == std::string::npos);
      names += std::string(option.name) + " ";
      for (char letter : option.letters) {
        CHECK(letters.find(letter) == std::string::npos);
        letters += letter;
      }
    }
  };
  check(global_options());
  for (auto const* command : commands()) check(command->options);
}

}  // namespace proa::cli
