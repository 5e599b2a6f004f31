// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A directory of files for one test, gone with it.
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "linux/fd.hpp"

class Tree {
 public:
  Tree() {
    char path[] = "/tmp/proa-process-XXXXXX";
    if (::mkdtemp(path) == nullptr) std::abort();
    path_ = path;
    ::chmod(path, 0755);
    dir_ = proa::linux::Fd(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  Tree(Tree const&) = delete;
  Tree& operator=(Tree const&) = delete;
  ~Tree() {
    ::nftw(
        path_.c_str(),
        [](char const* path, struct ::stat const*, int, FTW*) { return ::remove(path); }, 16,
        FTW_DEPTH | FTW_PHYS);
  }

  void directory(std::string const& name, mode_t mode = 0755) const {
    ::mkdirat(dir_.number(), name.c_str(), mode);
    ::fchmodat(dir_.number(), name.c_str(), mode, 0);
  }
  void file(std::string const& name, mode_t mode, std::string_view content = "") const {
    int const fd = ::openat(dir_.number(), name.c_str(), O_CREAT | O_WRONLY | O_TRUNC, mode);
    if (::write(fd, content.data(), content.size()) < 0) std::abort();
    ::fchmod(fd, mode);
    ::close(fd);
  }
  void link(std::string const& name, std::string const& target) const {
    if (::symlinkat(target.c_str(), dir_.number(), name.c_str()) < 0) std::abort();
  }

  proa::linux::FdRef dir() const { return dir_; }
  std::string operator/(std::string const& name) const { return path_ + "/" + name; }
  std::string const& path() const { return path_; }

 private:
  std::string path_;
  proa::linux::Fd dir_;
};
