// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// runtime.md#lifecycle and #operations: create, start, state, kill, delete in every status.
#include "catch.hpp"
#include "harness/container.hpp"

namespace conformance {

TEST_CASE("create makes a container that has not run its program", "[spec:runtime#create][MUST]") {
  Created web(minimal().doing({{"write", "/ran", "yes"}, {"pause"}}));
  CHECK(web.status() == "created");
  CHECK_FALSE(exists(web.rootfs() + "/ran"));
}

TEST_CASE("start runs the program", "[spec:runtime#start][MUST]") {
  Running web(minimal().doing({{"write", "/ran", "yes"}, {"pause"}}));
  CHECK(web.status() == "running");
  CHECK(read_text(web.rootfs() + "/ran") == "yes");
}

TEST_CASE("a container whose process has ended is stopped", "[spec:runtime#state][MUST]") {
  Created web(minimal().doing({{"exit", "7"}}));
  REQUIRE(web.start().ok());
  CHECK(web.wait() == 7);
  CHECK(web.status() == "stopped");
}

TEST_CASE("a process that nobody has reaped counts as stopped", "[spec:runtime#state][MUST]") {
  Created web(minimal().doing({{"exit", "0"}}));
  Fd const init = pidfd_of(web.pid());
  REQUIRE(web.start().ok());
  REQUIRE(ended(init.get()));
  CHECK(web.status() == "stopped");
}

TEST_CASE("delete removes a stopped container", "[spec:runtime#delete][MUST]") {
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(web.remove().ok());
  CHECK(proa("state", web.id()).status > 0);
  CHECK(web.left_behind().empty());
}

TEST_CASE("delete refuses a running container and leaves it alone", "[spec:runtime#delete][MUST]") {
  Running web(minimal());
  CHECK(web.remove().status > 0);
  CHECK(web.status() == "running");
}

TEST_CASE("an id is free again after delete", "[spec:runtime#delete][MAY]") {
  Container first(minimal().doing({{"exit", "0"}}), "again");
  REQUIRE(first.create().ok());
  REQUIRE(first.start().ok());
  first.wait();
  REQUIRE(first.remove().ok());
  Container second(minimal(), "again");
  CHECK(second.create().ok());
}

TEST_CASE("an id that is taken is refused and the holder unharmed", "[spec:runtime#create][MUST]") {
  Running web(minimal());
  std::string const place = scratch() + "/other";
  minimal().with("/linux/cgroupsPath", cgroup_parent() + "/other").write(place);
  CHECK(proa("create", "--bundle", place, web.id()).status > 0);
  CHECK(web.status() == "running");
  CHECK(web.state().at("bundle") == web.bundle());
  for (auto const& path : cgroup_directories(cgroup_parent() + "/other")) CHECK_FALSE(exists(path));
}

TEST_CASE("an id that is not valid is refused", "[spec:runtime#create][MUST]") {
  std::string const place = scratch() + "/bundle";
  minimal().with("/linux/cgroupsPath", cgroup_parent() + "/invalid").write(place);
  for (std::string const id : {"", ".", "..", "a/b", "a b", "../x", "a\nb", "/"}) {
    CAPTURE(id);
    CHECK(proa("create", "--bundle", place, id).status > 0);
  }
  CHECK_FALSE(exists(scratch() + "/x"));
}

TEST_CASE("every operation wants an id", "[spec:runtime#operations][MUST]") {
  for (char const* verb : {"state", "create", "start", "kill", "delete"}) {
    CAPTURE(verb);
    CHECK(proa(verb).status > 0);
  }
}

TEST_CASE("every operation on a container that does not exist is an error",
          "[spec:runtime#operations][MUST]") {
  for (char const* verb : {"state", "start", "kill", "delete"}) {
    CAPTURE(verb);
    CHECK(proa(verb, "nobody").status > 0);
  }
}

TEST_CASE("create wants a bundle with a config.json", "[spec:runtime#create][MUST]") {
  CHECK(proa("create", "--bundle", scratch() + "/nowhere", "web").status > 0);
  make_directories(scratch() + "/empty");
  CHECK(proa("create", "--bundle", scratch() + "/empty", "web").status > 0);
  CHECK(proa("state", "web").status > 0);
}

TEST_CASE("start of a running container is refused without effect", "[spec:runtime#start][MUST]") {
  Running web(minimal());
  pid_t const pid = web.pid();
  CHECK(web.start().status > 0);
  CHECK(web.status() == "running");
  CHECK(web.pid() == pid);
}

TEST_CASE("start of a stopped container is refused", "[spec:runtime#start][MUST]") {
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(web.start().status > 0);
  CHECK(web.status() == "stopped");
}

// runc 1.1 and crun 1.8 refuse such a bundle in create already.
TEST_CASE("start without a process is an error", "[spec:runtime#start][MUST]") {
  Container empty(minimal().with({{"process", nullptr}}));
  Result const created = empty.create();
  INFO(created.err);
  REQUIRE(created.ok());
  CHECK(empty.start().status > 0);
  CHECK(empty.status() == "created");
}

TEST_CASE("kill sends the signal to the container's process", "[spec:runtime#kill][MUST]") {
  Running web(minimal());
  CHECK(web.kill("USR1").ok());
  CHECK(web.answer().at("signal") == 10);
  CHECK(web.status() == "running");
}

// crun 1.8 sends TERM for a word that it does not know.
TEST_CASE("kill refuses a word that is no signal", "[spec:runtime#kill][MUST]") {
  Running web(minimal());
  for (std::string const word : {"NOSUCH", "-1", "99", "9x"}) {
    CAPTURE(word);
    CHECK(web.kill(word).status > 0);
  }
  CHECK(web.status() == "running");
}

TEST_CASE("kill ends a created container", "[spec:runtime#kill][MUST]") {
  Created web(minimal());
  CHECK(web.kill("KILL").ok());
  CHECK(web.wait() == 128 + 9);
  CHECK(web.status() == "stopped");
}

TEST_CASE("kill of a stopped container is refused", "[spec:runtime#kill][MUST]") {
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  CHECK(web.kill("KILL").status > 0);
}

TEST_CASE("the kernel ends every process of a pid namespace with its first",
          "[spec:config-linux#namespaces][MUST]") {
  Running web(ordinary().doing({{"fork", "2"}, {"pause"}}));
  std::vector<Fd> handles;
  for (pid_t const pid : cgroup_members(web.cgroup())) handles.push_back(pidfd_of(pid));
  CHECK(handles.size() == 3);
  CHECK(web.kill("KILL").ok());
  for (auto const& handle : handles) CHECK(ended(handle.get()));
}

TEST_CASE("a change of config.json after create has no effect", "[spec:runtime#create][MUST]") {
  Created web(minimal().doing({{"exit", "3"}}));
  write_text(web.bundle() + "/config.json", "not even JSON");
  CHECK(web.status() == "created");
  CHECK(web.start().ok());
  CHECK(web.wait() == 3);
  CHECK(web.status() == "stopped");
  CHECK(web.remove().ok());
}

TEST_CASE("delete works when the bundle is gone", "[spec:runtime#delete][MUST]") {
  Created web(minimal().doing({{"exit", "0"}}));
  REQUIRE(web.start().ok());
  web.wait();
  remove_tree(web.bundle());
  CHECK(web.remove().ok());
}

TEST_CASE("a cgroup that was there before stays after delete", "[spec:runtime#delete][MUST]") {
  std::string const cgroup = cgroup_parent() + "/before";
  for (auto const& path : cgroup_directories(cgroup)) make_directories(path);
  {
    Container web(minimal().with("/linux/cgroupsPath", cgroup + "/web"));
    REQUIRE(web.create().ok());
  }
  for (auto const& path : cgroup_directories(cgroup)) CHECK(exists(path));
}

TEST_CASE("state tells what runtime.md demands", "[spec:runtime#state][MUST]") {
  Running web(minimal().with({{"annotations", {{"com.example.key", "value"}}}}));
  Json const state = web.state();
  CHECK(state.at("id") == web.id());
  CHECK(state.at("status") == "running");
  CHECK(state.at("bundle") == web.bundle());
  CHECK(state.at("pid").is_number_integer());
  CHECK(state.at("annotations") == Json{{"com.example.key", "value"}});
  CHECK_THAT(state.at("ociVersion").get<std::string>(), Catch::Matchers::StartsWith("1."));
}

TEST_CASE("the pid of a created container is that of its process", "[spec:runtime#state][MUST]") {
  Created web(ordinary());
  CHECK(namespace_of(web.pid(), "pid") != 0);
  CHECK(namespace_of(web.pid(), "mnt") != own_namespace("mnt"));
}

TEST_CASE("state gives the bundle as an absolute path", "[spec:runtime#state][MUST]") {
  Container web(minimal());
  std::string const name = web.bundle().substr(web.bundle().rfind('/') + 1);
  Command here;
  here.argv = runtime_command({"create", "--bundle", name, web.id()}).argv;
  here.cwd = scratch();
  Result const result = run(here);
  INFO(result.err);
  REQUIRE(result.ok());
  CHECK(web.state().at("bundle") == web.bundle());
}

TEST_CASE("the bundle is the working directory when none is named", "[contract:create]") {
  Container web(minimal());
  Command here;
  here.argv = runtime_command({"create", web.id()}).argv;
  here.cwd = web.bundle();
  Result const result = run(here);
  INFO(result.err);
  REQUIRE(result.ok());
  CHECK(web.state().at("bundle") == web.bundle());
}

TEST_CASE("properties that nobody knows are ignored at any depth",
          "[spec:config#extensibility][MUST]") {
  Bundle const odd = minimal()
                         .with("/com.example", {{"deep", {1, 2, {{"x", nullptr}}}}})
                         .with("/process/x-key", 1)
                         .with("/linux/namespaces/0/colour", "red")
                         .with("/root/x", false)
                         .with({{"annotations", {{"org.example.unknown", ""}}}});
  Created web(odd);
  CHECK(web.status() == "created");
}

TEST_CASE("sections for other platforms are ignored", "[spec:config#platform-specific][MAY]") {
  Created web(minimal().with({{"solaris", {{"milestone", "x"}}},
                              {"windows", {{"layerFolders", {"C:\\"}}}},
                              {"zos", Json::object()}}));
  CHECK(web.status() == "created");
}

TEST_CASE("every version 1 of the spec is understood",
          "[spec:config#specification-version][MUST]") {
  for (char const* version : {"1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0"}) {
    CAPTURE(version);
    Created web(minimal().with("/ociVersion", version));
    CHECK(web.status() == "created");
  }
}

// runc 1.1 and crun 1.8 read the version and ignore it.
TEST_CASE("a version that is none is refused", "[spec:config#specification-version][MUST]") {
  for (char const* version : {"", "one", "1", "1.0", "01.0.0", "1.0.0.0", "2.0.0"}) {
    CAPTURE(version);
    refusal(minimal().with("/ociVersion", version));
  }
}

}  // namespace conformance
