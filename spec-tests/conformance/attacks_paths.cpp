// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Attacks by what an image brings along: links and false files where the runtime mounts, writes and
// looks.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "attacks.hpp"
#include "catch.hpp"
#include "harness/console.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Bundle without_dev(Bundle const& bundle) {
  return bundle.without_mount("/dev/pts")
      .without_mount("/dev/shm")
      .without_mount("/dev/mqueue")
      .without_mount("/dev");
}

/// What is in a directory, at any depth.
std::string contents_of(std::string const& directory) {
  return run({{"find", directory, "-mindepth", "1"}, "", ""}).out;
}

}  // namespace

TEST_CASE("a root whose /proc or /sys is a link is refused",
          "[contract:security][cve:CVE-2019-19921][cve:CVE-2023-27561][cve:CVE-2023-28642]"
          "[cve:CVE-2025-54867][defence:no-link-at-proc]") {
  for (std::string const name : {"proc", "sys"}) {
    for (char const* target : {"/tmp", "tmp", "/proc", "dev"}) {
      CAPTURE(name, target);
      check_words(refusal(ordinary().link(name, target)), "/" + name);
    }
  }
}

TEST_CASE("links in the image never lead out of it",
          "[contract:security][cve:CVE-2015-1335][cve:CVE-2019-18837][cve:CVE-2026-47766]"
          "[cve:CVE-2026-41579][cve:CVE-2024-45310][defence:in-root]") {
  std::string const outside = scratch() + "/outside";
  make_directories(outside);
  for (std::string const& target : {outside, "../../../../../../../../.." + outside}) {
    CAPTURE(target);
    Container web(
        without_dev(ordinary())
            .link("dev", target)
            .link("mnt", target)
            .mount({{"destination", "/mnt/sub"}, {"type", "tmpfs"}, {"source", "tmpfs"}}));
    web.create();
    CHECK(std::string_view(read_text("/proc/self/mountinfo").value()).find(outside) ==
          std::string_view::npos);
    proa("delete", "--force", web.id());
    CHECK(contents_of(outside).empty());
  }
}

TEST_CASE("nothing is mounted over what the runtime reads and writes in /proc",
          "[contract:security][cve:CVE-2019-16884][cve:CVE-2025-52881][cve:CVE-2025-62596]"
          "[defence:nothing-over-proc]") {
  auto const tmpfs = [](char const* destination) {
    return Json{{"destination", destination}, {"type", "tmpfs"}, {"source", "tmpfs"}};
  };
  for (char const* place : {"/proc/self/attr", "/proc/sys/kernel", "/proc/self", "/proc/1/attr"}) {
    CAPTURE(place);
    check_words(refusal(ordinary().mount(tmpfs(place))), "/proc");
  }
  // By a link of the image, which the destination's own text does not tell.
  for (char const* target : {"/proc/self/attr", "../proc/sys/kernel", "/proc"}) {
    CAPTURE(target);
    check_words(refusal(ordinary().link("mnt/in", target).mount(tmpfs("/mnt/in"))), "/proc");
  }
}

TEST_CASE("a volume that says that it is /proc has to be one",
          "[contract:security][cve:CVE-2019-16884]") {
  std::string const place = scratch() + "/fake";
  make_directories(place + "/self/attr");
  check_words(refusal(ordinary().without_mount("/proc").mount(volume(place, "/proc"))), "/proc");
}

// The container's own /dev/null is not what masks a path.
TEST_CASE("a false /dev/null does not unmask",
          "[contract:security][cve:CVE-2025-31133][cve:CVE-2025-62161][defence:null-device]") {
  std::string const place = scratch() + "/dev";
  make_directories(place);
  write_text(place + "/target", "host file");
  REQUIRE(symlink("/dev/target", (place + "/null").c_str()) == 0);
  Bundle const bundle = without_dev(ordinary())
                            .mount(volume(place, "/dev"))
                            .file("etc/secret", "secret")
                            .with("/linux/maskedPaths", Json::array({"/etc/secret"}))
                            .doing({{"read", "/etc/secret"}});
  Container web(bundle);
  if (web.create().ok() && web.start().ok()) {
    CHECK(web.answer().at("text") == "");
    web.wait();
  }
  CHECK(read_text(place + "/target") == "host file");
}

// NFS with root_squash and FUSE without allow_other keep root out, and let others in.
TEST_CASE("a path that root does not reach is not left without its mask", "[contract:security]") {
  // The root of a hierarchy may be closed to whoever lacks these capabilities.
  for (auto const& path : cgroup_directories(cgroup_parent())) make_directories(path);
  Bundle const closed = ordinary().directory("srv", 0700).file("srv/secret", "secret");
  for (char const* list : {"/linux/maskedPaths", "/linux/readonlyPaths"}) {
    CAPTURE(list);
    Container web(closed.with(list, Json::array({"/srv/secret"})));
    REQUIRE(chown((web.rootfs() + "/srv").c_str(), 1000, 1000) == 0);
    Command command = runtime_command({"create", "--bundle", web.bundle(), web.id()});
    command.argv.insert(command.argv.begin(),
                        {"setpriv", "--bounding-set", "-dac_override,-dac_read_search"});
    Result const created = run(command);
    CHECK_FALSE(created.ok());
    check_words(created.error(), "path /srv/secret: open: permission denied");
  }
}

// It names what the runtime mounts on where it has only calls that take paths.
TEST_CASE("what a joined mount namespace has for /proc is not believed",
          "[contract:security][contract:denied]") {
  std::string const fake = scratch() + "/fake";
  make_directories(fake + "/self/fd");
  Process holder({{"unshare", "--mount", "sh", "-c",
                   "mount --bind \"$0\" /proc && exec \"$1\" pause", fake, probe_path()},
                  "",
                  ""});
  REQUIRE(holder.line().has_value());
  std::string const place = "/proc/" + std::to_string(holder.pid()) + "/ns/mnt";
  Denial const denial("ENOSYS", "open_tree");
  check_words(refusal(ordinary().with_namespace("mount", place)),
              "open /proc: operation not supported");
}

// The hook stands for a container that runs already, on the same root directory: whoever is in
// another mount namespace can move what a mount stands on.
TEST_CASE("a path is not masked in a directory that has taken the place of /proc",
          "[contract:security][proa]") {
  std::string const move =
      R"sh(cd "$(sed 's/.*"bundle":"\([^"]*\)".*/\1/')/rootfs" && mv proc moved && mkdir proc)sh";
  Json const hook = {{"path", "/bin/sh"}, {"args", {"sh", "-c", move}}};
  for (char const* list : {"/linux/maskedPaths", "/linux/readonlyPaths"}) {
    CAPTURE(list);
    Bundle const bundle = ordinary().with("/hooks/createRuntime", Json::array({hook}));
    check_words(refusal(bundle.with(list, Json::array({"/proc/keys"}))), "was moved meanwhile");
  }
}

// A devpts of the image's making: the multiplexer leads to another, the terminal to a file.
TEST_CASE("a false /dev/pts gives no file for a console",
          "[contract:security][cve:CVE-2025-52565][defence:console-is-ours]") {
  std::string const place = scratch() + "/pts";
  make_directories(place);
  REQUIRE(symlink("../real/ptmx", (place + "/ptmx").c_str()) == 0);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(symlink("/etc/secret", (place + "/" + std::to_string(i)).c_str()) == 0);
  }
  Bundle const bundle = ordinary()
                            .without_mount("/dev/pts")
                            .mount({{"destination", "/dev/real"},
                                    {"type", "devpts"},
                                    {"source", "devpts"},
                                    {"options", {"newinstance", "ptmxmode=0666"}}})
                            .mount(volume(place, "/dev/pts"))
                            .file("etc/secret", "secret")
                            .with("/process/terminal", true)
                            .doing({{"stat", "/dev/console"}});
  ConsoleSocket console;
  Container web(bundle);
  Result const created = web.create({"--console-socket", console.path()});
  if (!created.ok()) {
    check_words(created.error(), "/dev/pts/ptmx");
    return;
  }
  Fd const master = console.receive();
  REQUIRE(web.start().ok());
  std::string const text = read_terminal(master.get());
  web.wait();
  CHECK(said_of("stat", text).at("type") == S_IFCHR);
}

TEST_CASE("a link at /dev/console is not followed",
          "[contract:security][cve:CVE-2025-52565][defence:console-is-ours]") {
  std::string const place = scratch() + "/dev";
  make_directories(place + "/pts");
  REQUIRE(symlink("/etc/covered", (place + "/console").c_str()) == 0);
  Bundle const bundle = without_dev(ordinary())
                            .mount(volume(place, "/dev"))
                            .mount({{"destination", "/dev/pts"},
                                    {"type", "devpts"},
                                    {"source", "devpts"},
                                    {"options", {"newinstance", "ptmxmode=0666"}}})
                            .file("etc/covered", "")
                            .with("/process/terminal", true);
  ConsoleSocket console;
  Container web(bundle);
  Result const created = web.create({"--console-socket", console.path()});
  if (!created.ok()) return check_words(created.error(), "console");
  auto const mounts = read_text("/proc/" + std::to_string(web.pid()) + "/mountinfo").value();
  CHECK_THAT(mounts, ContainsSubstring(" /dev/pts "));
  CHECK_THAT(mounts, !ContainsSubstring(" /etc/covered "));
}

// Where no sysfs may be mounted the host's is bound: with all that is mounted below it.
TEST_CASE("the host's /sys is read-only in a container to its last mount",
          "[contract:security][cve:CVE-2023-25809][defence:whole-sys-readonly]") {
  if (denied({"mount_setattr"})) SKIP_BECAUSE("the call that does it is denied");
  Bundle const bundle = userns().without_namespace("network").without_namespace("cgroup");
  Json const answer = inside(bundle, {{"statfs", "/sys/fs/cgroup"}}).front();
  REQUIRE(answer.at("errno") == 0);
  CHECK((answer.at("flags").get<unsigned long>() & ST_RDONLY) != 0);
}

}  // namespace conformance
