// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The record below the state directory, which a crash or a hand may have damaged.

#include "fuzz.hpp"
#include "spec/decode.hpp"
#include "spec/encode.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::refused_text([&] {
    auto const record = proa::spec::decode_record(fuzz::text_of(data, size), "state.json");
    auto const written = proa::spec::encode(record);
    std::string again;
    if (fuzz::refused([&] { again = encode(proa::spec::decode_record(written, "written")); })) {
      fuzz::require(false, "what was written is read");
    }
    fuzz::require(again == written, "what was written is read as it was");
  });
  return 0;
}
