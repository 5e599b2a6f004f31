// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Lists of processors and memory nodes, cpuset(7).

#include <string>

#include "fuzz.hpp"
#include "process/plan.hpp"

namespace {

constexpr std::size_t word_bits = 8 * sizeof(unsigned long);

std::string list_of(proa::linux::BitMask const& mask) {
  std::string list;
  for (std::size_t bit = 0; bit < mask.size() * word_bits; ++bit) {
    if ((mask[bit / word_bits] >> bit % word_bits & 1) == 0) continue;
    list += (list.empty() ? "" : ",") + std::to_string(bit);
  }
  return list;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  proa::linux::BitMask mask;
  auto const read = [&] { mask = proa::process::mask_of_list(fuzz::text_of(data, size)); };
  if (fuzz::refused(read)) return 0;
  fuzz::require(mask.size() * word_bits <= 65536, "no number is above 65535");
  fuzz::require(mask.empty() || mask.back() != 0, "a mask is no longer than it must be");
  fuzz::require(proa::process::mask_of_list(list_of(mask)) == mask, "a list means its numbers");
  return 0;
}
