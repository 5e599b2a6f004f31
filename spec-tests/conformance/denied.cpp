// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Containers where newer system calls are missing, one at a time: ENOSYS as of an older kernel,
// EPERM as of a filter that is older than the call.  spec-tests/run --denied runs all cases like
// this.
#include <sys/stat.h>

#include <set>
#include <utility>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

/// Those that proa uses.
constexpr char const* newer_calls[] = {
    "open_tree",         "move_mount",  "fsopen",     "fsconfig", "fsmount", "mount_setattr",
    "openat2",           "close_range", "faccessat2", "execveat", "clone3",  "pidfd_open",
    "pidfd_send_signal",
};

/// What a container is made of that takes one of those calls.
Bundle manifold(Bundle const& bundle) {
  return bundle.file("etc/secret", "secret")
      .directory("srv")
      .directory("mnt/new")
      .directory("mnt/bound")
      .link("etc/alias", "/etc/secret")
      .mount({{"destination", "/mnt/new"}, {"type", "tmpfs"}, {"options", {"nosuid", "size=4k"}}})
      .mount({{"destination", "/mnt/bound"},
              {"source", "rootfs/srv"},
              {"options", {"bind", "ro", "noexec"}}})
      .with("/linux/maskedPaths", {"/etc/alias", "/srv"})
      .with("/linux/readonlyPaths", {"/bin", "/proc/sys"})
      .with("/linux/rootfsPropagation", "private")
      .with("/root/readonly", true);
}

/// What does not change from one run to the next.
Json made(Json const& report) {
  Json made;
  for (char const* key : {"user", "capabilities", "rlimits", "cwd", "env", "umask", "dumpable",
                          "no_new_privileges", "death_signal", "signals", "terminal"}) {
    made[key] = report.at(key);
  }
  std::multiset<Json> mounts;
  for (auto const& mount : report.at("mounts")) {
    if (mount.is_null()) continue;
    Json entry = Json::array({mount.at("target")});
    // What masks a file is a null device: the host's, or else the container's.
    if (mount.at("target") != "/etc/secret") {
      entry.push_back(mount.at("type"));
      entry.push_back(std::set<std::string>(mount.at("options")));
    }
    mounts.insert(std::move(entry));
  }
  made["mounts"] = mounts;
  for (auto const& each : report.at("descriptors")) made["descriptors"].push_back(each.at("fd"));
  return made;
}

Json all_of_its_life(Bundle const& bundle) {
  Created web(bundle.doing({{"report"}, {"wait"}}));
  CHECK(web.start().ok());
  Json const report = web.answer();
  Result const further = proa("exec", web.id(), "/probe", "report");
  INFO(further.err);
  CHECK(further.ok());
  Json const both = {made(report), made(Json::parse(further.out))};
  CHECK(web.kill("KILL").ok());
  CHECK(web.wait() == 128 + 9);
  CHECK(web.remove().ok());
  return both;
}

/// "create" without `call` is refused, and says so in these words.
void check_refused(char const* call, Bundle const& bundle, std::string const& words) {
  CAPTURE(call);
  Denial const denial("ENOSYS", call);
  check_words(refusal(bundle), words);
}

}  // namespace

TEST_CASE("a container is the same whichever of the newer calls is denied",
          "[contract:denied][proa]") {
  auto const& [error, base] =
      GENERATE(std::pair("ENOSYS", ordinary()), std::pair("EPERM", userns()));
  Bundle const bundle = manifold(base);
  Json const usual = all_of_its_life(bundle);
  for (char const* const call : newer_calls) {
    CAPTURE(call, error);
    Denial const denial(error, call);
    CHECK(all_of_its_life(bundle) == usual);
  }
}

// Init may not enter the directory that the source is in, so that its parent lends it a mount.
TEST_CASE("what only the caller reaches is bound without mount_setattr(2) too",
          "[contract:denied][proa]") {
  if (denied({"open_tree", "move_mount"})) SKIP_BECAUSE("a call that lends it to init is denied");
  std::string const closed = scratch() + "/closed";
  make_directories(closed + "/source");
  write_text(closed + "/source/file", "lent");
  REQUIRE(chmod(closed.c_str(), 0700) == 0);
  Json const mount = {
      {"destination", "/mnt"}, {"source", closed + "/source"}, {"options", {"bind", "ro"}}};
  Denial const denial(GENERATE("ENOSYS", "EPERM"), "mount_setattr");
  auto const seen =
      inside(userns().mount(mount), {{"read", "/mnt/file"}, {"write", "/mnt/file", ""}});
  CHECK(seen[0].at("text") == "lent");
  CHECK(seen[1].at("errno") != 0);
}

TEST_CASE("create tells who may not execute a program without faccessat2(2) too",
          "[contract:denied][proa]") {
  Bundle const bundle = ordinary()
                            .file("opt/tool", "", 0700)
                            .with("/process/user", {{"uid", 1000}, {"gid", 1000}})
                            .args({"/opt/tool"});
  Denial const denial(GENERATE("ENOSYS", "EPERM"), "faccessat2");
  check_words(refusal(bundle), "exec: \"/opt/tool\": permission denied");
}

TEST_CASE("flags of a whole tree are set without open_tree(2) too", "[contract:denied][proa]") {
  if (denied({"mount_setattr"})) SKIP_BECAUSE("only mount_setattr(2) sets flags of a whole tree");
  Denial const denial("EPERM", "open_tree");
  Json const mount = {{"destination", "/mnt"}, {"source", "/sys"}, {"options", {"rbind", "rro"}}};
  Json const seen = report(ordinary().mount(mount));
  int tree = 0;
  for (auto const& each : seen.at("mounts")) {
    std::string const target = each.at("target");
    if (!target.starts_with("/mnt")) continue;
    ++tree;
    CAPTURE(target);
    std::set<std::string> const options = each.at("options");
    CHECK(options.contains("ro"));
  }
  CHECK(tree > 1);
}

// Nothing else does this: a container that is not what was asked for must not begin.
TEST_CASE("what only a call that is denied can do is refused",
          "[contract:denied][spec:config#linux-mount-options][proa]") {
  Json const tree = {{"destination", "/mnt"}, {"source", "/sys"}, {"options", {"rbind", "rro"}}};
  check_refused("mount_setattr", ordinary().mount(tree), "set flags of the whole tree");
  Json const id = Json::array({{{"containerID", 0}, {"hostID", 1}, {"size", 1}}});
  Json const mapped = {{"destination", "/mnt"},
                       {"source", "rootfs/srv"},
                       {"options", {"bind", "idmap"}},
                       {"uidMappings", id},
                       {"gidMappings", id}};
  Bundle const with_ids = ordinary().directory("srv").mount(mapped);
  for (char const* const call : {"open_tree", "move_mount", "mount_setattr"}) {
    check_refused(call, with_ids, "clone mount of source to map its ids");
  }
}

}  // namespace conformance
