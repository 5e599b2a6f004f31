// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#posix-platform-hooks and the steps of runtime.md#lifecycle that call them.  A hook here
// is the probe: it leaves a record of its call, a line of JSON, in a file.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "catch.hpp"
#include "harness/container.hpp"
#include "skip.hpp"

namespace conformance {
namespace {

constexpr char const* points[] = {"prestart",       "createRuntime", "createContainer",
                                  "startContainer", "poststart",     "poststop"};

/// Where the records are: on the host, and bound into the container as /trace.
std::string trace_directory() { return scratch() + "/trace"; }

/// A hook that records `name` and ends with `ending` ("0", "3", "hang").
Json hook(std::string const& point, std::string const& name, std::string const& ending = "0") {
  bool const inside_container = point == "startContainer";
  std::string const file = (inside_container ? "/trace" : trace_directory()) + "/records";
  return {{"path", inside_container ? "/probe" : probe_path()},
          {"args", {"probe", "hook", name, file, ending}}};
}

Bundle traced() {
  make_directories(trace_directory());
  return ordinary().mount({{"destination", "/trace"},
                           {"type", "none"},
                           {"source", trace_directory()},
                           {"options", {"bind"}}});
}

Bundle with_hook(Bundle const& bundle, std::string const& point, Json const& entry) {
  return bundle.with("/hooks/" + point, Json::array({entry}));
}

/// One hook at each point; the program records itself as well.
Bundle with_every_hook() {
  Bundle bundle = traced();
  for (std::string const point : points) bundle = with_hook(bundle, point, hook(point, point));
  return bundle.args({"/probe", "hook", "program", "/trace/records"});
}

std::vector<Json> records() {
  std::vector<Json> found;
  std::istringstream lines(read_text(trace_directory() + "/records").value_or(""));
  for (std::string line; std::getline(lines, line);) found.push_back(Json::parse(line));
  return found;
}

Words names() {
  Words found;
  for (auto const& record : records()) found.push_back(record.at("hook"));
  return found;
}

Json state_of(std::string const& name) {
  for (auto const& record : records()) {
    if (record.at("hook") == name) return Json::parse(record.at("stdin").get<std::string>());
  }
  return nullptr;
}

Json record_of(std::string const& name) {
  for (auto const& record : records()) {
    if (record.at("hook") == name) return record;
  }
  return nullptr;
}

void check_state_at_start(Bundle const& bundle) {
  Created web(with_hook(bundle, "startContainer", hook("startContainer", "startContainer"))
                  .doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  Json const state = state_of("startContainer");
  REQUIRE(state.is_object());
  CHECK(state.at("id") == web.id());
}

}  // namespace

TEST_CASE("hooks run at their points of the lifecycle", "[spec:runtime#lifecycle][MUST]") {
  Created web(with_every_hook());
  CHECK(names() == Words{"prestart", "createRuntime", "createContainer"});
  Fd const init = pidfd_of(web.pid());
  REQUIRE(web.start().ok());
  REQUIRE(ended(init.get()));
  web.wait();
  Words const after_start = names();
  REQUIRE(after_start.size() == 6);
  CHECK(after_start[3] == "startContainer");
  // The program and the poststart hook run side by side.
  CHECK(Words(after_start.begin() + 4, after_start.end()) != Words{"program", "program"});
  REQUIRE(web.remove().ok());
  REQUIRE(names().size() == 7);
  CHECK(names().back() == "poststop");
}

TEST_CASE("hooks of one point run in the listed order",
          "[spec:config#posix-platform-hooks][MUST]") {
  Bundle bundle = traced();
  for (std::string const point : points) {
    bundle = bundle.with("/hooks/" + point, {hook(point, point + " 1"), hook(point, point + " 2"),
                                             hook(point, point + " 3")});
  }
  Created web(bundle.doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  REQUIRE(web.remove().ok());
  Words expected;
  for (std::string const point : points) {
    for (char const* number : {" 1", " 2", " 3"}) expected.push_back(point + number);
  }
  CHECK(names() == expected);
}

TEST_CASE("each hook gets the state on its standard input",
          "[spec:config#posix-platform-hooks][MUST]") {
  Bundle const bundle =
      with_every_hook().with({{"annotations", {{"com.example.key", "value"}}}}).doing({{"pause"}});
  Running web(bundle);
  pid_t const pid = web.pid();
  for (std::string const point : points) {
    if (point == "poststop") continue;
    CAPTURE(point);
    Json const state = state_of(point);
    REQUIRE(state.is_object());
    CHECK(state.at("id") == web.id());
    CHECK(state.at("bundle") == web.bundle());
    CHECK(state.at("annotations").at("com.example.key") == "value");
    CHECK(state.at("ociVersion").get<std::string>().starts_with("1."));
    // In the container's pid namespace the first process is 1.
    bool const inside_container = point == "createContainer" || point == "startContainer";
    CHECK((state.at("pid") == pid || (inside_container && state.at("pid") == 1)));
  }
  CHECK(state_of("createContainer").at("pid") == 1);
  CHECK(state_of("startContainer").at("pid") == 1);
  // `creating` is step 2, `created` begins when the create operation has finished: the hooks of
  // steps 3 to 5 stand between.
  for (char const* point : {"prestart", "createRuntime", "createContainer"}) {
    Json const status = state_of(point).at("status");
    CHECK((status == "creating" || status == "created"));
  }
  CHECK(state_of("startContainer").at("status") == "created");
  CHECK(state_of("poststart").at("status") == "running");
}

TEST_CASE("a startContainer hook gets the state where the container has no /proc",
          "[spec:config#posix-platform-hooks][MUST][proa]") {
  if (!is_proa()) SKIP_BECAUSE("runc and crun need a /proc");
  check_state_at_start(traced().without_mount("/proc"));
}

TEST_CASE("a /proc that the image has made says nothing to a startContainer hook",
          "[spec:config#posix-platform-hooks][MUST][proa]") {
  if (!is_proa()) SKIP_BECAUSE("runc and crun need a /proc");
  Bundle bundle = traced().without_mount("/proc");
  for (int number = 0; number < 64; ++number) {
    bundle = bundle.file("proc/self/fd/" + std::to_string(number), R"({"id": "forged"})");
  }
  check_state_at_start(bundle);
}

TEST_CASE("in a pid namespace that was there the pid is the one seen from in there",
          "[spec:runtime#state][MUST]") {
  Running pod(ordinary());
  std::string const tree = "/proc/" + std::to_string(pod.pid()) + "/ns/pid";
  Bundle bundle = traced().with_namespace("pid", tree);
  for (char const* point : {"createRuntime", "createContainer", "startContainer"}) {
    bundle = with_hook(bundle, point, hook(point, point));
  }
  Running web(bundle);
  CHECK(state_of("createRuntime").at("pid") == web.pid());
  int const inside = state_of("createContainer").at("pid");
  CHECK(inside > 1);
  CHECK(inside != web.pid());
  CHECK(state_of("startContainer").at("pid") == inside);
}

TEST_CASE("a state may be large", "[spec:config#posix-platform-hooks][MUST]") {
  Bundle bundle = traced().with({{"annotations", {{"large", std::string(200000, 'x')}}}});
  for (char const* point : {"createContainer", "startContainer"}) {
    bundle = with_hook(bundle, point, hook(point, point));
  }
  Running web(bundle);
  for (char const* point : {"createContainer", "startContainer"}) {
    CAPTURE(point);
    CHECK(state_of(point).at("annotations").at("large").get<std::string>().size() == 200000);
  }
}

TEST_CASE("run's container is created, and not running, until its program begins",
          "[spec:runtime#state][MUST]") {
  Bundle bundle = traced();
  std::string const first = trace_directory() + "/first", second = trace_directory() + "/second";
  REQUIRE(mkfifo(first.c_str(), 0600) == 0);
  REQUIRE(mkfifo(second.c_str(), 0600) == 0);
  Json hooks = Json::array();
  for (char const* fifo : {"/trace/first", "/trace/second"}) {
    hooks.push_back({{"path", "/probe"}, {"args", {"probe", "write", fifo, "x"}}});
  }
  Container web(bundle.with("/hooks/startContainer", hooks).doing({{"exit", "7"}}));
  Fd const begun(open(first.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Process call(runtime_command({"run", "--bundle", web.bundle(), web.id()}));
  REQUIRE(wait_readable(begun.get()));
  // The second hook waits for a reader.
  CHECK(web.status() == "created");
  Fd const go_on(open(second.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(call.wait().status == 7);
}

TEST_CASE("a poststop hook sees a stopped container", "[spec:runtime#state][MUST]") {
  Created web(with_every_hook().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  REQUIRE(web.remove().ok());
  Json const state = state_of("poststop");
  CHECK(state.at("id") == web.id());
  CHECK(state.at("status") == "stopped");
  CHECK(state.at("bundle") == web.bundle());
}

TEST_CASE("hooks run in the namespaces that the spec says",
          "[spec:config#posix-platform-hooks][MUST]") {
  Running web(with_every_hook().doing({{"pause"}}));
  REQUIRE(proa("delete", "--force", web.id()).ok());
  web.wait();
  auto const container_net = record_of("startContainer").at("namespaces").at("net");
  CHECK(container_net != own_namespace("net"));
  for (char const* point : {"prestart", "createRuntime", "poststart", "poststop"}) {
    CAPTURE(point);
    Json const seen = record_of(point).at("namespaces");
    for (char const* kind : {"mnt", "net", "pid", "uts", "ipc"}) {
      CAPTURE(kind);
      CHECK(seen.at(kind) == own_namespace(kind));
    }
  }
  Json const create_container = record_of("createContainer").at("namespaces");
  CHECK(create_container.at("net") == container_net);
  CHECK(create_container.at("mnt") == record_of("startContainer").at("namespaces").at("mnt"));
}

TEST_CASE("a createContainer hook sees the mounts and not yet the new root",
          "[spec:config#createContainer-hooks][MUST]") {
  Bundle const bundle = traced();
  // The path resolves outside, and so does the file it writes to; the container's mounts are there.
  Created web(with_hook(bundle, "createContainer",
                        {{"path", "/bin/sh"},
                         {"args",
                          {"sh", "-c", "grep -c 'rootfs/proc proc' /proc/self/mounts >\"$0\"",
                           trace_directory() + "/count"}}}));
  CHECK(read_text(trace_directory() + "/count") == "1\n");
}

TEST_CASE("a startContainer hook runs in the container",
          "[spec:config#startContainer-hooks][MUST]") {
  Bundle const bundle = traced().file("etc/motd", "inside");
  Created web(with_hook(bundle, "startContainer",
                        {{"path", "/probe"}, {"args", {"probe", "write", "/etc/seen", "yes"}}})
                  .doing({{"exit", "0"}}));
  CHECK_FALSE(exists(web.rootfs() + "/etc/seen"));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(read_text(web.rootfs() + "/etc/seen") == "yes");
}

TEST_CASE("a hook has the environment of its entry and no other",
          "[spec:config#posix-platform-hooks][MUST]") {
  Bundle bundle = traced();
  for (std::string const point : points) {
    Json entry = hook(point, point);
    entry["env"] = {"A=1", "POINT=at " + point};
    bundle = with_hook(bundle, point, entry);
  }
  Created web(bundle.doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  REQUIRE(web.remove().ok());
  for (std::string const point : points) {
    CAPTURE(point);
    CHECK(record_of(point).at("env") == Json{"A=1", "POINT=at " + point});
  }
}

// crun hands its own environment on.
TEST_CASE("a hook without env has none of the caller's", "[contract:hooks]") {
  Container web(with_hook(traced(), "createRuntime", hook("createRuntime", "createRuntime")));
  Command caller;
  caller.env = {"LEAKED=secret"};
  REQUIRE(web.create_in(caller).ok());
  Json const record = record_of("createRuntime");
  CHECK(record.at("env").is_array());
  for (auto const& entry : record.at("env")) CHECK(entry != "LEAKED=secret");
}

TEST_CASE("a failing hook of create fails it and leaves nothing",
          "[spec:runtime#lifecycle][MUST]") {
  for (std::string const point : {"prestart", "createRuntime", "createContainer"}) {
    CAPTURE(point);
    Bundle const bundle = with_hook(traced(), point, hook(point, point, "3"));
    std::string const said = refusal(with_hook(bundle, "poststop", hook("poststop", "poststop")));
    check_words(said, "error running " + point + " hook #0");
    // Step 12 and 13: what was made is undone, and then the poststop hooks run.
    CHECK(names() == Words{point, "poststop"});
    remove_tree(trace_directory());
  }
}

TEST_CASE("after a failing hook the next ones do not run", "[spec:runtime#lifecycle][MUST]") {
  Bundle const bundle = traced().with("/hooks/createRuntime", {hook("createRuntime", "first", "3"),
                                                               hook("createRuntime", "second")});
  refusal(with_hook(bundle, "createContainer", hook("createContainer", "third")));
  CHECK(names() == Words{"first"});
}

TEST_CASE("a failing startContainer hook fails start and stops the container",
          "[spec:runtime#lifecycle][MUST]") {
  Bundle const bundle =
      with_hook(traced(), "startContainer", hook("startContainer", "startContainer", "3"));
  Created web(with_hook(bundle, "poststop", hook("poststop", "poststop"))
                  .args({"/probe", "hook", "program", "/trace/records"}));
  Result const result = web.start();
  CHECK(result.status > 0);
  web.wait();
  Words const ran = names();
  CHECK(std::count(ran.begin(), ran.end(), "program") == 0);
  if (is_proa()) {
    CHECK_THAT(result.error(), ContainsSubstring("error running startContainer hook #0"));
    CHECK(ran == Words{"startContainer", "poststop"});
    CHECK(web.left_behind().empty());
  }
}

// runc before 1.5 and crun before 1.27 go on.
TEST_CASE("a failing poststart hook fails start and stops the container",
          "[spec:runtime#lifecycle][MUST]") {
  Bundle const bundle = with_hook(traced(), "poststart", hook("poststart", "poststart", "3"));
  Created web(with_hook(bundle, "poststop", hook("poststop", "poststop")));
  Fd const init = pidfd_of(web.pid());
  Result const result = web.start();
  CHECK(result.status > 0);
  CHECK(ended(init.get()));
  web.wait();
  CHECK(names() == Words{"poststart", "poststop"});
  CHECK(web.left_behind().empty());
}

// runc reports an error.
TEST_CASE("a failing poststop hook is a warning and the next ones run",
          "[spec:runtime#lifecycle][MUST]") {
  Bundle const bundle = traced().with("/hooks/poststop",
                                      {hook("poststop", "first", "3"), hook("poststop", "second")});
  Created web(bundle.doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(web.remove().status == 0);
  CHECK(names() == Words{"first", "second"});
  CHECK(web.left_behind().empty());
}

TEST_CASE("a hook that cannot be executed fails create", "[spec:runtime#lifecycle][MUST]") {
  refusal(with_hook(traced(), "createRuntime", {{"path", "/no/such/hook"}}));
}

TEST_CASE("a hook has to have an absolute path", "[spec:config#posix-platform-hooks][MUST]") {
  for (std::string const point : points) {
    CAPTURE(point);
    refusal(with_hook(traced(), point, {{"path", "bin/true"}}));
  }
}

TEST_CASE("a hook that takes longer than its timeout is ended",
          "[spec:config#posix-platform-hooks][MUST]") {
  for (std::string const point : points) {
    CAPTURE(point);
    Json entry = hook(point, point, "hang");
    entry["timeout"] = 1;
    Container web(with_hook(traced(), point, entry).doing({{"pause"}}));
    auto const before = std::chrono::steady_clock::now();
    Result result = web.create();
    if (result.ok()) result = web.start();
    if (result.ok()) result = proa("delete", "--force", web.id());
    auto const after = std::chrono::steady_clock::now();
    CHECK(after - before >= std::chrono::seconds(1));
    CHECK(after - before < std::chrono::seconds(10));
    Words const ran = names();
    REQUIRE_FALSE(ran.empty());
    CHECK(ran.back() == point);
    // runtime.md#lifecycle: with poststop it is a warning.
    CHECK(result.ok() == (point == "poststop"));
    check_words(result.error(), point + " hook #0");
  }
}

TEST_CASE("a hook that writes without end is ended after its timeout",
          "[spec:config#posix-platform-hooks][MUST]") {
  Json const entry = {
      {"path", probe_path()}, {"args", {"probe", "flood", "1000000000000000"}}, {"timeout", 1}};
  auto const before = std::chrono::steady_clock::now();
  std::string const said = refusal(with_hook(traced(), "createRuntime", entry));
  auto const after = std::chrono::steady_clock::now();
  CHECK(after - before >= std::chrono::seconds(1));
  CHECK(after - before < std::chrono::seconds(10));
  check_words(said, "createRuntime hook #0");
  check_words(said, "was killed after its timeout of 1 s");
}

TEST_CASE("a timeout of a hook has to be greater than zero",
          "[spec:config#posix-platform-hooks][MUST]") {
  for (int const timeout : {0, -1}) {
    CAPTURE(timeout);
    Json entry = hook("createRuntime", "createRuntime");
    entry["timeout"] = timeout;
    refusal(with_hook(traced(), "createRuntime", entry));
  }
}

TEST_CASE("what a failing hook printed is told", "[contract:hooks]") {
  std::string const said = refusal(
      with_hook(traced(), "createRuntime",
                {{"path", "/bin/sh"}, {"args", {"sh", "-c", "echo no bridge >&2; exit 1"}}}));
  CHECK_THAT(said, ContainsSubstring("no bridge"));
}

TEST_CASE("a hook need not read its standard input", "[contract:hooks]") {
  Created web(with_hook(traced(), "createRuntime", {{"path", "/bin/true"}}));
  CHECK(web.status() == "created");
}

TEST_CASE("a hook may leave a process behind", "[contract:hooks]") {
  Created web(with_hook(traced(), "createRuntime",
                        {{"path", "/bin/sh"},
                         {"args",
                          {"sh", "-c",
                           "setsid sh -c 'echo $$ >\"$0\"; exec cat /dev/zero' \"$0\" "
                           ">/dev/null 2>&1 & while ! [ -s \"$0\" ]; do :; done",
                           trace_directory() + "/daemon"}}}));
  CHECK(web.status() == "created");
  std::string const pid = read_text(trace_directory() + "/daemon").value_or("");
  REQUIRE_FALSE(pid.empty());
  CHECK(::kill(std::stoi(pid), SIGKILL) == 0);
  wait_for(std::stoi(pid));
}

TEST_CASE("what a hook leaves behind may write without end", "[contract:hooks][proa]") {
  if (!is_proa()) SKIP_BECAUSE("others wait until nobody has the hook's output open");
  std::string const daemon = trace_directory() + "/daemon";
  Created web(with_hook(
      traced(), "createRuntime",
      {{"path", "/bin/sh"},
       {"args",
        {"sh", "-c", "\"$0\" flood 1000000000000000 & echo $! >\"$1\"", probe_path(), daemon}}}));
  CHECK(web.status() == "created");
  std::string const pid = read_text(daemon).value_or("");
  REQUIRE_FALSE(pid.empty());
  // Nobody reads it any more.
  CHECK(wait_for(std::stoi(pid)) == 128 + SIGPIPE);
}

TEST_CASE("poststop hooks run when a running container is deleted by force", "[contract:hooks]") {
  Running web(with_hook(traced(), "poststop", hook("poststop", "poststop")));
  REQUIRE(proa("delete", "--force", web.id()).ok());
  web.wait();
  CHECK(names() == Words{"poststop"});
}

TEST_CASE("run calls all the hooks", "[contract:hooks]") {
  Container web(with_every_hook());
  CHECK(web.run().ok());
  REQUIRE(names().size() == 7);
  CHECK(names().back() == "poststop");
}

}  // namespace conformance
