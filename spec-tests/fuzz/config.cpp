// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.json, all the way to a plan for each kind of host, and back to JSON.

#include "fuzz.hpp"
#include "made_up_hosts.hpp"
#include "plan/plan.hpp"
#include "proa/container.hpp"
#include "spec/decode.hpp"
#include "spec/validate.hpp"

namespace {

void check_round_trip(proa::Spec const& spec) {
  auto const written = proa::to_json(spec, false);
  auto const again = proa::spec::decode_spec(written, "written");
  fuzz::require(proa::to_json(again, false) == written, "what was written is read as it was");
  auto const pretty = proa::spec::decode_spec(proa::to_json(spec, true), "pretty");
  fuzz::require(proa::to_json(pretty, false) == written, "blanks mean nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static auto const hosts = fuzz::made_up_hosts();
  proa::Spec spec;
  auto const decode = [&] {
    spec = proa::spec::decode_spec(fuzz::text_of(data, size), "config.json");
  };
  if (fuzz::refused_text(decode)) return 0;
  check_round_trip(spec);
  if (fuzz::refused_text([&] { proa::spec::validate(spec, "config.json"); })) return 0;
  proa::Request request;
  request.id = "web";
  request.bundle = "/bundle";
  for (auto const& host : hosts) {
    fuzz::refused([&] { (void)proa::compile(spec, host, request); });
  }
  return 0;
}
