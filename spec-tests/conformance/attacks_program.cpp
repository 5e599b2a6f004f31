// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Attacks on the runtime's own file, CVE-2019-5736 and its kin: a container has the host's kernel
// execute /proc/self/exe, which is the runtime, keeps a descriptor of it, and writes to it once
// nobody executes it any more.  What is attacked is a copy of the runtime.
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "attacks.hpp"
#include "catch.hpp"

namespace conformance {
namespace {

/// A copy of the runtime that stands in for it while this lives.
class RuntimeCopy {
 public:
  RuntimeCopy() : original_(runtime_path()), path_(scratch() + "/proa") {
    before_ = read_text(original_).value();
    write_text(path_, before_);
    chmod(path_.c_str(), 0755);
    setenv("PROA_RUNTIME", path_.c_str(), 1);
  }
  RuntimeCopy(RuntimeCopy const&) = delete;
  RuntimeCopy& operator=(RuntimeCopy const&) = delete;
  ~RuntimeCopy() { retire(); }

  /// The runtime itself again.
  void retire() const { setenv("PROA_RUNTIME", original_.c_str(), 1); }

  std::string const& path() const { return path_; }
  bool untouched() const { return read_text(path_) == before_; }

  /// For the probe's verb "steal".
  Words identity() const {
    struct stat info {};
    stat(path_.c_str(), &info);
    return {"steal", std::to_string(info.st_dev), std::to_string(info.st_ino)};
  }

  /// The dynamic loader that the file names, if any: an image can bring another one under that
  /// name, and has its own code run in the process that executes the runtime.
  std::string loader() const {
    auto const at = before_.find("/ld-");
    auto const start = before_.rfind('\0', at) + 1;
    if (at == std::string::npos || before_[start] != '/') return {};
    return before_.substr(start + 1, before_.find('\0', at) - start - 1);
  }

 private:
  std::string original_;
  std::string path_;
  std::string before_;
};

/// Containers that were made before this are deleted by the runtime itself: the copy may have been
/// overwritten.
class AtEnd {
 public:
  explicit AtEnd(RuntimeCopy const& copy) : copy_(copy) {}
  AtEnd(AtEnd const&) = delete;
  AtEnd& operator=(AtEnd const&) = delete;
  ~AtEnd() { copy_.retire(); }

 private:
  RuntimeCopy const& copy_;
};

/// An image whose program has the kernel execute whatever executes it.
Bundle hostile(Bundle const& bundle, RuntimeCopy const& copy) {
  Bundle changed = bundle.file("evil", "#!/proc/self/exe\n", 0755);
  if (copy.loader().empty()) return changed;
  return changed.file(copy.loader(), read_text(PROA_STUB).value(), 0755);
}

}  // namespace

TEST_CASE("the program of a container cannot be the runtime",
          "[contract:security][cve:CVE-2019-5736][defence:sealed-program]") {
  RuntimeCopy const copy;
  // Two containers that see each other's processes, as in a pod.
  Running thief(minimal().doing({copy.identity()}));
  Created web(hostile(minimal(), copy).args({"/evil"}));
  AtEnd const clean(copy);
  Result const started = web.start();
  CHECK_FALSE(started.ok());
  if (started.ok() && thief.answer().contains("held")) {
    web.kill("KILL");
    web.wait();
    CHECK(thief.answer().at("errno") != 0);
  }
  CHECK(copy.untouched());
}

TEST_CASE("a process that joins a container cannot be the runtime",
          "[contract:security][cve:CVE-2019-5736][defence:sealed-program]") {
  RuntimeCopy const copy;
  Running thief(hostile(ordinary(), copy).doing({copy.identity()}));
  AtEnd const clean(copy);
  std::string const pid_file = scratch() + "/evil.pid";
  Process call(runtime_command({"exec", "--detach", "--pid-file", pid_file, thief.id(), "/evil"}));
  Result const joined = call.wait();
  CHECK_FALSE(joined.ok());
  if (joined.ok() && thief.answer().contains("held")) {
    pid_t const pid = std::stoi(read_text(pid_file).value());
    kill(pid, SIGKILL);
    wait_for(pid);
    CHECK(thief.answer().at("errno") != 0);
  }
  CHECK(copy.untouched());
}

TEST_CASE("whoever sees the runtime in a container that waits cannot write to it",
          "[contract:security][cve:CVE-2019-5736][defence:sealed-program]") {
  RuntimeCopy const copy;
  Created web(ordinary());
  // Its process tree shared with one that may trace whatever it likes.
  Json const trace = {"CAP_SYS_PTRACE"};
  Running thief(minimal()
                    .with_namespace("pid", "/proc/" + std::to_string(web.pid()) + "/ns/pid")
                    .with("/process/capabilities",
                          {{"bounding", trace}, {"effective", trace}, {"permitted", trace}})
                    .doing({{"steal"}}));
  AtEnd const clean(copy);
  REQUIRE(thief.answer().contains("held"));
  REQUIRE(web.start().ok());
  int const number = thief.answer().at("errno");
  CHECK((number == EROFS || number == EPERM));
  CHECK(copy.untouched());
}

// Without privileges there are no such mounts, and the file may be the user's own, whose containers
// could write to it: then it is a copy in memory.
TEST_CASE("a plain user's containers do not execute the user's own file",
          "[contract:security][cve:CVE-2019-5736][defence:sealed-program]") {
  constexpr uid_t user = 61234;
  std::string const name = std::to_string(user);
  RuntimeCopy const copy;
  Json const map = {{{"containerID", 0}, {"hostID", user}, {"size", 1}}};
  Container web(ordinary()
                    .without_namespace("network")
                    .without_namespace("cgroup")
                    .without_mount("/sys")
                    .with_namespace("user")
                    .with("/linux/uidMappings", map)
                    .with("/linux/gidMappings", map)
                    .with("/linux/cgroupsPath", ""));
  make_directories(state_root());
  run({{"chown", "-R", name + ":" + name, copy.path(), web.bundle(), state_root()}, "", ""});
  Command surroundings;
  surroundings.user = user;
  surroundings.env = {"XDG_RUNTIME_DIR=" + scratch(), "HOME=/"};
  Result const created = web.create_in(surroundings);
  INFO(created.err);
  REQUIRE(created.ok());
  struct stat own {
  }, executed{};
  REQUIRE(stat(copy.path().c_str(), &own) == 0);
  REQUIRE(stat(("/proc/" + std::to_string(web.pid()) + "/exe").c_str(), &executed) == 0);
  CHECK(executed.st_ino != own.st_ino);
}

}  // namespace conformance
