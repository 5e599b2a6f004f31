// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// /proc/self/cgroup and, behind the first NUL, /proc/self/mountinfo; the directories are those of
// a tree that CMake has made.

#include "fuzz.hpp"
#include "host/host.hpp"
#include "linux/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  auto const self_cgroup = text.substr(0, text.find('\0'));
  auto const mounts = text.substr(std::min(self_cgroup.size() + 1, text.size()));
  auto const file = proa::linux::memfd("mountinfo").or_fail("make a file");
  proa::linux::write_all(file, mounts).or_fail("fill it");
  for (std::string const root : {PROA_FUZZ_CGROUPS "/pure", PROA_FUZZ_CGROUPS "/hybrid"}) {
    proa::CgroupTable table;
    if (fuzz::refused([&] {
          table = proa::probe_cgroups(self_cgroup, root, proa::linux::proc_path(file));
        })) {
      continue;
    }
    for (auto const& hierarchy : table.hierarchies) {
      fuzz::require(!hierarchy.v2 || &hierarchy == table.unified(), "there is one v2 hierarchy");
      fuzz::require(!hierarchy.v2 || &hierarchy == &table.hierarchies.back(), "v2 is the last");
      for (auto const& controller : hierarchy.controllers) {
        fuzz::require(table.find(controller) != nullptr, "a controller is found");
      }
    }
  }
  return 0;
}
