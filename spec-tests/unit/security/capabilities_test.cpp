// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/capabilities.hpp"

#include <linux/capability.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "process/credentials.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/security/lines.hpp"

using namespace proa;
using capabilities::Source;

namespace {

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

constexpr std::uint64_t all = ~std::uint64_t{0} >> 23;  // 0 to 40

Host full() {
  Host host;
  host.last_capability = 40;
  host.capabilities = host.bounding = all;
  return host;
}

spec::Process asking(spec::Capabilities wanted) {
  spec::Process process;
  process.capabilities = std::move(wanted);
  return process;
}

/// Of this process.
Host here() {
  Host host;
  while (linux::in_bounding_set(host.last_capability + 1)) ++host.last_capability;
  host.capabilities = linux::capability_sets().or_fail("capget").permitted;
  for (unsigned each = 0; each <= host.last_capability; ++each) {
    if (*linux::in_bounding_set(each)) host.bounding |= bit(each);
  }
  return host;
}

std::string sets() {
  auto const held = linux::capability_sets().or_fail("capget");
  std::uint64_t ambient = 0, bounding = 0;
  for (unsigned each = 0; each <= here().last_capability; ++each) {
    if (*linux::in_ambient_set(each)) ambient |= bit(each);
    if (*linux::in_bounding_set(each)) bounding |= bit(each);
  }
  return fmt::format("P{:x} E{:x} I{:x} A{:x} B{:x}", held.permitted, held.effective,
                     held.inheritable, ambient, bounding);
}

/// What a process of uid 1000 or 0 holds that has gone the way of init.
std::string sets_after(spec::Capabilities const& wanted, uid_t uid) {
  return in_child([&] {
    Lines lines;
    auto const plan = capabilities::plan(asking(wanted), here(), Source::caller);
    process::Plan user;
    user.uid = user.gid = uid;
    user.keep_capabilities = true;
    capabilities::drop_bounding(*plan);
    process::set_user(user);
    capabilities::apply(*plan);
    auto said = sets();
    for (auto const& line : lines.all) said += "; " + line;
    return said;
  });
}

}  // namespace

TEST_CASE("capability names are those of capabilities(7), in that case only",
          "[spec:config#linux-process]") {
  CHECK(capabilities::number("CAP_CHOWN") == CAP_CHOWN);
  CHECK(capabilities::number("CAP_CHECKPOINT_RESTORE") == CAP_CHECKPOINT_RESTORE);
  auto const* const wrong = GENERATE("cap_chown", "Cap_Chown", "CHOWN", "CAP_", "CAP_CHOWN ",
                                     "CAP_CHOWN,CAP_KILL", "CAP_NO_SUCH", "CAP_0", "0", "", "all");
  CHECK_FALSE(capabilities::number(wrong));
}

TEST_CASE("every capability that is listed is known by its name", "[features]") {
  auto const names = capabilities::names();
  REQUIRE(names.size() == CAP_LAST_CAP + 1);
  for (unsigned each = 0; each < names.size(); ++each) {
    CHECK(capabilities::number(names[each]) == each);
  }
  CHECK(names[CAP_SYS_ADMIN] == "CAP_SYS_ADMIN");
}

TEST_CASE("without capabilities in config.json none are planned", "[spec:config#linux-process]") {
  CHECK_FALSE(capabilities::plan({}, full(), Source::caller));
}

TEST_CASE("each set has what it lists and nothing else", "[spec:config#linux-process]") {
  auto const plan = capabilities::plan(asking({.bounding = {"CAP_CHOWN", "CAP_KILL", "CAP_BPF"},
                                               .effective = {"CAP_KILL"},
                                               .inheritable = {"CAP_CHOWN"},
                                               .permitted = {"CAP_CHOWN", "CAP_KILL"},
                                               .ambient = {"CAP_CHOWN"}}),
                                       full(), Source::caller);
  REQUIRE(plan);
  CHECK(plan->bounding == (bit(CAP_CHOWN) | bit(CAP_KILL) | bit(CAP_BPF)));
  CHECK(plan->effective == bit(CAP_KILL));
  CHECK(plan->inheritable == bit(CAP_CHOWN));
  CHECK(plan->permitted == (bit(CAP_CHOWN) | bit(CAP_KILL)));
  CHECK(plan->ambient == bit(CAP_CHOWN));
}

TEST_CASE("nothing is inheritable that was not asked for", "[CVE-2022-29162]") {
  auto const plan = capabilities::plan(
      asking({.bounding = {"CAP_CHOWN"}, .effective = {"CAP_CHOWN"}, .permitted = {"CAP_CHOWN"}}),
      full(), Source::caller);
  CHECK(plan->inheritable == 0);
  CHECK(plan->ambient == 0);
}

TEST_CASE("a capability that nobody knows is warned of once, and ignored",
          "[spec:config#linux-process][MUST]") {
  Lines lines;
  auto const plan = capabilities::plan(
      asking({.bounding = {"CAP_FLY", "CAP_KILL"}, .permitted = {"CAP_FLY", "CAP_KILL"}}), full(),
      Source::caller);
  CHECK(plan->bounding == bit(CAP_KILL));
  CHECK(plan->permitted == bit(CAP_KILL));
  CHECK(lines.all ==
        std::vector<std::string>{"warning: capability CAP_FLY is unknown here, ignored"});
}

TEST_CASE("a capability that this kernel does not know is warned of, and ignored",
          "[spec:config#linux-process][MUST]") {
  Lines lines;
  auto host = full();
  host.last_capability = CAP_AUDIT_READ;
  auto const plan =
      capabilities::plan(asking({.bounding = {"CAP_BPF"}}), host, Source::user_namespace);
  CHECK(plan->bounding == 0);
  CHECK(lines.all ==
        std::vector<std::string>{"warning: capability CAP_BPF is unknown here, ignored"});
}

TEST_CASE("a capability that the caller does not have is warned of, and ignored",
          "[spec:config#linux-process][MUST]") {
  Lines lines;
  auto host = full();
  auto const asked = asking({.bounding = {"CAP_KILL", "CAP_SYS_RESOURCE"}});
  SECTION("not permitted") { host.capabilities &= ~bit(CAP_SYS_RESOURCE); }
  SECTION("not in the bounding set") { host.bounding &= ~bit(CAP_SYS_RESOURCE); }
  CHECK(capabilities::plan(asked, host, Source::caller)->bounding == bit(CAP_KILL));
  CHECK(lines.all ==
        std::vector<std::string>{"warning: capability CAP_SYS_RESOURCE can't be granted, ignored"});
}

TEST_CASE("in another user namespace the caller's capabilities don't matter",
          "[spec:config#linux-process]") {
  Lines lines;
  auto host = full();
  host.capabilities = 0;
  auto const plan =
      capabilities::plan(asking({.bounding = {"CAP_KILL"}}), host, Source::user_namespace);
  CHECK(plan->bounding == bit(CAP_KILL));
  CHECK(lines.all.empty());
}

TEST_CASE("what the kernel would refuse as a whole is dropped alone, with a warning",
          "[spec:config#linux-process][MUST]") {
  Lines lines;
  auto const plan = capabilities::plan(asking({.bounding = {"CAP_KILL"},
                                               .effective = {"CAP_KILL", "CAP_CHOWN"},
                                               .inheritable = {"CAP_KILL", "CAP_FOWNER"},
                                               .permitted = {"CAP_KILL"}}),
                                       full(), Source::caller);
  CHECK(plan->effective == bit(CAP_KILL));
  CHECK(plan->inheritable == bit(CAP_KILL));
  CHECK(lines.all ==
        std::vector<std::string>{
            "warning: capability CAP_CHOWN is effective but not permitted, ignored",
            "warning: capability CAP_FOWNER is inheritable but not in the bounding set, ignored"});
}

TEST_CASE("the process holds exactly the planned sets", "[spec:config#linux-process][MUST][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root has capabilities to give");
  spec::Capabilities const wanted{.bounding = {"CAP_CHOWN", "CAP_KILL", "CAP_SETUID"},
                                  .effective = {"CAP_KILL"},
                                  .inheritable = {"CAP_CHOWN"},
                                  .permitted = {"CAP_CHOWN", "CAP_KILL"},
                                  .ambient = {"CAP_CHOWN"}};
  CHECK(sets_after(wanted, 0) == "P21 E20 I1 A1 Ba1");
  CHECK(sets_after(wanted, 1000) == "P21 E20 I1 A1 Ba1");
}

TEST_CASE("empty sets leave nothing", "[spec:config#linux-process][MUST][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root has capabilities to give");
  CHECK(sets_after({}, GENERATE(uid_t{0}, uid_t{1000})) == "P0 E0 I0 A0 B0");
}

TEST_CASE("an ambient capability that is not inheritable has runc's warning",
          "[contract:runc][root]") {
  if (::geteuid() != 0) SKIP_BECAUSE("only root has capabilities to give");
  CHECK(sets_after({.bounding = {"CAP_CHOWN", "CAP_KILL"},
                    .effective = {"CAP_KILL"},
                    .inheritable = {"CAP_KILL"},
                    .permitted = {"CAP_CHOWN", "CAP_KILL"},
                    .ambient = {"CAP_CHOWN", "CAP_KILL"}},
                   1000) ==
        "P21 E20 I20 A20 B21; warning: can't raise ambient capability CAP_CHOWN: "
        "operation not permitted");
}

TEST_CASE("a bounding set that can't be dropped is an error, one that is empty is not",
          "[process]") {
  capabilities::Plan nothing;
  nothing.last = 40;
  auto const dropped = [&](bool before) {
    return in_child([&] {
      if (before) capabilities::drop_bounding(nothing);
      linux::set_capabilities({}).or_fail("capset");
      capabilities::drop_bounding(nothing);
      return std::string("dropped");
    });
  };
  CHECK(dropped(false) == "error: drop CAP_CHOWN from the bounding set: operation not permitted");
  if (::geteuid() == 0) CHECK(dropped(true) == "dropped");
}
