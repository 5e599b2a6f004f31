// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// features.md and features-linux.md: each word that `features` lists is taken by a real container,
// and a word that it does not list is refused.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Json features() {
  Result const result = run({{runtime_path(), "features"}, "", ""});
  return result.ok() ? Json::parse(result.out) : Json();
}

/// The list at a pointer; empty where there is none.
Words listed(Json const& features, char const* pointer) {
  return features.value(Json::json_pointer(pointer), Words());
}

/// set_mempolicy(2) of this very process, and back.
bool kernel_takes(std::string const& policy) {
  // In the order of linux/mempolicy.h, which may be older than the kernel.
  static Words const modes = {"MPOL_DEFAULT",
                              "MPOL_PREFERRED",
                              "MPOL_BIND",
                              "MPOL_INTERLEAVE",
                              "MPOL_LOCAL",
                              "MPOL_PREFERRED_MANY",
                              "MPOL_WEIGHTED_INTERLEAVE"};
  auto const mode = std::find(modes.begin(), modes.end(), policy) - modes.begin();
  bool const none = policy == "MPOL_DEFAULT" || policy == "MPOL_LOCAL";
  unsigned long const nodes = 1;
  bool const taken =
      syscall(SYS_set_mempolicy, mode, none ? nullptr : &nodes, none ? 0 : 8 * sizeof nodes) == 0;
  syscall(SYS_set_mempolicy, 0, nullptr, 0);
  return taken;
}

/// Creates and deletes it.
void check_taken(Bundle const& bundle) {
  Container web(bundle.doing({{"pause"}}));
  Result const result = web.create();
  INFO(result.err);
  CHECK(result.ok());
}

Json const one_id = Json::array({{{"containerID", 0}, {"hostID", 0}, {"size", 1}}});

/// The mounts that an option word takes to be seen.
std::vector<Json> mounts_with(std::string const& word) {
  constexpr char const* of_binds[] = {"bind",   "rbind",        "copy-symlink",
                                      "ridmap", "src-nofollow", "idmap"};
  bool const bind = std::ranges::find(of_binds, word) != std::end(of_binds);
  std::string const place = "/mnt/" + word;
  Json mount = {
      {"destination", place}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", {word}}};
  if (bind) {
    mount.update({{"type", "none"}, {"source", "rootfs/srv"}});
    mount["options"].push_back("rbind");
  }
  if (word.ends_with("idmap")) mount["uidMappings"] = mount["gidMappings"] = one_id;
  if (word == "dest-nofollow") mount["destination"] = "/mnt";
  if (word != "remount") return {mount};
  Json first = mount;
  first["options"] = Json::array();
  return {first, mount};
}

Json filter(Json const& rule) {
  return {{"defaultAction", "SCMP_ACT_ALLOW"},
          {"listenerPath", "/run/no-agent"},
          {"syscalls", Json::array({rule})}};
}

}  // namespace

#define NEEDS_FEATURES()                \
  Json const features_now = features(); \
  if (features_now.is_null()) SKIP_BECAUSE("this runtime has no features")

TEST_CASE("each mount option that features lists is taken", "[spec:features#mount-options][MUST]") {
  if (denied({"open_tree", "move_mount", "mount_setattr"})) {
    SKIP_BECAUSE("a call that maps ids is denied");
  }
  NEEDS_FEATURES();
  Bundle bundle = ordinary().directory("srv").directory("mnt");
  auto words = listed(features_now, "/mountOptions");
  CHECK(words.size() > 40);
  // This one covers the places of the others.
  std::ranges::stable_partition(words, [](auto const& word) { return word == "dest-nofollow"; });
  for (auto const& word : words) {
    for (auto const& mount : mounts_with(word)) bundle = bundle.mount(mount);
  }
  check_taken(bundle);
}

TEST_CASE("each hook that features lists runs", "[spec:features#hooks][MUST]") {
  NEEDS_FEATURES();
  Json hooks;
  for (auto const& word : listed(features_now, "/hooks")) {
    hooks[word] = Json::array({{{"path", probe_path()}, {"args", {"probe", "exit", "0"}}}});
  }
  CHECK(hooks.size() == 6);
  // In the container the probe has another path.
  hooks["startContainer"][0]["path"] = "/probe";
  Container web(ordinary().with("/hooks", hooks).doing({{"pause"}}));
  CHECK(web.create().ok());
  CHECK(web.start().ok());
}

TEST_CASE("each namespace that features lists is made", "[spec:features-linux#namespaces][MUST]") {
  NEEDS_FEATURES();
  Bundle bundle = userns();
  for (auto const& word : listed(features_now, "/linux/namespaces")) {
    bundle = bundle.without_namespace(word).with_namespace(word);
  }
  Json const names = report(bundle).at("namespaces");
  for (auto const& word : listed(features_now, "/linux/namespaces")) {
    std::string const kind = word == "network" ? "net" : word == "mount" ? "mnt" : word;
    CAPTURE(kind);
    CHECK(names.at(kind) != own_namespace(kind));
  }
  refusal(ordinary().with_namespace("nosuch"));
}

TEST_CASE("each capability that features lists is given",
          "[spec:features-linux#capabilities][MUST]") {
  NEEDS_FEATURES();
  auto const words = listed(features_now, "/linux/capabilities");
  CHECK(words.size() > 35);
  for (auto const& word : words) CHECK(capability_bits({word}) != 0);
  check_taken(userns().with("/process/capabilities",
                            {{"bounding", words}, {"permitted", words}, {"effective", words}}));
}

TEST_CASE("each seccomp action that features lists is taken",
          "[spec:features-linux#seccomp][MUST]") {
  NEEDS_FEATURES();
  for (auto const& word : listed(features_now, "/linux/seccomp/actions")) {
    CAPTURE(word);
    check_taken(
        ordinary().with("/linux/seccomp", filter({{"names", {"times"}}, {"action", word}})));
  }
  refusal(
      ordinary().with("/linux/seccomp", filter({{"names", {"times"}}, {"action", "SCMP_ACT_NO"}})));
}

TEST_CASE("each seccomp operator, architecture and flag that features lists is taken",
          "[spec:features-linux#seccomp][MUST]") {
  NEEDS_FEATURES();
  Json rules = Json::array();
  for (auto const& word : listed(features_now, "/linux/seccomp/operators")) {
    Json const condition = {{"index", 0}, {"value", 1}, {"valueTwo", 1}, {"op", word}};
    rules.push_back(
        {{"names", {"times"}}, {"action", "SCMP_ACT_ERRNO"}, {"args", Json::array({condition})}});
  }
  CHECK(rules.size() == 7);
  Json const base = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", rules}};
  Json seccomp = base;
  seccomp["flags"] = listed(features_now, "/linux/seccomp/supportedFlags");
  check_taken(ordinary().with("/linux/seccomp", seccomp));
  for (auto const& word : listed(features_now, "/linux/seccomp/archs")) {
    CAPTURE(word);
    seccomp["architectures"] = {word};
    Container web(ordinary().with("/linux/seccomp", seccomp).doing({{"pause"}}));
    Result const result = web.create();
    // One filter has system calls of one byte order.
    if (!result.ok()) check_words(result.error(), "its byte order is not this machine's");
  }
  seccomp = base;
  seccomp["flags"] = {"SECCOMP_FILTER_FLAG_NOSUCH"};
  refusal(ordinary().with("/linux/seccomp", seccomp));
  seccomp = base;
  seccomp["architectures"] = {"SCMP_ARCH_NOSUCH"};
  refusal(ordinary().with("/linux/seccomp", seccomp));
}

TEST_CASE("each memory policy that features lists is taken",
          "[spec:features-linux#memory-policy][MUST]") {
  NEEDS_FEATURES();
  Json const own = Json::parse(run({{probe_path(), "report"}, "", ""}).out).at("scheduling");
  if (own.at("mempolicy") == -1) SKIP_BECAUSE("this kernel has no memory policies");
  for (auto const& word : listed(features_now, "/linux/memoryPolicy/modes")) {
    CAPTURE(word);
    bool const none = word == "MPOL_DEFAULT" || word == "MPOL_LOCAL";
    Json policy = {{"mode", word}};
    if (!none) policy["nodes"] = "0";
    Created web(ordinary().with("/linux/memoryPolicy", policy).doing({{"report"}}));
    Result const started = web.start();
    INFO(started.err);
    // What the runtime recognizes, features.md; the kernel may be older.
    CHECK(started.ok() == kernel_takes(word));
    if (!started.ok()) check_words(started.error(), "/linux/memoryPolicy: set " + word);
  }
  refusal(ordinary().with("/linux/memoryPolicy", {{"mode", "MPOL_NOSUCH"}}));
}

}  // namespace conformance
