// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// resources.json of `update`, and what would be written into the cgroups of each kind of host.

#include "fuzz.hpp"
#include "made_up_hosts.hpp"
#include "spec/decode.hpp"
#include "spec/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static auto const hosts = fuzz::made_up_hosts();
  proa::spec::Resources resources;
  auto const read = [&] {
    resources = proa::spec::decode_resources(fuzz::text_of(data, size), "resources.json");
    proa::spec::validate(resources, "resources.json");
  };
  if (fuzz::refused_text(read)) return 0;
  for (auto const& host : hosts) {
    fuzz::refused([&] { (void)hosts::plan(resources, host); });
  }
  return 0;
}
