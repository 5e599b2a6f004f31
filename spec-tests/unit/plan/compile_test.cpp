// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include <sched.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "catch.hpp"
#include "plan/plan.hpp"
#include "spec/example.hpp"

using namespace proa;

namespace {

Host host() {
  Host host;
  host.last_capability = 40;
  host.capabilities = host.bounding = (1ULL << 41) - 1;
  host.cgroups.hierarchies = {{true, "", "/sys/fs/cgroup", "/", {"cpu", "memory", "pids"}}};
  return host;
}

Spec example() {
  auto spec = spec::example(Rootless::no, {});
  spec.process->terminal = false;
  return spec;
}

Request request() {
  Request request;
  request.id = "web";
  request.bundle = "/bundle";
  return request;
}

std::string refusal(Spec const& spec) {
  try {
    (void)compile(spec, host(), request());
  } catch (Error const& error) {
    CHECK(error.kind() == ErrorKind::unsupported);
    return error.text();
  }
  return "compiled";
}

}  // namespace

TEST_CASE("the default bundle compiles to one clone and no helper", "[plan]") {
  auto const plan = compile(example(), host(), request());
  CHECK(plan.namespaces.joiner == namespaces::Joiner::init);
  // The mount namespace is init's to make, of the container's tree alone where the kernel can.
  CHECK(plan.rootfs.aside);
  CHECK((plan.namespaces.clone_flags & CLONE_NEWNS) == 0);
  CHECK((plan.namespaces.clone_flags & CLONE_NEWPID) != 0);
  REQUIRE(plan.process);
  CHECK(plan.process->args == std::vector<std::string>{"sh"});
  REQUIRE(plan.capabilities);
  CHECK(plan.capabilities->inheritable == 0);
  CHECK(plan.rootfs.root == "/bundle/rootfs");
}

TEST_CASE("hooks before the root is entered find the container's mount namespace",
          "[plan][spec:config#hooks][MUST]") {
  auto spec = example();
  spec.hooks.create_runtime.push_back({"/bin/true", {}, {}, {}});
  auto const plan = compile(spec, host(), request());
  CHECK_FALSE(plan.rootfs.aside);
  CHECK((plan.namespaces.clone_flags & CLONE_NEWNS) != 0);
}

TEST_CASE("a container without a process has a plan too", "[spec:config#process]") {
  auto spec = example();
  spec.process.reset();
  auto const plan = compile(spec, host(), request());
  CHECK_FALSE(plan.process);
  CHECK_FALSE(plan.capabilities);
}

TEST_CASE("the session keyring is the container's own unless the caller's is kept", "[plan]") {
  CHECK(compile(example(), host(), request()).session_keyring->name == "_ses.web");
  auto kept = request();
  kept.no_new_keyring = true;
  CHECK_FALSE(compile(example(), host(), kept).session_keyring);
}

TEST_CASE("labels without their security module are a warning", "[plan]") {
  struct Lines final : log::Sink {
    void line(log::Level, std::string_view text) override { all.emplace_back(text); }
    std::vector<std::string> all;
  } lines;
  auto* const before = log::use(&lines);
  auto spec = example();
  spec.process->apparmor_profile = "docker-default";
  spec.process->selinux_label = "system_u:system_r:container_t:s0";
  auto const without = compile(spec, host(), request());
  log::use(before);
  CHECK(without.apparmor_profile.empty());
  CHECK(without.selinux_label.empty());
  REQUIRE(lines.all.size() == 2);
  CHECK_THAT(lines.all[0], ContainsSubstring("/process/apparmorProfile: \"docker-default\""));
  auto with = request();
  with.apparmor = with.selinux = true;
  CHECK(compile(spec, host(), with).apparmor_profile == "docker-default");
  CHECK(compile(spec, host(), with).selinux_label == "system_u:system_r:container_t:s0");
}

TEST_CASE("Intel RDT without a resctrl file system is refused by name",
          "[spec:config-linux#intelrdt][MUST]") {
  auto spec = example();
  spec.linux.intel_rdt = spec::IntelRdt{};
  CHECK(refusal(spec) ==
        "/linux/intelRdt: no resctrl file system is mounted (config-linux.md#intelrdt)");
  auto with = request();
  with.resctrl = "/sys/fs/resctrl";
  CHECK(compile(spec, host(), with).resctrl->group == "/sys/fs/resctrl/web");
}
