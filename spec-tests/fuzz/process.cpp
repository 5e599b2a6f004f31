// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// process.json of `exec`, and what a process that joins a container becomes.

#include "fuzz.hpp"
#include "made_up_hosts.hpp"
#include "process/plan.hpp"
#include "security/capabilities.hpp"
#include "spec/decode.hpp"
#include "spec/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static auto const hosts = fuzz::made_up_hosts();
  proa::spec::Process process;
  auto const read = [&] {
    process = proa::spec::decode_process(fuzz::text_of(data, size), "process.json");
    proa::spec::validate(process, "process.json");
  };
  if (fuzz::refused_text(read)) return 0;
  for (auto const& host : hosts) {
    fuzz::refused([&] {
      (void)proa::process::plan(process, proa::spec::Record{}, host);
      (void)proa::capabilities::plan(process, host, proa::capabilities::Source::caller);
    });
  }
  return 0;
}
