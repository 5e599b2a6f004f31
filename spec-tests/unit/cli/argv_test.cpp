// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// Command lines that engines really use: recorded, or read from their sources.

#include "support.hpp"

namespace proa::cli {

TEST_CASE("podman creates through conmon", "[cli][engine]") {
  auto const [command, call] =
      reading({"--log-format=json", "--log", "/run/c/oci-log", "create", "--bundle", "/var/lib/c",
               "--pid-file", "/run/c/pidfile", "--console-socket", "/tmp/conmon-term.F8L3Y3",
               "--preserve-fds", "1", "c0ffee"});
  CHECK(command == &verb::create);
  CHECK(call.log_format == "json");
  CHECK(call.log == "/run/c/oci-log");
  CHECK(call.bundle == "/var/lib/c");
  CHECK(call.CreateOptions::pid_file == "/run/c/pidfile");
  CHECK(call.CreateOptions::console_socket == "/tmp/conmon-term.F8L3Y3");
  CHECK(call.CreateOptions::preserve_fds == 1);
  CHECK(call.words == std::vector<std::string>{"c0ffee"});
}

TEST_CASE("podman runs a process in a container through conmon", "[cli][engine]") {
  auto const [command, call] =
      reading({"--log-format=json", "--log", "l", "exec", "--pid-file", "p", "--process", "f",
               "--detach", "--console-socket", "s", "c0ffee"});
  CHECK(command == &verb::exec);
  CHECK(call.ExecOptions::pid_file == "p");
  CHECK(call.process == "f");
  CHECK(call.ExecOptions::detach);
  CHECK(call.ExecOptions::console_socket == "s");
  CHECK(call.words == std::vector<std::string>{"c0ffee"});
}

TEST_CASE("conmon-rs runs a process in a container", "[cli][engine]") {
  auto const [command, call] =
      reading({"exec", "-d", "--console-socket=s", "--tty", "--pid-file=p", "c", "ls", "-d", "/"});
  CHECK(command == &verb::exec);
  CHECK(call.ExecOptions::detach);
  CHECK(call.tty);
  CHECK(call.words == std::vector<std::string>{"c", "ls", "-d", "/"});
}

TEST_CASE("an empty user is a user that was given", "[cli][CVE-2026-30892]") {
  CHECK_FALSE(reading({"exec", "c", "ls"}).call.user);
  CHECK(reading({"exec", "-u", "", "c", "ls"}).call.user == "");
  CHECK(reading({"exec", "--user=1:2", "c", "ls"}).call.user == "1:2");
}

TEST_CASE("exec has an exit status of its own for its own failure", "[cli]") {
  CHECK(proa({"exec"}).status == 255);
  CHECK(proa({"exec", "--bogus"}).status == 255);
  CHECK(proa({"exec", "--bogus"}).err == "proa exec: unknown flag \"--bogus\"\n");
}

TEST_CASE("podman runs a container without cgroups", "[cli][engine]") {
  auto const [command, call] =
      reading({"--cgroup-manager", "disabled", "--log-format=json", "--log", "l", "create",
               "--bundle", "b", "--pid-file", "p", "c0ffee"});
  CHECK(command == &verb::create);
  CHECK(call.cgroup_manager == "disabled");
}

TEST_CASE("podman and CRI-O with systemd", "[cli][engine]") {
  auto const [command, call] = reading({"--systemd-cgroup", "create", "--bundle", "b", "--pid-file",
                                        "p", "--no-pivot", "--no-new-keyring", "c"});
  CHECK(command == &verb::create);
  CHECK(call.systemd_cgroup);
  CHECK(call.no_pivot);
  CHECK(call.no_new_keyring);
}

TEST_CASE("podman starts, kills and deletes", "[cli][engine]") {
  CHECK(reading({"start", "c"}).command == &verb::start);

  auto const kill = reading({"kill", "c", "9"});
  CHECK(kill.command == &verb::kill);
  CHECK_FALSE(kill.call.all);
  CHECK(kill.call.words == std::vector<std::string>{"c", "9"});

  auto const all = reading({"kill", "--all", "c", "9"});
  CHECK(all.call.all);
  CHECK(all.call.words == std::vector<std::string>{"c", "9"});

  auto const gone = reading({"delete", "--force", "c"});
  CHECK(gone.command == &verb::remove);
  CHECK(gone.call.force);
}

TEST_CASE("containerd's shim creates, kills and deletes", "[cli][engine]") {
  Line const global = {"--root",          "/run/containerd/runc/k8s.io",
                       "--log",           "/run/t/log.json",
                       "--log-format",    "json",
                       "--systemd-cgroup"};
  auto const with = [&](Line words) {
    words.insert(words.begin(), global.begin(), global.end());
    return reading(words);
  };

  auto const create = with({"create", "--bundle", "/run/t", "--pid-file", "/run/t/init.pid",
                            "--console-socket", "/tmp/pty1/pty.sock", "--no-pivot", "c"});
  CHECK(create.call.root == "/run/containerd/runc/k8s.io");
  CHECK(create.call.log == "/run/t/log.json");
  CHECK(create.call.log_format == "json");
  CHECK(create.call.systemd_cgroup);
  CHECK(create.call.CreateOptions::pid_file == "/run/t/init.pid");
  CHECK(create.call.CreateOptions::console_socket == "/tmp/pty1/pty.sock");
  CHECK(create.call.no_pivot);

  CHECK(with({"start", "c"}).command == &verb::start);
  CHECK(with({"kill", "--all", "c", "9"}).call.all);
  CHECK_FALSE(with({"kill", "c", "15"}).call.all);
  CHECK_FALSE(with({"delete", "c"}).call.force);
  CHECK(with({"delete", "--force", "c"}).call.force);
}

TEST_CASE("CRI-O kills by name and with the short flag", "[cli][engine]") {
  auto const kill = reading({"--root", "/run/runc", "kill", "-a", "c", "KILL"});
  CHECK(kill.call.all);
  CHECK(kill.call.words == std::vector<std::string>{"c", "KILL"});
  CHECK(reading({"kill", "c", "SIGRTMIN+3"}).call.words[1] == "SIGRTMIN+3");
}

TEST_CASE("conmon-rs repeats options and joins the socket with an equals sign", "[cli][engine]") {
  auto const call =
      reading({"--root=/a", "--systemd-cgroup", "--root=/a", "--systemd-cgroup", "create",
               "--bundle", "b", "--pid-file", "p", "--console-socket=/run/s", "c"})
          .call;
  CHECK(call.root == "/a");
  CHECK(call.systemd_cgroup);
  CHECK(call.CreateOptions::console_socket == "/run/s");
}

TEST_CASE("go-runc writes a long flag with one dash and rootless with a value", "[cli][engine]") {
  CHECK(reading({"run", "-no-subreaper", "--bundle", "b", "c"}).call.no_subreaper);
  auto const call = reading({"--rootless=false", "list", "--format=json"}).call;
  CHECK(call.GlobalOptions::rootless == "false");
  CHECK(call.format == "json");
}

TEST_CASE("BuildKit runs in the foreground", "[cli][engine]") {
  auto const [command, call] = reading({"--log", "/r/runc-log.json", "--log-format", "json", "run",
                                        "--bundle", "/b", "--no-pivot", "--keep", "c"});
  CHECK(command == &verb::run);
  CHECK(call.bundle == "/b");
  CHECK(call.no_pivot);
  CHECK(call.keep);
  CHECK_FALSE(call.RunOptions::detach);
}

TEST_CASE("Buildah kills with the default signal", "[cli][engine]") {
  CHECK(reading({"kill", "c"}).call.words == std::vector<std::string>{"c"});
}

TEST_CASE("daemons ask for features and the version", "[cli][engine]") {
  CHECK(reading({"features"}).command == &verb::features);
  for (auto word : {"--version", "-v", "-V"}) CHECK(reading({word}).call.version);
}

TEST_CASE("people run detached containers with joined letters", "[cli]") {
  auto const call = reading({"run", "-db", "/srv/web", "web"}).call;
  CHECK(call.RunOptions::detach);
  CHECK(call.bundle == "/srv/web");
}

TEST_CASE("the options of spec are not the global ones", "[cli]") {
  auto const call = reading({"spec", "--rootless", "-b", "/b"}).call;
  CHECK(call.SpecOptions::rootless);
  CHECK(call.GlobalOptions::rootless == "auto");
  CHECK(call.bundle == "/b");
}

TEST_CASE("commands refuse what they do not know", "[cli]") {
  CHECK(error_of({"create", "a", "b"}) == "unexpected argument \"b\"");
  CHECK(error_of({"kill", "a", "9", "--all"}) == "unexpected argument \"--all\"");
  CHECK(error_of({"list", "web"}) == "unexpected argument \"web\"");
  CHECK(error_of({"start"}) == "argument CONTAINER is missing");
  CHECK(error_of({"start", "--bundle", "b", "a"}) == "unknown flag \"--bundle\"");
  CHECK(error_of({"create", "--bundle"}) == "flag needs an argument: --bundle");
  CHECK(error_of({"--log-format", "yaml", "list"}) ==
        "invalid value \"yaml\" of --log-format: not one of text|json");
}

}  // namespace proa::cli
