// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The words of a command line that callers count on: every option of runc, and those of crun that
// engines pass; in each of the forms in which Go's and C's programs write them.
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "catch.hpp"
#include "harness/callers.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

Words split(std::string const& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Result bare(Words const& words) {
  Words argv = {runtime_path()};
  argv.insert(argv.end(), words.begin(), words.end());
  return run({argv, "", ""});
}

mode_t mode_of(std::string const& path) {
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

}  // namespace

// --- 2.1 global options --------------------------------------------------------------------------

TEST_CASE("every global option is taken, with a space and with an equals sign, and twice",
          "[contract:2.1/global]") {
  if (!is_proa()) SKIP_BECAUSE("no other runtime has them all");
  std::string const log = scratch() + "/log";
  auto const text = GENERATE(as<std::string>(), "--debug", "--log LOG", "--log=LOG",
                             "--log-format json", "--log-format=text", "--systemd-cgroup",
                             "--cgroup-manager cgroupfs", "--cgroup-manager disabled",
                             "--rootless=false", "--rootless true", "--log-level error");
  CAPTURE(text);
  Words words = split(text);
  for (auto& word : words) {
    if (auto const at = word.find("LOG"); at != word.npos) word.replace(at, 3, log);
  }
  Created web(ordinary());
  Words twice = {"--root=" + state_root(), "--root=" + state_root()};
  for (int turn = 0; turn < 2; ++turn) twice.insert(twice.end(), words.begin(), words.end());
  twice.insert(twice.end(), {"state", web.id()});
  Result const result = bare(twice);
  INFO(result.err);
  CHECK(result.ok());
  CHECK(Json::parse(result.out).at("id") == web.id());
}

TEST_CASE("the root of the host is no state directory", "[contract:2.1/root]") {
  CHECK(bare({"--root", "/", "state", "web"}).status == 1);
  CHECK(bare({"--root=//", "list"}).status == 1);
}

// XDG Base Directory Specification: what has no sticky bit there may be cleaned away.
TEST_CASE("a plain user's state is in XDG_RUNTIME_DIR, where nobody cleans it away",
          "[contract:2.1/xdg]") {
  if (!is_proa()) SKIP_BECAUSE("every runtime has a name of its own for it");
  std::string const place = scratch() + "/plain";
  std::string const home = scratch() + "/user";
  constexpr uid_t user = 61236;
  rootless(user).doing({{"exit", "3"}}).write(place);
  make_directories(home);
  run({{"chown", "-R", std::to_string(user), place, home}, "", ""});
  Command command{{runtime_path(), "run", "--bundle", place, "web"}, "", ""};
  command.user = user;
  command.env = {"XDG_RUNTIME_DIR=" + home};
  CHECK(run(command).status == 3);
  CHECK(mode_of(home + "/proa") == 01700);
}

TEST_CASE("a log may be called a file, and is its owner's to write", "[contract:2.1/log]") {
  if (!is_proa()) SKIP_BECAUSE("crun alone has file:");
  std::string const log = scratch() + "/log";
  CHECK(bare({"--log", "file:" + log, "--root", state_root(), "state", "nobody"}).status == 1);
  CHECK_THAT(read_text(log).value_or(""), ContainsSubstring("container does not exist"));
  CHECK((mode_of(log) & 0133) == 0);
}

TEST_CASE("a log of the daemon is no file", "[contract:2.1/log-daemon]") {
  if (!is_proa()) SKIP_BECAUSE("runc has no such logs");
  for (std::string const name : {"journald:web", "syslog:web"}) {
    Command command = runtime_command({"--log", name, "state", "nobody"});
    command.cwd = scratch();
    Result const result = run(command);
    CHECK_THAT(result.err, ContainsSubstring("container does not exist"));
    CHECK_FALSE(exists(scratch() + "/" + name));
  }
}

TEST_CASE("with --debug every line of the log is JSON, and the last one is the error",
          "[contract:2.1/debug]") {
  Words const unknown = {"CAP_NO_SUCH_THING"};  // a warning
  Container web(ordinary().with("/process/capabilities", {{"bounding", unknown}}).args({"nosuch"}));
  proa(shim_words({"--debug", "create", "--bundle", web.bundle(), web.id()}));
  std::istringstream lines(read_text(log_file()).value_or(""));
  Json entry;
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    REQUIRE_NOTHROW(entry = Json::parse(line));
    for (char const* key : {"level", "msg", "time"}) CHECK(entry.at(key).is_string());
  }
  CHECK(count > 1);
  CHECK(entry.at("level") == "error");
}

TEST_CASE("the version and the help have their letters", "[contract:2.1/letters]") {
  for (char const* word : {"-v", "--version"}) CHECK(bare({word}).out == bare({"--version"}).out);
  for (char const* word : {"-h", "--help"}) CHECK(bare({word}).out == bare({"--help"}).out);
  if (is_proa()) CHECK(bare({"-V"}).out == bare({"--version"}).out);
}

TEST_CASE("a value may begin with a dash", "[contract:2.1/dash-value]") {
  Running web(ordinary());
  CHECK_THAT(proa("exec", "--env", "-A=1", "-e", "--B=2", web.id(), "/probe", "report").out,
             ContainsSubstring("\"-A=1\"") && ContainsSubstring("\"--B=2\""));
  if (!cgroup_directory("cpu", "/")) return;
  CHECK(proa("update", "--cpu-quota", "-1", web.id()).ok());
}

TEST_CASE("options end at the id where words of others may follow", "[contract:2.1/end]") {
  Running web(ordinary());
  // `ps ID -o pid` is [contract:2.3/ps-options].
  CHECK_THAT(proa("exec", web.id(), "/probe", "say", "1", "--detach").out,
             ContainsSubstring("--detach"));
  CHECK_THAT(proa("exec", web.id(), "/probe", "say", "1", "-t").out, ContainsSubstring("-t"));
  Result const result = proa("kill", web.id(), "--all");
  CHECK(result.status == 1);
  CHECK_THAT(result.error(), ContainsSubstring("--all"));
  CHECK(web.status() == "running");
}

// --- 2.2 commands and options --------------------------------------------------------------------

// --help is read like every option, and what stands before it has to be known.
TEST_CASE("every option of every command is known", "[contract:2.2/options][proa]") {
  if (!is_proa()) SKIP_BECAUSE("no other runtime has them all");
  struct Row {
    char const* command;
    char const* options;
  };
  constexpr Row rows[] = {
      {"create",
       "-b D --bundle D -f F --config F --console-socket S --pidfd-socket S --pid-file F "
       "--no-pivot --no-new-keyring --preserve-fds 1 --no-subreaper"},
      {"run",
       "-b D --bundle D -f F --config F --console-socket S --pidfd-socket S --pid-file F "
       "--no-pivot --no-new-keyring --preserve-fds 1 --no-subreaper -d --detach --keep"},
      {"start", ""},
      {"state", ""},
      {"kill", "-a --all"},
      {"delete", "-f --force"},
      {"exec",
       "--console-socket S --pidfd-socket S --cwd D -e A=B --env A=B -t --tty -u 1:2 --user 1 "
       "-g 1 --additional-gids 1 -p F --process F -d --detach --pid-file F --process-label L "
       "--apparmor P --no-new-privs -c CAP_KILL --cap CAP_KILL --preserve-fds 1 --cgroup /x "
       "--cgroup pids:y --ignore-paused"},
      {"list", "-f json --format table -q --quiet"},
      {"ps", "-f json --format table"},
      {"pause", ""},
      {"resume", ""},
      {"update",
       "-r F --resources - --blkio-weight 10 --cpu-period 1 --cpu-quota 1 --cpu-burst 1 "
       "--cpu-share 2 --cpu-rt-period 1 --cpu-rt-runtime 1 --cpuset-cpus 0 --cpuset-mems 0 "
       "--memory 1 --memory-reservation 1 --memory-swap 1 --cpu-idle 1 --pids-limit 1 "
       "--l3-cache-schema L3:0=f --mem-bw-schema MB:0=20 --kernel-memory 1 "
       "--kernel-memory-tcp 1"},
      {"events", "--interval 5s --stats"},
      {"spec", "-b D --bundle D --rootless"},
      {"features", ""},
  };
  for (auto const& row : rows) {
    CAPTURE(row.command);
    Words words = split(row.options);
    words.insert(words.begin(), row.command);
    words.push_back("--help");
    Result const result = bare(words);
    INFO(result.err);
    CHECK(result.ok());
    CHECK_THAT(result.out, ContainsSubstring(row.command));
  }
}

}  // namespace conformance
