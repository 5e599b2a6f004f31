// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// process.apparmorProfile with a profile that is loaded and forbids something: apparmor(7).
#include <unistd.h>

#include <cerrno>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

#define SKIP_WITHOUT_APPARMOR                                                          \
  if (!apparmor_enabled()) SKIP_BECAUSE("this kernel does not confine with AppArmor"); \
  if (parser().empty()) SKIP_BECAUSE("there is no apparmor_parser to load a profile with")

namespace conformance {
namespace {

bool apparmor_enabled() {
  auto const text = read_text("/sys/module/apparmor/parameters/enabled");
  return text && text->starts_with('Y');
}

std::string parser() {
  for (char const* path : {"/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"}) {
    if (exists(path)) return path;
  }
  return {};
}

/// A profile that allows all but one file, in the kernel for as long as this object lives.
class Profile {
 public:
  Profile(std::string const& kind, std::string const& forbidden)
      : name(kind + "-" + std::to_string(getpid())), file_(scratch() + "/" + name) {
    write_text(file_, "profile " + name + " flags=(attach_disconnected,mediate_deleted) {\n" +
                          "  capability,\n  network,\n  mount,\n  umount,\n  signal,\n  ptrace,\n" +
                          "  unix,\n  file,\n  deny " + forbidden + " rw,\n}\n");
    Result const loaded = run({{parser(), "--skip-cache", "--replace", file_}, "", ""});
    INFO(loaded.err);
    REQUIRE(loaded.ok());
  }
  Profile(Profile const&) = delete;
  Profile& operator=(Profile const&) = delete;
  ~Profile() { run({{parser(), "--remove", file_}, "", ""}); }

  std::string enforced() const { return name + " (enforce)\n"; }

  std::string const name;

 private:
  std::string file_;
};

Words const look = {"read", "/proc/self/attr/current"};
Words const steal = {"read", "/secret"};

/// What a further process says, a value a verb.
std::vector<Json> said_by_exec(Container const& web, Words const& options, Words const& verb) {
  Words words = {"exec"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(web.id());
  words.push_back("/probe");
  words.insert(words.end(), verb.begin(), verb.end());
  Result const result = proa(words);
  INFO(result.err);
  REQUIRE(result.ok());
  return {Json::parse(result.out.substr(result.out.find('{')))};
}

}  // namespace

TEST_CASE("the process is confined by apparmorProfile",
          "[spec:config#linux-process][MUST][apparmor]") {
  SKIP_WITHOUT_APPARMOR;
  Profile const profile("proa-init", "/secret");
  Bundle const bundle = ordinary().file("secret", "x");
  CHECK(inside(bundle, {steal})[0].at("text") == "x");
  auto const seen = inside(bundle.with("/process/apparmorProfile", profile.name), {look, steal});
  CHECK(seen[0].at("text") == profile.enforced());
  CHECK(seen[1].at("errno") == EACCES);
}

TEST_CASE("exec has the container's profile, or the one that is asked for", "[exec][apparmor]") {
  SKIP_WITHOUT_APPARMOR;
  Profile const profile("proa-init", "/secret"), other("proa-exec", "/other");
  Running web(ordinary().file("secret", "x").with("/process/apparmorProfile", profile.name));
  CHECK(said_by_exec(web, {}, look)[0].at("text") == profile.enforced());
  CHECK(said_by_exec(web, {}, steal)[0].at("errno") == EACCES);
  CHECK(said_by_exec(web, {"--apparmor", other.name}, look)[0].at("text") == other.enforced());
  CHECK(said_by_exec(web, {"--apparmor", other.name}, steal)[0].at("text") == "x");
}

TEST_CASE("a profile that is not loaded is an error with its place",
          "[spec:runtime#errors][MUST][apparmor]") {
  SKIP_WITHOUT_APPARMOR;
  Container web(ordinary().with("/process/apparmorProfile", "proa-no-such-profile"));
  Result result = web.create();
  if (result.ok()) result = web.start();
  CHECK(result.status > 0);
  check_words(result.error(),
              "/process/apparmorProfile: set apparmor profile proa-no-such-profile");
  check_words(result.error(), "no such file or directory");
  Running other(ordinary());
  Result const joined = proa("exec", "--apparmor", "proa-no-such-profile", other.id(), "/probe");
  CHECK(joined.status > 0);
  check_words(joined.error(), "set apparmor profile proa-no-such-profile");
}

}  // namespace conformance
