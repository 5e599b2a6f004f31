// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the command line share: reading a line by the real tables, and calling the
// program with its standard streams caught.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "cli/command.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "error_of.hpp"
#include "proa/error.hpp"

namespace proa::cli {

using Line = std::vector<std::string_view>;

struct Reading {
  Command const* command = nullptr;
  Call call;
};

/// A command line without the program's name, as run() reads it.
inline Reading reading(Line const& line) {
  Reading result;
  Words words(line);
  words = words.subspan(parse_options(global_options(), words, result.call));
  if (words.empty()) return result;
  result.command = find_command(words[0]);
  REQUIRE(result.command != nullptr);
  parse(*result.command, words.subspan(1), result.call);
  return result;
}

using ::error_of;

inline std::string error_of(Line const& line) {
  return error_of([&] { reading(line); });
}

/// Catches one of the standard streams while it lives.
class Caught {
 public:
  explicit Caught(int stream)
      : stream_(stream), before_(::dup(stream)), file_(::memfd_create("caught", MFD_CLOEXEC)) {
    ::dup2(file_, stream_);
  }
  Caught(Caught const&) = delete;
  Caught& operator=(Caught const&) = delete;
  ~Caught() {
    ::dup2(before_, stream_);
    ::close(before_);
    ::close(file_);
  }

  std::string text() const {
    std::string text(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    auto const got = ::pread(file_, text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }

 private:
  int stream_, before_, file_;
};

struct Result {
  int status = 0;
  std::string out, err;
};

/// Calls the program as main does.
inline Result proa(std::vector<char const*> const& arguments, std::string const& name = "proa") {
  Caught out(STDOUT_FILENO), err(STDERR_FILENO);
  Result result;
  {
    Log log(name);
    try {
      result.status = run(name, arguments, log);
    } catch (std::exception const& error) {
      log.fail(error.what());
      result.status = 1;
    }
    log::use(nullptr);
  }
  result.out = out.text();
  result.err = err.text();
  return result;
}

/// An empty directory that is removed with all that is in it.
class Directory {
 public:
  Directory() : path_("/tmp/proa-cli-XXXXXX") { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;
  ~Directory() {
    for (auto const& name : made_) ::unlink((path_ + "/" + name).c_str());
    ::rmdir(path_.c_str());
  }
  std::string const& path() const { return path_; }
  /// The path of a file in it, which it removes in the end.
  std::string file(std::string const& name) {
    made_.push_back(name);
    return path_ + "/" + name;
  }

 private:
  std::string path_;
  std::vector<std::string> made_;
};

/// All of a file; empty where there is none.
inline std::string contents(std::string const& path) {
  std::string text;
  int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(file, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(file);
  return text;
}

}  // namespace proa::cli
