// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#linux-process, capabilities: the five sets as the kernel has them.
#include <cerrno>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Json capabilities(Bundle const& bundle) { return report(bundle).at("capabilities"); }

Bundle with_sets(Json const& sets) { return ordinary().with("/process/capabilities", sets); }

}  // namespace

TEST_CASE("each capability set is what config.json says", "[spec:config#linux-process][MUST]") {
  Json const seen = capabilities(with_sets({{"bounding", {"CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"}},
                                            {"permitted", {"CAP_CHOWN", "CAP_KILL"}},
                                            {"effective", {"CAP_KILL"}},
                                            {"inheritable", {"CAP_CHOWN"}},
                                            {"ambient", {"CAP_CHOWN"}}})
                                     .with("/process/user", {{"uid", 1000}, {"gid", 1000}}));
  CHECK(seen.at("bounding") == capability_bits({"CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"}));
  CHECK(seen.at("inheritable") == capability_bits({"CAP_CHOWN"}));
  CHECK(seen.at("ambient") == capability_bits({"CAP_CHOWN"}));
  // execve(2) of a plain file leaves a user other than root the ambient set: capabilities(7).
  CHECK(seen.at("permitted") == capability_bits({"CAP_CHOWN"}));
  CHECK(seen.at("effective") == capability_bits({"CAP_CHOWN"}));
}

TEST_CASE("root gets what is permitted by its bounding set", "[spec:config#linux-process][MUST]") {
  Words const names = {"CAP_CHOWN", "CAP_KILL"};
  Json const seen =
      capabilities(with_sets({{"bounding", names}, {"permitted", names}, {"effective", names}}));
  CHECK(seen.at("bounding") == capability_bits(names));
  CHECK(seen.at("permitted") == capability_bits(names));
  CHECK(seen.at("effective") == capability_bits(names));
  CHECK(seen.at("inheritable") == 0);
  CHECK(seen.at("ambient") == 0);
}

TEST_CASE("an empty capabilities object takes all away", "[spec:config#linux-process][MUST]") {
  Json const seen = capabilities(with_sets(Json::object()));
  for (char const* set : {"bounding", "permitted", "effective", "inheritable", "ambient"}) {
    CAPTURE(set);
    CHECK(seen.at(set) == 0);
  }
}

TEST_CASE("a user other than root has no capabilities by themselves",
          "[spec:config#linux-process][MUST]") {
  Words const names = {"CAP_CHOWN", "CAP_KILL"};
  Json const seen =
      capabilities(with_sets({{"bounding", names}, {"permitted", names}, {"effective", names}})
                       .with("/process/user", {{"uid", 1000}, {"gid", 1000}}));
  CHECK(seen.at("bounding") == capability_bits(names));
  CHECK(seen.at("permitted") == 0);
  CHECK(seen.at("effective") == 0);
}

// crun from 1.29 on refuses it.
TEST_CASE("a capability that nobody knows is a warning, not an error",
          "[spec:config#linux-process][MUST]") {
  Words const names = {"CAP_KILL", "CAP_NO_SUCH_THING"};
  Created web(with_sets({{"bounding", names}, {"permitted", names}, {"effective", names}})
                  .doing({{"report"}}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("capabilities").at("bounding") == capability_bits({"CAP_KILL"}));
  web.wait();
}

TEST_CASE("a capability that the runtime lacks is a warning, not an error",
          "[spec:config#linux-process][MUST]") {
  Json const own = Json::parse(run({{probe_path(), "report"}, "", ""}).out).at("capabilities");
  Words const names = {"CAP_KILL", "CAP_SYS_RESOURCE"};
  std::uint64_t const bounding = own.at("bounding");
  if ((bounding & capability_bits({"CAP_SYS_RESOURCE"})) != 0) {
    SKIP_BECAUSE("the runtime has every capability here");
  }
  Created web(with_sets({{"bounding", names}, {"permitted", names}, {"effective", names}})
                  .doing({{"report"}}));
  REQUIRE(web.start().ok());
  CHECK(web.answer().at("capabilities").at("effective") == capability_bits({"CAP_KILL"}));
  web.wait();
}

TEST_CASE("capabilities decide what the process may do", "[spec:config#linux-process][MUST]") {
  std::vector<Words> const verbs = {{"write", "/mine", ""}, {"chown", "/mine", "1", "1"}};
  Words const with = {"CAP_CHOWN"};
  CHECK(inside(with_sets({{"bounding", with}, {"permitted", with}, {"effective", with}}), verbs)[1]
            .at("errno") == 0);
  CHECK(inside(with_sets(Json::object()), verbs)[1].at("errno") == EPERM);
}

}  // namespace conformance
