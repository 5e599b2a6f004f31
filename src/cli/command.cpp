// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace proa::cli {

constexpr Option help_option{"help", "h", "", "show this help", &Call::help};

namespace {

constexpr std::pair<std::string_view, bool> truths[] = {
    {"true", true},
    {"false", false},
    {"1", true},
    {"0", false},
};

bool is_flag(Option const& option) { return std::holds_alternative<bool Call::*>(option.target); }

bool truth(Option const& option, std::string_view text) {
  for (auto const& [word, value] : truths) {
    if (word == text) return value;
  }
  fail(ErrorKind::usage, "invalid value \"{}\" of --{}: not true or false", text, option.name);
}

std::uint32_t number(Option const& option, std::string_view text) {
  auto const value = text::number<std::uint32_t>(text);
  if (!value)
    fail(ErrorKind::usage, "invalid value \"{}\" of --{}: not a number", text, option.name);
  return *value;
}

std::string word(Option const& option, std::string_view text) {
  auto const choices = choices_of(option.argument);
  if (!choices.empty() && std::ranges::find(choices, text) == choices.end()) {
    fail(ErrorKind::usage, "invalid value \"{}\" of --{}: not one of {}", text, option.name,
         option.argument);
  }
  return std::string(text);
}

/// Sets the member of a Call that an option stands for.
class Setter {
 public:
  Setter(Option const& option, std::string_view text, Call& call)
      : option_(option), text_(text), call_(call) {}

  void operator()(bool Call::*member) const { call_.*member = truth(option_, text_); }
  void operator()(std::string Call::*member) const { call_.*member = word(option_, text_); }
  void operator()(std::optional<std::string> Call::*member) const {
    call_.*member = word(option_, text_);
  }
  void operator()(std::uint32_t Call::*member) const { call_.*member = number(option_, text_); }
  void operator()(std::vector<std::string> Call::*member) const {
    (call_.*member).push_back(word(option_, text_));
  }

 private:
  Option const& option_;
  std::string_view text_;
  Call& call_;
};

/// Walks over the words of a command line.
class Reader {
 public:
  Reader(std::span<Option const> options, Words words, Call& call)
      : options_(options), words_(words), call_(call) {}

  bool done() const { return next_ == words_.size(); }
  std::size_t position() const { return next_; }
  std::string_view take() { return words_[next_++]; }

  /// "-" is an argument: it stands for standard input.
  bool at_option() const { return !done() && words_[next_].size() > 1 && words_[next_][0] == '-'; }
  bool at_end_of_options() const { return !done() && words_[next_] == "--"; }

  /// Reads one word of options, with the value that may follow it.
  void option() {
    std::string_view const word = take();
    std::string_view const name = word.substr(word.starts_with("--") ? 2 : 1);
    auto const equals = name.find('=');
    if (auto const* option = find(name.substr(0, equals))) {
      if (equals != std::string_view::npos) return set(*option, name.substr(equals + 1));
      return set(*option, is_flag(*option) ? "true" : value(*option));
    }
    if (word.starts_with("--")) unknown(word);
    letters(word);
  }

 private:
  /// "-fq", "-bDIR", "-b=DIR", "-b" and the next word.
  void letters(std::string_view word) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      auto const* option = find_letter(word[at]);
      if (option == nullptr) unknown(word);
      std::string_view const rest = word.substr(at + 1);
      if (rest.starts_with('=')) return set(*option, rest.substr(1));
      if (!is_flag(*option)) return set(*option, rest.empty() ? value(*option) : rest);
      set(*option, "true");
    }
  }

  Option const* find(std::string_view name) const {
    return find_if([&](Option const& option) { return option.name == name; });
  }

  Option const* find_letter(char letter) const {
    return find_if([&](Option const& option) {
      return option.letters.find(letter) != std::string_view::npos;
    });
  }

  template <class Matches>
  Option const* find_if(Matches matches) const {
    auto const found = std::ranges::find_if(options_, matches);
    if (found != options_.end()) return &*found;
    return matches(help_option) ? &help_option : nullptr;
  }

  std::string_view value(Option const& option) {
    // Engines look for these words to learn whether an option exists.
    if (done()) fail(ErrorKind::usage, "flag needs an argument: --{}", option.name);
    return take();
  }

  void set(Option const& option, std::string_view text) {
    std::visit(Setter(option, text, call_), option.target);
  }

  [[noreturn]] static void unknown(std::string_view word) {
    fail(ErrorKind::usage, "unknown flag \"{}\"", word.substr(0, word.find('=')));
  }

  std::span<Option const> options_;
  Words words_;
  Call& call_;
  std::size_t next_ = 0;
};

void check_number(Command const& command, std::vector<std::string> const& words) {
  auto const arguments = arguments_of(command);
  bool const open_ended = !arguments.empty() && arguments.back().repeated();
  if (words.size() > arguments.size() && !open_ended) {
    fail(ErrorKind::usage, "unexpected argument \"{}\"", words[arguments.size()]);
  }
  if (words.size() < arguments.size() && arguments[words.size()].required) {
    fail(ErrorKind::usage, "argument {} is missing", arguments[words.size()].name);
  }
}

}  // namespace

std::vector<Argument> arguments_of(Command const& command) {
  std::vector<Argument> arguments;
  if (command.arguments.empty()) return arguments;
  for (auto word : text::split(command.arguments, ' ')) {
    bool const required = !word.starts_with('[');
    arguments.push_back({required ? word : word.substr(1, word.size() - 2), required});
  }
  return arguments;
}

std::vector<std::string_view> choices_of(std::string_view argument) {
  if (argument.find('|') == std::string_view::npos) return {};
  return text::split(argument, '|');
}

std::size_t parse_options(std::span<Option const> options, Words words, Call& call) {
  Reader reader(options, words, call);
  while (reader.at_option() && !reader.at_end_of_options()) reader.option();
  if (reader.at_end_of_options()) reader.take();
  return reader.position();
}

void parse(Command const& command, Words words, Call& call) {
  Reader reader(command.options, words, call);
  bool options_over = false;
  while (!reader.done()) {
    if (!options_over && reader.at_end_of_options()) {
      reader.take();
      options_over = true;
    } else if (!options_over && reader.at_option()) {
      reader.option();
    } else {
      call.words.emplace_back(reader.take());
      options_over = options_over || command.order == Order::options_first;
    }
  }
  if (!call.help) check_number(command, call.words);
}

}  // namespace proa::cli
