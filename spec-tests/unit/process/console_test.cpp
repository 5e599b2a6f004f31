// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/console.hpp"

#include <signal.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "linux/namespace.hpp"
#include "linux/process.hpp"
#include "linux/tty.hpp"
#include "skip.hpp"
#include "unit/process/child.hpp"
#include "unit/process/tree.hpp"

using namespace proa;

namespace {

/// For a child: the tree with a devpts of its own on pts, as a container's /dev has.
linux::Fd mount_devpts(Tree const& tree) {
  linux::unshare(CLONE_NEWNS).or_fail("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) _exit(1);
  tree.directory("pts");
  if (::mount("devpts", (tree / "pts").c_str(), "devpts", 0, "newinstance,ptmxmode=0666,gid=5") <
      0) {
    _exit(1);
  }
  return linux::open_at(linux::at_cwd, tree.path(), O_PATH | O_DIRECTORY).or_fail("open dev");
}

process::Plan user(uid_t uid) {
  process::Plan plan;
  plan.uid = uid;
  plan.terminal = true;
  return plan;
}

}  // namespace

TEST_CASE("a console is a pty of the container's devpts, of the user's and of the asked size",
          "[spec:config#process][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can mount a devpts");
  Tree tree;
  CHECK(in_child([&] {
          auto const dev = mount_devpts(tree);
          auto plan = user(1000);
          plan.console_size = {10, 110};
          auto const console = process::open_console(dev, plan);
          auto const slave = *linux::stat(console.slave);
          struct ::stat named {};
          ::stat((tree / "pts/0").c_str(), &named);
          auto const size = *linux::window_size(console.slave);
          return fmt::format("{} {} {} {}x{} number {}", named.st_rdev == slave.st_rdev,
                             slave.st_uid, slave.st_gid, size.rows, size.columns,
                             *linux::pty_number(console.master));
        }) == "true 1000 5 10x110 number 0");
}

TEST_CASE("the adopted console is the controlling terminal and all three streams",
          "[spec:config#process][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can mount a devpts");
  Tree tree;
  CHECK(in_child([&] {
          auto const dev = mount_devpts(tree);
          linux::set_session().or_fail("setsid");
          ::signal(SIGHUP, SIG_IGN);  // of the master's end, when this is over
          auto const console = process::open_console(dev, user(0));
          process::adopt_console(console.slave);
          std::string streams;
          for (int const number : {0, 1, 2}) {
            struct ::stat info {};
            ::fstat(number, &info);
            streams += fmt::format("{}:{} {} ", major(info.st_rdev) == 136, minor(info.st_rdev),
                                   ::fcntl(number, F_GETFD));
          }
          return streams + fmt::format("{}", ::tcgetsid(0) == ::getpid());
        }) == "true:0 0 true:0 0 true:0 0 true");
}

TEST_CASE("what is written to the console comes out of the master", "[process][root]") {
  if (!may_mount()) SKIP_BECAUSE("only root can mount a devpts");
  Tree tree;
  CHECK(in_child([&] {
          auto const dev = mount_devpts(tree);
          auto const console = process::open_console(dev, user(0));
          auto const exchange = [&] {
            linux::write_once(console.slave, "a\n").or_fail("write");
            char buffer[16];
            auto const got = ::read(console.master.number(), buffer, sizeof buffer);
            return std::string(buffer, static_cast<std::size_t>(got));
          };
          auto said = exchange();
          auto const mode = linux::terminal_mode(console.master).or_fail("tcgetattr");
          linux::set_terminal_mode(console.master, linux::plain_newline_mode(mode))
              .or_fail("tcsetattr");
          return said + exchange();
        }) == "a\r\na\n");
}

namespace {

std::string opened(Tree const& tree) {
  return in_child([&] {
    process::open_console(tree.dir(), user(0));
    return std::string("opened");
  });
}

/// False where devices can't be made.
bool make_device(Tree const& tree, unsigned major, unsigned minor) {
  tree.directory("pts");
  return ::mknodat(tree.dir().number(), "pts/ptmx", S_IFCHR | 0666, ::makedev(major, minor)) == 0;
}

}  // namespace

TEST_CASE("a ptmx that is a file is refused", "[CVE-2025-52565]") {
  Tree tree;
  tree.directory("pts");
  tree.file("pts/ptmx", 0666);
  CHECK(opened(tree) == "error: container's /dev/pts/ptmx is invalid");
}

TEST_CASE("a ptmx that is another device is refused", "[CVE-2025-52565][root]") {
  Tree tree;
  if (!make_device(tree, 1, 3)) SKIP_BECAUSE("devices can't be made here");
  CHECK(opened(tree) == "error: container's /dev/pts/ptmx is invalid");
}

TEST_CASE("a ptmx that is on no devpts is refused", "[CVE-2025-52565][root]") {
  Tree tree;
  if (!make_device(tree, 5, 2)) SKIP_BECAUSE("devices can't be made here");
  CHECK(opened(tree).starts_with("error: "));
}

TEST_CASE("a ptmx that is a link is not followed", "[CVE-2025-52565]") {
  Tree tree;
  tree.directory("pts");
  tree.link("pts/ptmx", "/dev/ptmx");
  CHECK(opened(tree) == "error: open /dev/pts/ptmx: too many levels of symbolic links");
}

TEST_CASE("without a devpts there is no console", "[process]") {
  Tree tree;
  CHECK(opened(tree) == "error: open /dev/pts/ptmx: no such file or directory");
}
