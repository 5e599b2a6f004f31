// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A group that is no group: a directory with files that say what the case wants.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "linux/file.hpp"
#include "spec/record.hpp"

namespace fake {

class Group {
 public:
  Group(bool v2, std::vector<std::string> controllers) : record_{"", v2, true, controllers} {
    char path[] = "/tmp/proa-group-XXXXXX";
    if (::mkdtemp(path) == nullptr) throw std::runtime_error("mkdtemp");
    record_.path = path;
  }
  Group(Group const&) = delete;
  Group& operator=(Group const&) = delete;
  ~Group() {
    auto const dir = open();
    for (auto const& name : *proa::linux::names_in(dir)) {
      proa::linux::unlink_at(dir, name).ignore();
      proa::linux::unlink_at(dir, name, AT_REMOVEDIR).ignore();
    }
    proa::linux::unlink_at(proa::linux::at_cwd, record_.path, AT_REMOVEDIR).ignore();
  }

  Group& file(std::string const& name, std::string const& text) {
    auto const file = proa::linux::open_at(open(), name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    proa::linux::write_all(*file, text).or_fail("write {}", name);
    return *this;
  }
  /// One that can't be written.
  Group& directory(std::string const& name) {
    proa::linux::mkdir_at(open(), name, 0700).or_fail("mkdir {}", name);
    return *this;
  }
  std::string text(std::string const& name) const {
    return std::string(proa::text::trim(*proa::linux::read_file(open(), name)));
  }
  proa::spec::CgroupRecord const& record() const { return record_; }

 private:
  proa::linux::Fd open() const {
    return proa::linux::open_at(proa::linux::at_cwd, record_.path, O_RDONLY | O_DIRECTORY)
        .or_fail("open {}", record_.path);
  }
  proa::spec::CgroupRecord record_;
};

}  // namespace fake
