// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What proa does to itself: how its file is built, and what a `run` that waits gives up.
#include <elf.h>
#include <link.h>
#include <poll.h>

#include <cstring>
#include <string_view>

#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Entry = ElfW(Dyn);

template <class T>
T structure(std::string_view file, std::size_t offset) {
  T value{};
  REQUIRE(offset + sizeof value <= file.size());
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::vector<Segment> segments(std::string_view file) {
  auto const header = structure<Header>(file, 0);
  std::vector<Segment> all;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    all.push_back(structure<Segment>(file, header.e_phoff + i * header.e_phentsize));
  }
  return all;
}

Segment segment(std::string_view file, unsigned type) {
  for (auto const& each : segments(file)) {
    if (each.p_type == type) return each;
  }
  return {};
}

/// A value of the dynamic section; 0 when it has none.
std::size_t dynamic(std::string_view file, long tag) {
  auto const place = segment(file, PT_DYNAMIC);
  for (std::size_t at = 0; at < place.p_filesz; at += sizeof(Entry)) {
    auto const entry = structure<Entry>(file, place.p_offset + at);
    if (entry.d_tag == tag) return entry.d_un.d_val;
  }
  return 0;
}

/// A field of /proc/PID/status.
std::string status_of(pid_t pid, std::string const& field) {
  std::istringstream lines(read_text("/proc/" + std::to_string(pid) + "/status").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  }
  return {};
}

}  // namespace

TEST_CASE("the program's memory is laid out anew each time, and fixed once it is",
          "[proa][contract:security]") {
  auto const file = read_text(runtime_path()).value();
  CHECK(structure<Header>(file, 0).e_type == ET_DYN);
  CHECK((dynamic(file, DT_FLAGS_1) & DF_1_PIE) != 0);
  CHECK((dynamic(file, DT_FLAGS_1) & DF_1_NOW) != 0);
  CHECK(segment(file, PT_GNU_RELRO).p_memsz > 0);
}

TEST_CASE("nothing in the program is both written and executed", "[proa][contract:security]") {
  auto const file = read_text(runtime_path()).value();
  CHECK(segment(file, PT_GNU_STACK).p_type == PT_GNU_STACK);
  for (auto const& each : segments(file)) {
    if (each.p_type != PT_LOAD && each.p_type != PT_GNU_STACK) continue;
    CHECK((each.p_flags & (PF_W | PF_X)) != (PF_W | PF_X));
  }
}

TEST_CASE("the program looks after its stack and its buffers", "[proa][contract:security]") {
  auto const file = read_text(runtime_path()).value();
  auto const has = [&](char const* text) { return file.find(text) != std::string::npos; };
  CHECK((has("__stack_chk_fail") || has("stack smashing detected")));
  // Only a release is built so, and only it has the C library inside.
  if (segment(file, PT_INTERP).p_type != PT_INTERP) CHECK(has("buffer overflow detected"));
}

TEST_CASE("a run that waits has given up what it no longer needs", "[proa][contract:security]") {
  Container web(ordinary());
  Process waiting(runtime_command({"run", "--bundle", web.bundle(), web.id()}));
  REQUIRE(waiting.line().has_value());
  auto const kept = capability_bits({"CAP_DAC_OVERRIDE", "CAP_KILL"});
  // The container may be faster than the runtime.
  std::string effective;
  for (int i = 0; i < 1000 * deadline_seconds(); ++i) {
    effective = status_of(waiting.pid(), "CapEff");
    if (std::stoull(effective, nullptr, 16) == kept) break;
    poll(nullptr, 0, 1);
  }
  CHECK(std::stoull(effective, nullptr, 16) == kept);
  CHECK(std::stoull(status_of(waiting.pid(), "CapPrm"), nullptr, 16) == kept);
  CHECK(status_of(waiting.pid(), "NoNewPrivs") == "1");
  CHECK(web.kill("TERM").ok());
  CHECK(waiting.wait().status == 0);
}

}  // namespace conformance
