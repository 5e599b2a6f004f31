// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The manual says what the tables say: every option of a command stands in its page, in the same
// words, and nothing else does.

#include <algorithm>

#include "base/text.hpp"
#include "support.hpp"

namespace proa::cli {

namespace {

std::string page(std::string_view name) {
  auto const path = PROA_TREE "/man/" + std::string(name) + ".8";
  auto text = contents(path);
  INFO(path);
  REQUIRE_FALSE(text.empty());
  return text;
}

/// mdoc(7): ".It Fl -bundle Ar DIR , Fl b Ar DIR"
std::string item(Option const& option) {
  std::string const argument =
      option.argument.empty() ? std::string() : " Ar " + std::string(option.argument);
  std::string line = ".It Fl -" + std::string(option.name) + argument;
  for (char letter : option.letters) line += std::string(" , Fl ") + letter + argument;
  return line;
}

std::vector<std::string> items(std::span<Option const> options) {
  std::vector<std::string> result;
  for (auto const& option : options) result.push_back(item(option));
  result.push_back(item(help_option));
  return result;
}

/// The lines of a page that start with `prefix`.
std::vector<std::string> lines_with(std::string const& text, std::string_view prefix) {
  std::vector<std::string> result;
  for (auto line : text::split(text, '\n')) {
    if (line.starts_with(prefix)) result.emplace_back(line);
  }
  return result;
}

/// The text between a section's title and the next one.
std::string section(std::string const& text, std::string const& title) {
  auto const start = text.find("\n.Sh " + title + "\n");
  REQUIRE(start != std::string::npos);
  auto const body = start + title.size() + 6;
  return text.substr(body, text.find("\n.Sh ", body) - body);
}

/// The commands that proa(8) explains itself.
bool has_page(Command const& command) {
  return command.name != "help" && command.name != "version";
}

template <class Check>
void for_each_page(Check check) {
  for (auto const* command : commands()) {
    if (!has_page(*command)) continue;
    INFO("proa-" << command->name << ".8");
    check(*command, page("proa-" + std::string(command->name)));
  }
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("the manual has every option and no other", "[cli][man]") {
  for_each_page([](Command const& command, std::string const& text) {
    CHECK(sorted(lines_with(text, ".It Fl ")) == sorted(items(command.options)));
  });
}

TEST_CASE("proa(8) has every global option and no other", "[cli][man]") {
  CHECK(sorted(lines_with(page("proa"), ".It Fl ")) == sorted(items(global_options())));
}

TEST_CASE("proa(8) has every command and no other", "[cli][man]") {
  std::vector<std::string> expected;
  for (auto const* command : commands()) {
    auto const optional = command->name == "help" ? " Op Ar COMMAND" : "";
    expected.push_back(".It Cm " + std::string(command->name) + optional);
  }
  CHECK(lines_with(section(page("proa"), "COMMANDS"), ".It Cm ") == expected);
}

TEST_CASE("a page's name line is the command's summary", "[cli][man]") {
  for_each_page([](Command const& command, std::string const& text) {
    CHECK(section(text, "NAME") ==
          ".Nm proa-" + std::string(command.name) + "\n.Nd " + std::string(command.summary));
  });
  CHECK(section(page("proa"), "NAME") == ".Nm proa\n.Nd Open Container Initiative runtime");
}

TEST_CASE("a page's synopsis is the command's arguments", "[cli][man]") {
  for_each_page([](Command const& command, std::string const& text) {
    std::string expected = ".Nm proa " + std::string(command.name) + "\n.Op Ar options";
    for (auto const& argument : arguments_of(command)) {
      expected += (argument.required ? "\n.Ar " : "\n.Op Ar ") + std::string(argument.name);
    }
    CHECK(section(text, "SYNOPSIS") == expected);
  });
}

TEST_CASE("every page has the sections that a reader looks for, in their order", "[cli][man]") {
  std::vector<std::string> const expected = {".Sh NAME",    ".Sh SYNOPSIS",    ".Sh DESCRIPTION",
                                             ".Sh OPTIONS", ".Sh EXIT STATUS", ".Sh EXAMPLES",
                                             ".Sh SEE ALSO"};
  for_each_page([&](Command const&, std::string const& text) {
    auto sections = lines_with(text, ".Sh ");
    // Only some commands read the environment; mdoc(7) has the section before the exit status.
    auto const environment = std::ranges::find(sections, ".Sh ENVIRONMENT");
    if (environment != sections.end() && environment[1] == ".Sh EXIT STATUS") {
      sections.erase(environment);
    }
    CHECK(sections == expected);
  });
  auto const main_page = page("proa");
  for (auto const& title : expected) CHECK_THAT(main_page, ContainsSubstring(title + "\n"));
}

TEST_CASE("proa(8) refers to every page, and every page to proa(8)", "[cli][man]") {
  auto const main_page = section(page("proa"), "SEE ALSO");
  for_each_page([&](Command const& command, std::string const& text) {
    CHECK_THAT(main_page, ContainsSubstring(".Xr proa-" + std::string(command.name) + " 8"));
    CHECK_THAT(section(text, "SEE ALSO"), ContainsSubstring(".Xr proa 8"));
  });
}

TEST_CASE("the examples of the manual are command lines that proa reads", "[cli][man]") {
  int lines = 0;
  auto const check = [&](std::string const& text) {
    auto const examples = section(text, "EXAMPLES");
    for (auto line : text::split(examples, '\n')) {
      if (!line.starts_with("# proa ") && !line.starts_with("$ proa ")) continue;
      INFO(line);
      line = line.substr(7, line.find_first_of("|>;", 7) - 7);
      CHECK(error_of(text::split(text::trim(line), ' ')) == "no error");
      ++lines;
    }
  };
  check(page("proa"));
  for_each_page([&](Command const&, std::string const& text) { check(text); });
  CHECK(lines > 10);
}

}  // namespace proa::cli
