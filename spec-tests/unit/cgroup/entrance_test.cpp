// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/entrance.hpp"

#include "base/error.hpp"
#include "catch.hpp"

using namespace proa;

namespace {

using Words = std::vector<std::string>;

std::vector<spec::CgroupRecord> const records{
    {"/cg/memory/web", false, true, {"memory"}},
    {"/cg/cpu,cpuacct/web", false, true, {"cpu", "cpuacct"}},
    {"/cg/unified/web", true, true, {}},
};

std::string refusal(Words const& words) {
  try {
    (void)cgroup::places(records, words);
  } catch (Error const& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.text();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("without --cgroup a process goes where the container is", "[exec][cgroup]") {
  CHECK(cgroup::places(records, {}) ==
        Words{"/cg/memory/web", "/cg/cpu,cpuacct/web", "/cg/unified/web"});
}

TEST_CASE("a path without a controller is for all hierarchies", "[exec][cgroup]") {
  CHECK(cgroup::places(records, {"a//./b/"}) ==
        Words{"/cg/memory/web/a/b", "/cg/cpu,cpuacct/web/a/b", "/cg/unified/web/a/b"});
  CHECK(cgroup::places(records, {"/"}) == cgroup::places(records, {}));
  CHECK(cgroup::places(records, {"a/.."}) == cgroup::places(records, {}));
}

TEST_CASE("a path may be for some controllers", "[exec][cgroup]") {
  CHECK(cgroup::places(records, {"memory:a", "cpu,cpuacct:b"}) ==
        Words{"/cg/memory/web/a", "/cg/cpu,cpuacct/web/b", "/cg/unified/web"});
}

TEST_CASE("no path leads out of the container's cgroup", "[exec][cgroup]") {
  for (auto const* path : {"..", "/..", "a/../..", "memory:..", "memory:/../web"}) {
    CAPTURE(path);
    CHECK_THAT(refusal({path}), ContainsSubstring("bad sub cgroup path: "));
  }
}

TEST_CASE("controllers that nobody has are refused", "[exec][cgroup]") {
  CHECK(refusal({"whaaat:/"}) == "unknown controller \"whaaat\" in --cgroup");
  CHECK(refusal({":/a"}) == "unknown controller \"\" in --cgroup");
  CHECK(refusal({"a", "memory:b"}) == "invalid --cgroup a: its controller is missing");
}
