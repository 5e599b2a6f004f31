// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/bundle.hpp"

#include "base/error.hpp"
#include "linux/file.hpp"
#include "spec/decode.hpp"
#include "spec/validate.hpp"

namespace proa::phase {

namespace {

constexpr char config_file[] = "config.json";

/// The path by which the kernel knows a directory: proc(5), /proc/self/fd.
std::string path_of(linux::FdRef dir) {
  return linux::readlink_at(linux::at_cwd, linux::proc_path(dir)).or_fail("find the bundle's path");
}

}  // namespace

Bundle open_bundle(CreateOptions const& options) {
  auto const dir = linux::open_at(linux::at_cwd, options.bundle, O_PATH | O_DIRECTORY)
                       .or_fail("open bundle {}", options.bundle);
  bool const own = !options.config.empty();
  Bundle bundle{path_of(dir), own ? options.config : config_file, {}};
  auto const text =
      own ? linux::read_file(linux::at_cwd, options.config) : linux::read_file(dir, config_file);
  if (!text) {
    fail_errno(text.error(), "read {}", own ? options.config : bundle.path + "/" + config_file);
  }
  bundle.spec = spec::decode_spec(*text, bundle.config);
  spec::validate(bundle.spec, bundle.config);
  return bundle;
}

}  // namespace proa::phase
