// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>

#include <array>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "linux/file.hpp"

namespace proa::cli {

namespace {

constexpr auto options = std::to_array<Option>({
    {"bundle", "b", "DIR", "directory to write to (default: the working directory)",
     &CreateOptions::bundle},
    {"rootless", "", "", "for a container that runs without root's privileges",
     &SpecOptions::rootless},
});

constexpr char file_name[] = "config.json";

/// Somebody's work is never overwritten, and half a file is never left.
void write_new(linux::FdRef dir, std::string_view text) {
  auto opened = linux::open_at(dir, file_name, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (opened.is(EEXIST)) {
    fail(ErrorKind::failed, "file {} exists. Remove it first", file_name);
  }
  auto const file = std::move(opened).or_fail("create {}", file_name);
  Undo undo([&] { linux::unlink_at(dir, file_name).ignore(); });  // the write's error is told
  put(file, text).or_fail("write {}", file_name);
  undo.dismiss();
}

int perform(Call const& call) {
  auto const dir = linux::open_at(linux::at_cwd, call.bundle, O_PATH | O_DIRECTORY)
                       .or_fail("open bundle {}", call.bundle);
  bool const rootless = call.SpecOptions::rootless;
  auto const example = Runtime::example(rootless ? Rootless::yes : Rootless::no);
  write_new(dir, to_json(example, true) + "\n");
  return 0;
}

}  // namespace

constexpr Command verb::spec{
    .name = "spec",
    .summary = "write a config.json to start from",
    .arguments = "",
    .description =
        "Writes a config.json that runs a shell in the directory rootfs of the bundle.\n"
        "A file of that name is never overwritten.",
    .options = options,
    .run = perform,
};

}  // namespace proa::cli
