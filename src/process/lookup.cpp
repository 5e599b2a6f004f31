// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/lookup.hpp"

#include <unistd.h>

#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "linux/file.hpp"
#include "process/credentials.hpp"

namespace proa::process {

namespace {

/// What looking at one file gave.
struct Look {
  enum What : std::uint8_t { executable, absent, directory, denied } what = absent;
  int number = 0;  ///< absent: why
};

Look look_at(std::string const& path) {
  auto const file = linux::open_at(linux::at_cwd, path, O_PATH);
  if (!file) return {Look::absent, file.error()};
  auto const info = linux::stat(*file);
  if (!info) return {Look::absent, info.error()};
  if (S_ISDIR((*info).st_mode)) return {Look::directory};
  // faccessat(2) also knows of a mount with noexec.
  bool const may = S_ISREG((*info).st_mode) && linux::access_at(linux::at_cwd, path, X_OK);
  return {may ? Look::executable : Look::denied};
}

std::string in_directory(std::string_view directory, std::string_view file) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", file);
}

/// Where `path` is for somebody whose working directory is the container's.
std::string absolute(Plan const& plan, std::string const& path) {
  return path.starts_with('/') ? path : in_directory(plan.cwd, path);
}

/// As engines are used to see it, in the quotes of Go's %q.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < ' ') {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string named_file(Plan const& plan, std::string const& file) {
  auto const look = look_at(absolute(plan, file));
  auto const name = quoted(file);
  switch (look.what) {
    case Look::executable:
      break;
    case Look::absent:
      fail_errno(look.number, "exec: {}: stat {}", name, file);
    case Look::directory:
      // Both texts: docker 20.10 knows the second alone, what execve(2) would say.
      fail_errno(EACCES, "exec: {}: is a directory", name);
    case Look::denied:
      fail_errno(EACCES, "exec: {}", name);
  }
  return file;
}

std::string file_in_path(Plan const& plan, std::string const& file) {
  constexpr std::string_view default_path = "/bin:/usr/bin";  // execvp(3), when there is no PATH
  bool denied = false;
  if (!file.empty()) {
    for (auto const part : text::split(variable(plan.env, "PATH").value_or(default_path), ':')) {
      // An empty part is the working directory: environ(7).
      auto path = in_directory(part.empty() ? "." : part, file);
      auto const look = look_at(absolute(plan, path));
      if (look.what == Look::executable) return path;
      denied = denied || look.what == Look::denied;
    }
  }
  // execvp(3) remembers a file that it found but was not allowed to execute.
  if (denied) fail_errno(EACCES, "exec: {}", quoted(file));
  fail(ErrorKind::failed, "exec: {}: executable file not found in $PATH", quoted(file));
}

}  // namespace

std::string find_executable(Plan const& plan) {
  auto const find = [&] {
    auto const& file = plan.args.front();
    return file.find('/') != file.npos ? named_file(plan, file) : file_in_path(plan, file);
  };
  if (!plan.reads_all_files) {
    FilesAsUser const user(plan);
    return find();
  }
  try {
    return find();
  } catch (Error const&) {
    // No capability overrides what a server denies root, NFS with root_squash; in a PATH that
    // looks as if the program were not there.
    FilesAsUser const user(plan);
    try {
      return find();
    } catch (Error const&) {
      // The first error is the one to tell.
    }
    throw;
  }
}

}  // namespace proa::process
