// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What was logged while it lives.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"

class Lines final : public proa::log::Sink {
 public:
  Lines() : before_(proa::log::use(this)) {}
  Lines(Lines const&) = delete;
  Lines& operator=(Lines const&) = delete;
  ~Lines() { proa::log::use(before_); }

  void line(proa::log::Level at, std::string_view text) override {
    all.push_back(std::string(proa::log::word(at)) + ": " + std::string(text));
  }
  std::vector<std::string> all;

 private:
  proa::log::Sink* before_;
};
