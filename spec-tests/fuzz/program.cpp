// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The first bytes of a program that did not start.

#include "process/program.hpp"

#include <cerrno>
#include <functional>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const head = fuzz::text_of(data, size);
  auto const name = proa::process::interpreter(head);
  constexpr std::less_equal<char const*> before;
  fuzz::require(name.empty() || (before(head.data(), name.data()) &&
                                 before(name.data() + name.size(), head.data() + head.size())),
                "an interpreter is a part of the head");
  for (int const number : {ENOENT, ENOEXEC, EACCES}) (void)proa::process::remark(number, head);
  return 0;
}
