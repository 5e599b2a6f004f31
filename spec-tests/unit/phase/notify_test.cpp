// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/notify.hpp"

#include "catch.hpp"

using namespace proa;
using phase::forwardable;

namespace {

Spec ordinary() {
  Spec spec;
  spec.process.emplace();
  spec.process->env = {"PATH=/"};
  spec.linux.namespaces.push_back({spec::NamespaceType::mount, {}});
  return spec;
}

}  // namespace

TEST_CASE("a container may speak of itself", "[phase][notify]") {
  CHECK(forwardable("READY=1") == "READY=1\n");
  CHECK(forwardable("READY=1\nSTATUS=Serving \xc3\xa4 requests\n") ==
        "READY=1\nSTATUS=Serving \xc3\xa4 requests\n");
  CHECK(forwardable("RELOADING=1\nMONOTONIC_USEC=12") == "RELOADING=1\nMONOTONIC_USEC=12\n");
  CHECK(forwardable("STOPPING=1\nERRNO=2\nWATCHDOG=1") == "STOPPING=1\nERRNO=2\nWATCHDOG=1\n");
}

TEST_CASE("a container may not speak of others, nor for the administrator", "[phase][notify]") {
  for (char const* line :
       {"MAINPID=1", "MAINPIDFDID=1", "FDSTORE=1", "FDSTOREREMOVE=1", "FDNAME=x", "FDPOLL=0",
        "NOTIFYACCESS=all", "WATCHDOG_USEC=1", "EXTEND_TIMEOUT_USEC=1", "BARRIER=1", "X_OWN=1",
        "ready=1", " READY=1", "READY", "", "=", "\xff"}) {
    CAPTURE(line);
    CHECK(forwardable(line).empty());
    CHECK(forwardable(std::string(line) + "\nREADY=1\n" + line) == "READY=1\n");
  }
}

TEST_CASE("no control characters go on", "[phase][notify]") {
  CHECK(forwardable("STATUS=\x1b[2J").empty());
  CHECK(forwardable("STATUS=a\rb").empty());
  CHECK(forwardable(std::string_view("STATUS=a\0b", 10)).empty());
  CHECK(forwardable("STATUS=\x7f").empty());
}

TEST_CASE("a container gets a socket of its own", "[phase][notify]") {
  Spec spec = ordinary();
  REQUIRE(phase::offer_notify_socket(spec, "/run/proa/web/notify"));
  CHECK(spec.process->env ==
        std::vector<std::string>{"PATH=/", "NOTIFY_SOCKET=/run/notify/notify.sock"});
  REQUIRE(spec.mounts.size() == 1);
  CHECK(spec.mounts[0].destination == "/run/notify");
  CHECK(spec.mounts[0].source == "/run/proa/web/notify");
  CHECK(spec.mounts[0].options ==
        std::vector<std::string>{"bind", "ro", "nosuid", "nodev", "noexec"});
}

TEST_CASE("a container that cannot use a socket, or has one, gets none", "[phase][notify]") {
  auto const untouched = [](Spec spec) {
    auto const mounts = spec.mounts.size();
    return !phase::offer_notify_socket(spec, "/x") && spec.mounts.size() == mounts;
  };
  Spec spec = ordinary();
  SECTION("its environment names one") { spec.process->env.push_back("NOTIFY_SOCKET=/other"); }
  SECTION("something is mounted there") {
    spec.mounts.push_back({"/run/notify", "", "", {}, {}, {}});
  }
  SECTION("it has no process") { spec.process.reset(); }
  SECTION("it has no mount namespace") { spec.linux.namespaces.clear(); }
  CHECK(untouched(spec));
}
