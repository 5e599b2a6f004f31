// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A container's /etc/passwd, read in pieces: where they are cut makes no difference.

#include "process/passwd.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include "fuzz.hpp"

using proa::process::HomeFinder;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  FuzzedDataProvider bytes(data, size);
  auto const uid = bytes.ConsumeIntegralInRange<uid_t>(0, 3);
  auto const piece = bytes.ConsumeIntegralInRange<std::size_t>(1, 5000);
  // libFuzzer seldom makes lines that are too long, HomeFinder::longest_line.
  std::string const before(bytes.ConsumeIntegralInRange<std::size_t>(0, 5000), 'x');
  auto const text = before + bytes.ConsumeRemainingBytesAsString();
  HomeFinder whole(uid), pieces(uid);
  whole.feed(text);
  whole.end();
  for (std::size_t at = 0; at < text.size(); at += piece) {
    pieces.feed(std::string_view(text).substr(at, piece));
  }
  pieces.end();
  fuzz::require(whole.home() == pieces.home(), "a cut makes no difference");
  if (!whole.home()) return 0;
  fuzz::require(whole.home()->find_first_of(std::string_view("\0\n:", 3)) == std::string::npos,
                "a home is one field");
  return 0;
}
