// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What --help prints, word for word: people and scripts read it.

#include "cli/help.hpp"

#include <map>

#include "base/text.hpp"
#include "support.hpp"

namespace proa::cli {

namespace {

constexpr std::string_view main_help = R"(NAME:
   proa - Open Container Initiative runtime

USAGE:
   proa [global options] command [command options] [arguments]

DESCRIPTION:
   Runs containers from OCI bundles: directories with a config.json and a root
   filesystem. Engines call create, start, kill and delete one by one; run does
   all of them.

VERSION:
   @VERSION@

COMMANDS:
   create      create a container
   start       let the process of a created container run
   state       show the state of a container
   kill        send a signal to a container
   delete      delete a container
   run         create, start, wait for and delete a container
   exec        run one more process in a running container
   list        list the containers
   ps          list the processes of a container
   pause       make a container stand still
   resume      let a paused container go on
   update      change the limits of a container
   events      show what a container uses
   spec        write a config.json to start from
   features    show what this build can do
   completion  print a completion script for a shell
   version     show the version
   help        show the help of the program or of one command

GLOBAL OPTIONS:
   --root DIR                                  directory of the state (default: /run/proa, $XDG_RUNTIME_DIR/proa)
   --log FILE                                  append warnings and errors to this file
   --log-format text|json                      form of the log (default: text)
   --log-level error|warning|info|debug        what is logged (default: warning)
   --debug                                     log everything
   --cgroup-manager cgroupfs|systemd|disabled  who makes cgroups (default: cgroupfs)
   --systemd-cgroup                            the same as --cgroup-manager systemd
   --rootless auto|true|false                  do without root's privileges (default: auto)
   --version, -v, -V                           show the version
   --help, -h                                  show this help
)";

constexpr std::string_view create_help = R"(NAME:
   proa create - create a container

USAGE:
   proa create [options] ID

DESCRIPTION:
   Makes the container that the bundle's config.json describes and gives it the
   name ID, which no other container below --root may have. Its process waits:
   start lets it run. The standard streams of this call become the container's.

OPTIONS:
   --bundle DIR, -b DIR     directory of the bundle (default: the working directory)
   --config FILE, -f FILE   read this file instead of the bundle's config.json
   --console-socket SOCKET  AF_UNIX socket that is sent the terminal's master
   --pidfd-socket SOCKET    AF_UNIX socket that is sent a pidfd of the process
   --pid-file FILE          write the number of the process to this file
   --no-pivot               use chroot(2) instead of pivot_root(2), as on a ramdisk
   --no-new-keyring         keep the caller's session keyring
   --preserve-fds N         hand on N descriptors from 3 on to the container
   --no-subreaper           do not adopt processes that lose their parent
   --help, -h               show this help
)";

constexpr std::string_view kill_help = R"(NAME:
   proa kill - send a signal to a container

USAGE:
   proa kill [options] CONTAINER [SIGNAL]

DESCRIPTION:
   Sends SIGNAL, a name or a number, to the container's first process; TERM
   where none is given. Options stand before CONTAINER.

OPTIONS:
   --all, -a   signal every process of the container
   --help, -h  show this help
)";

constexpr std::string_view list_help = R"(NAME:
   proa list - list the containers

USAGE:
   proa list [options]

DESCRIPTION:
   Shows the containers below --root in the order of their ids.

OPTIONS:
   --format table|json, -f table|json  form of the list (default: table)
   --quiet, -q                         print the ids only
   --help, -h                          show this help
)";

/// With the version that --version tells.
std::string with_version(std::string_view help) {
  auto const line = version_text("proa");
  auto const version = line.substr(13, line.find('\n') - 13);
  std::string text(help);
  constexpr std::string_view mark = "@VERSION@";
  return text.replace(text.find(mark), mark.size(), version);
}

}  // namespace

TEST_CASE("the help of the program is as it was", "[cli][help]") {
  CHECK(proa({"--help"}).out == with_version(main_help));
}

TEST_CASE("the help of a command is as it was", "[cli][help]") {
  CHECK(proa({"create", "--help"}).out == create_help);
  CHECK(proa({"kill", "--help"}).out == kill_help);
  CHECK(proa({"list", "--help"}).out == list_help);
}

TEST_CASE("help can be asked for in every way", "[cli][help]") {
  auto const expected = proa({"--help"});
  CHECK(expected.status == 0);
  CHECK(expected.err.empty());
  for (auto const& line : {std::vector<char const*>{}, {"-h"}, {"help"}, {"--debug", "-h"}}) {
    CHECK(proa(line).out == expected.out);
    CHECK(proa(line).status == 0);
  }
  CHECK(proa({"help", "kill"}).out == kill_help);
  CHECK(proa({"kill", "-h"}).out == kill_help);
  CHECK(proa({"kill", "web", "--help"}).status == 1);
}

TEST_CASE("help shows the name that the program is called by", "[cli][help][engine]") {
  auto const result = proa({"--help"}, "runc");
  auto const lines = text::split(result.out, '\n');
  CHECK(lines[0] == "NAME:");
  CHECK(lines[1] == "   runc - Open Container Initiative runtime");
  for (auto const* command : commands()) {
    auto const name = std::string(command->name);
    auto const text = proa({name.c_str(), "-h"}, "runc").out;
    CHECK(text.starts_with("NAME:\n   runc " + name + " - "));
  }
}

TEST_CASE("the help of every command lists its options", "[cli][help]") {
  for (auto const* command : commands()) {
    auto const text = help("proa", *command);
    INFO(text);
    for (auto const& option : command->options) {
      CHECK_THAT(text, ContainsSubstring("   --" + std::string(option.name)));
      CHECK_THAT(text, ContainsSubstring(std::string(option.help)));
      for (char letter : option.letters) {
        CHECK_THAT(text, ContainsSubstring(std::string(", -") + letter));
      }
    }
    CHECK_THAT(text, ContainsSubstring("   --help, -h"));
  }
}

TEST_CASE("help fits a terminal of 80 columns but for the options", "[cli][help]") {
  for (auto const* command : commands()) {
    for (auto line : text::split(command->description, '\n')) CHECK(line.size() <= 77);
    CHECK(command->summary.size() <= 60);
  }
}

}  // namespace proa::cli
