// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/seccomp.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/prctl.hpp"
#include "linux/process.hpp"
#include "skip.hpp"
#include "spec/words.hpp"
#include "unit/process/child.hpp"
#include "unit/security/lines.hpp"
#include "unit/security/profile.hpp"

using namespace proa;
using namespace profile;
using spec::SeccompArch;
using spec::SeccompFlag;

// --- actions ------------------------------------------------------------------------------------

TEST_CASE("every action is the kernel's", "[spec:config-linux#seccomp][MUST]") {
  struct Row {
    SeccompAction action;
    std::uint32_t verdict;
  };
  auto const row = GENERATE(values<Row>({
      {SeccompAction::kill, SECCOMP_RET_KILL_THREAD},
      {SeccompAction::kill_thread, SECCOMP_RET_KILL_THREAD},
      {SeccompAction::kill_process, SECCOMP_RET_KILL_PROCESS},
      {SeccompAction::trap, SECCOMP_RET_TRAP},
      {SeccompAction::error, SECCOMP_RET_ERRNO | EPERM},
      {SeccompAction::trace, SECCOMP_RET_TRACE | EPERM},
      {SeccompAction::log, SECCOMP_RET_LOG},
      {SeccompAction::allow, SECCOMP_RET_ALLOW},
  }));
  Seccomp seccomp;
  seccomp.default_action =
      row.action == SeccompAction::allow ? SeccompAction::log : SeccompAction::allow;
  seccomp.syscalls = {rule({"getcwd"}, row.action)};
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == row.verdict);
  seccomp.syscalls.clear();
  seccomp.default_action = row.action;
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == row.verdict);
}

TEST_CASE("an errno is given back where one is set", "[spec:config-linux#seccomp][MUST]") {
  auto seccomp = refusing_but({rule({"chdir"}, SeccompAction::error), allow({"statx"}),
                               rule({"getcwd"}, SeccompAction::trace)});
  seccomp.default_errno_ret = ENXIO;
  seccomp.syscalls[0].errno_ret = ENETDOWN;
  seccomp.syscalls[2].errno_ret = 77;
  CHECK(verdict(seccomp, {.number = SYS_chdir}) == errno_verdict(ENETDOWN));
  CHECK(verdict(seccomp, {.number = SYS_getuid}) == errno_verdict(ENXIO));
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == (SECCOMP_RET_TRACE | 77));
}

TEST_CASE("a rule that says what the default says is no error", "[spec:config-linux#seccomp]") {
  auto const seccomp =
      refusing_but({rule({"chdir"}, SeccompAction::error), allow({"getcwd", "statx"})});
  CHECK(verdict(seccomp, {.number = SYS_chdir}) == errno_verdict(EPERM));
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a rule may be there twice", "[spec:config-linux#seccomp]") {
  auto const seccomp = refusing_but({allow({"getcwd", "getcwd", "statx"}), allow({"getcwd"})});
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a system call that nobody knows is passed over", "[contract:runc]") {
  Lines lines;
  lines.level = log::Level::debug;
  auto const seccomp = refusing_but({allow({"no_such_call", "getcwd", "statx"})});
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == SECCOMP_RET_ALLOW);
  REQUIRE_FALSE(lines.all.empty());
  CHECK(lines.all.front() == "debug: /linux/seccomp/syscalls/0: no_such_call: unknown, ignored");
}

TEST_CASE("a rule that notifies asks for a listener", "[spec:config-linux#seccomp][MUST]") {
  Seccomp seccomp;
  seccomp.default_action = SeccompAction::allow;
  seccomp.flags = std::vector{spec::SeccompFlag::wait_killable_recv};
  CHECK(seccomp::compile(seccomp).flags == 0);
  seccomp.syscalls = {rule({"mount"}, SeccompAction::log), rule({"chdir"}, SeccompAction::notify)};
  CHECK(seccomp::compile(seccomp).flags == (SECCOMP_FILTER_FLAG_NEW_LISTENER | 1U << 5));
  CHECK(verdict(seccomp, {.number = SYS_chdir}) == SECCOMP_RET_USER_NOTIF);
  CHECK(verdict(seccomp, {.number = SYS_getcwd}) == SECCOMP_RET_ALLOW);
  seccomp.flags.reset();
  CHECK(seccomp::compile(seccomp).flags ==
        (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
}

// --- conditions ---------------------------------------------------------------------------------

namespace {

bool holds(SeccompArg const& arg, std::uint64_t value) {
  switch (arg.op) {
    case SeccompOperator::ne:
      return value != arg.value;
    case SeccompOperator::lt:
      return value < arg.value;
    case SeccompOperator::le:
      return value <= arg.value;
    case SeccompOperator::eq:
      return value == arg.value;
    case SeccompOperator::ge:
      return value >= arg.value;
    case SeccompOperator::gt:
      return value > arg.value;
    case SeccompOperator::masked_eq:
      return (value & arg.value) == arg.value_two;
  }
  return false;
}

/// Values at which 64-bit comparisons made of 32-bit ones go wrong.
constexpr std::uint64_t corners[] = {
    0,
    1,
    2,
    0x7fffffff,
    0x80000000,
    0xfffffffe,
    0xffffffff,
    0x100000000,
    0x100000001,
    0x1ffffffff,
    0x200000000,
    0x7fffffffffffffff,
    1ULL << 63,
    ~1ULL,
    ~0ULL,
    0x0123456789abcdef,
    0x89abcdef01234567,
};

}  // namespace

TEST_CASE("comparisons are of 64 bits", "[spec:config-linux#seccomp][MUST]") {
  auto const op = GENERATE(SeccompOperator::ne, SeccompOperator::lt, SeccompOperator::le,
                           SeccompOperator::eq, SeccompOperator::ge, SeccompOperator::gt);
  auto const index = GENERATE(0U, 5U);
  for (auto const bound : corners) {
    SeccompArg const arg{index, bound, 0, op};
    auto const filter = seccomp::compile(refusing_but({allow({"lseek"}, {arg})}));
    bpf::Machine machine(filter.program);
    for (auto const value : corners) {
      bpf::Call call{.number = SYS_lseek};
      call.args[index] = value;
      INFO("operator " << static_cast<int>(op) << ", " << value << " against " << bound);
      REQUIRE(machine.run(call) == (holds(arg, value) ? SECCOMP_RET_ALLOW : errno_verdict(EPERM)));
    }
  }
}

TEST_CASE("masked_eq looks at the bits of value and compares them with valueTwo",
          "[spec:config-linux#seccomp][MUST]") {
  for (auto const mask : corners) {
    for (std::uint64_t const wanted : {0UL, mask, mask & 0xffff0000ffff, mask & ~1UL}) {
      SeccompArg const arg{1, mask, wanted, SeccompOperator::masked_eq};
      bpf::Machine machine(seccomp::compile(refusing_but({allow({"lseek"}, {arg})})).program);
      for (auto const value : corners) {
        INFO(value << " & " << mask << " == " << wanted);
        REQUIRE(machine.run({.number = SYS_lseek, .args = {0, value}}) ==
                (holds(arg, value) ? SECCOMP_RET_ALLOW : errno_verdict(EPERM)));
      }
    }
  }
}

TEST_CASE("conditions on different arguments must all hold", "[spec:config-linux#seccomp][MUST]") {
  auto const seccomp = refusing_but({allow({"lseek"}, {{0, 3, 0, SeccompOperator::eq},
                                                       {1, 10, 0, SeccompOperator::gt},
                                                       {2, 0, 0, SeccompOperator::ne}})});
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {3, 11, 1}}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {4, 11, 1}}) == errno_verdict(EPERM));
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {3, 10, 1}}) == errno_verdict(EPERM));
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {3, 11, 0}}) == errno_verdict(EPERM));
}

TEST_CASE("of conditions on the same argument one is enough, as with runc", "[contract:runc]") {
  auto const seccomp = refusing_but({allow({"lseek"}, {{0, 3, 0, SeccompOperator::eq},
                                                       {0, 5, 0, SeccompOperator::eq},
                                                       {1, 9, 0, SeccompOperator::eq}})});
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {3, 0}}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {5, 0}}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {0, 9}}) == SECCOMP_RET_ALLOW);
  CHECK(verdict(seccomp, {.number = SYS_lseek, .args = {0, 0}}) == errno_verdict(EPERM));
}

// --- whole profiles -----------------------------------------------------------------------------

TEST_CASE("a profile of the usual shape allows what it lists, call by call",
          "[spec:config-linux#seccomp][MUST]") {
  std::set<int> const allowed{
#define PROA_CALL(name) SYS_##name
      PROA_CALL(accept4),           PROA_CALL(openat2),    PROA_CALL(read),  PROA_CALL(write),
      PROA_CALL(pidfd_send_signal), PROA_CALL(exit_group), PROA_CALL(prctl), PROA_CALL(getcwd),
#undef PROA_CALL
  };
  std::set<int> const refused{SYS_mount, SYS_bpf, SYS_init_module, SYS_setns, SYS_ptrace};
  bpf::Machine machine(seccomp::compile(usual()).program);
  for (int const number : allowed) CHECK(machine.run({.number = number}) == SECCOMP_RET_ALLOW);
  for (int const number : refused) CHECK(machine.run({.number = number}) == errno_verdict(EPERM));
  CHECK(machine.run({.number = SYS_clone3}) == errno_verdict(ENOSYS));
}

TEST_CASE("a profile of the usual shape looks at the arguments it names",
          "[spec:config-linux#seccomp][MUST]") {
  bpf::Machine machine(seccomp::compile(usual()).program);
  auto const run = [&](int number, std::uint64_t first) {
    return machine.run({.number = number, .args = {first}});
  };
  CHECK(run(SYS_clone, CLONE_VM | SIGCHLD) == SECCOMP_RET_ALLOW);
  CHECK(run(SYS_clone, CLONE_NEWUSER | SIGCHLD) == errno_verdict(EPERM));
  CHECK(run(SYS_clone, 1ULL << 40) == SECCOMP_RET_ALLOW);
  CHECK(run(SYS_socket, AF_INET) == SECCOMP_RET_ALLOW);
  CHECK(run(SYS_socket, AF_VSOCK) == errno_verdict(EPERM));
  CHECK(run(SYS_socket, 1ULL << 32 | AF_VSOCK) == SECCOMP_RET_ALLOW);
  for (auto const persona : {0ULL, 8ULL, 0xffffffffULL}) {
    CHECK(run(SYS_personality, persona) == SECCOMP_RET_ALLOW);
  }
  CHECK(run(SYS_personality, 0x0040000) == errno_verdict(EPERM));
}

TEST_CASE("a tree of many rules decides as a list of few does", "[seccomp]") {
  // One call at a time is too few for a tree: what the tree is compared with.
  auto const& names = usual_names();
  std::set<int> allowed;
  for (auto const& name : names) {
    bpf::Machine alone(seccomp::compile(refusing_but({allow({name})})).program);
    for (int number = 0; number < 500; ++number) {
      if (alone.run({.number = number}) == SECCOMP_RET_ALLOW) allowed.insert(number);
    }
  }
  REQUIRE(allowed.size() == names.size());
  bpf::Machine together(seccomp::compile(refusing_but({allow(names)})).program);
  for (int number = 0; number < 500; ++number) {
    INFO("system call " << number);
    REQUIRE((together.run({.number = number}) == SECCOMP_RET_ALLOW) == allowed.contains(number));
  }
}

TEST_CASE("a filter that is too long for the kernel is refused", "[seccomp]") {
  std::vector<spec::Syscall> rules;
  for (std::uint64_t value = 0; value < 700; ++value) {
    rules.push_back(allow({"lseek"}, {{0, value << 33 | value, 0, SeccompOperator::eq},
                                      {1, value << 33 | value, 0, SeccompOperator::eq}}));
  }
  CHECK_THROWS_WITH(seccomp::compile(refusing_but(std::move(rules))),
                    ContainsSubstring("/linux/seccomp: a filter of ") &&
                        ContainsSubstring(" instructions, the kernel takes 4096"));
}

// --- architectures ------------------------------------------------------------------------------

TEST_CASE("an architecture that is not listed is killed", "[spec:config-linux#seccomp]") {
  CHECK(verdict(usual(), {.arch = AUDIT_ARCH_S390X, .number = 4}) == SECCOMP_RET_KILL_THREAD);
}

TEST_CASE("the native architecture need not be listed", "[contract:runc]") {
  auto seccomp = usual();
  seccomp.architectures = {SeccompArch::arm};
  CHECK(verdict(seccomp, {.number = SYS_read}) == SECCOMP_RET_ALLOW);
  constexpr int read_of_arm = 3;
  CHECK(verdict(seccomp, {.arch = AUDIT_ARCH_ARM, .number = read_of_arm}) == SECCOMP_RET_ALLOW);
}

#ifdef __x86_64__
TEST_CASE("each architecture has numbers of its own", "[spec:config-linux#seccomp][MUST]") {
  auto seccomp = refusing_but({allow({"getcwd", "getpid", "statx"})});
  seccomp.architectures = {SeccompArch::x86_64, SeccompArch::x86, SeccompArch::x32};
  bpf::Machine machine(seccomp::compile(seccomp).program);
  constexpr int x32 = 0x40000000, i386_getcwd = 183, i386_getpid = 20;
  CHECK(machine.run({.number = SYS_getcwd}) == SECCOMP_RET_ALLOW);
  CHECK(machine.run({.number = x32 | SYS_getcwd}) == SECCOMP_RET_ALLOW);
  CHECK(machine.run({.arch = AUDIT_ARCH_I386, .number = i386_getcwd}) == SECCOMP_RET_ALLOW);
  CHECK(machine.run({.arch = AUDIT_ARCH_I386, .number = i386_getpid}) == SECCOMP_RET_ALLOW);
  CHECK(machine.run({.arch = AUDIT_ARCH_I386, .number = SYS_getcwd}) == errno_verdict(EPERM));
  CHECK(machine.run({.number = i386_getcwd}) == errno_verdict(EPERM));
  CHECK(machine.run({.number = x32 | i386_getcwd}) == errno_verdict(EPERM));
}

TEST_CASE("x32 that is not listed is killed", "[spec:config-linux#seccomp]") {
  CHECK(verdict(usual(), {.number = 0x40000000 | SYS_read}) == SECCOMP_RET_KILL_THREAD);
}
#endif

TEST_CASE("an architecture may be listed twice", "[seccomp]") {
  auto seccomp = usual();
  seccomp.architectures = {SeccompArch::arm, SeccompArch::arm};
  CHECK(verdict(seccomp, {.number = SYS_read}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("an architecture of the other byte order is refused", "[seccomp]") {
  auto seccomp = usual();
  bool const little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
  seccomp.architectures = {little ? SeccompArch::s390x : SeccompArch::x86_64};
  CHECK_THROWS_WITH(seccomp::compile(seccomp),
                    "/linux/seccomp/architectures/0: its byte order is not this machine's");
}

TEST_CASE("every architecture that features names is taken, every other one refused by name",
          "[features]") {
  auto const known = seccomp::archs();
  REQUIRE(std::ranges::find(known, "SCMP_ARCH_X86_64") != known.end());
  for (auto const& [word, arch] : spec::Words<SeccompArch>::table) {
    Seccomp seccomp;
    seccomp.default_action = SeccompAction::allow;
    seccomp.architectures = {arch};
    bool const listed = std::ranges::find(known, word) != known.end();
    std::string refused;
    try {
      seccomp::compile(seccomp);
    } catch (Error const& error) {
      refused = error.kind() == ErrorKind::unsupported ? error.text() : std::string();
    }
    INFO(word);
    CHECK((refused == "/linux/seccomp/architectures/0: this libseccomp does not know it") !=
          listed);
  }
}

// --- ENOSYS -------------------------------------------------------------------------------------

TEST_CASE("a call newer than the profile does not exist, an older one is refused",
          "[contract:runc]") {
  // statx is the newest that this profile knows.
  auto const seccomp = refusing_but({allow({"getcwd", "statx"})});
  bpf::Machine machine(seccomp::compile(seccomp).program);
  CHECK(machine.run({.number = SYS_statx}) == SECCOMP_RET_ALLOW);
  CHECK(machine.run({.number = SYS_statx + 1}) == errno_verdict(ENOSYS));
  CHECK(machine.run({.number = SYS_openat2}) == errno_verdict(ENOSYS));
  CHECK(machine.run({.number = 9999}) == errno_verdict(ENOSYS));
  CHECK(machine.run({.number = SYS_statx - 1}) == errno_verdict(EPERM));
  CHECK(machine.run({.number = -1}) != SECCOMP_RET_ALLOW);
}

TEST_CASE("a call that a rule refuses makes the profile as new", "[contract:runc]") {
  auto const seccomp = refusing_but({allow({"getcwd"}), rule({"openat2"}, SeccompAction::error),
                                     rule({"no_such_call"}, SeccompAction::allow)});
  CHECK(verdict(seccomp, {.number = SYS_statx}) == errno_verdict(EPERM));
  CHECK(verdict(seccomp, {.number = SYS_openat2 + 1}) == errno_verdict(ENOSYS));
}

TEST_CASE("where unknown calls are not refused, or said not to exist, newer ones are no exception",
          "[contract:runc]") {
  auto seccomp = refusing_but({rule({"getcwd"}, SeccompAction::kill_process)});
  SECTION("allow") { seccomp.default_action = SeccompAction::allow; }
  SECTION("log") { seccomp.default_action = SeccompAction::log; }
  SECTION("trace") { seccomp.default_action = SeccompAction::trace; }
  SECTION("ENOSYS") { seccomp.default_errno_ret = ENOSYS; }
  bpf::Machine machine(seccomp::compile(seccomp).program);
  CHECK(machine.run({.number = SYS_openat2}) == machine.run({.number = SYS_read}));
}

TEST_CASE("a profile without system calls knows none that others could be newer than",
          "[contract:runc]") {
  Seccomp seccomp;
  seccomp.default_action = SeccompAction::kill_process;
  CHECK(verdict(seccomp, {.number = SYS_openat2}) == SECCOMP_RET_KILL_PROCESS);
}

#ifdef __x86_64__
TEST_CASE("each architecture has a newest call of its own", "[contract:runc]") {
  auto seccomp = refusing_but({allow({"getcwd"})});
  seccomp.architectures = {SeccompArch::x86_64, SeccompArch::x86, SeccompArch::x32};
  bpf::Machine machine(seccomp::compile(seccomp).program);
  constexpr int x32 = 0x40000000, i386_getcwd = 183;
  CHECK(machine.run({.number = SYS_getcwd + 1}) == errno_verdict(ENOSYS));
  CHECK(machine.run({.number = x32 | (SYS_getcwd + 1)}) == errno_verdict(ENOSYS));
  CHECK(machine.run({.number = x32 | (SYS_getcwd - 1)}) == errno_verdict(EPERM));
  CHECK(machine.run({.arch = AUDIT_ARCH_I386, .number = i386_getcwd}) == SECCOMP_RET_ALLOW);
  CHECK(machine.run({.arch = AUDIT_ARCH_I386, .number = i386_getcwd + 1}) == errno_verdict(ENOSYS));
}
#endif

// --- flags --------------------------------------------------------------------------------------

TEST_CASE("flags are the kernel's; none given means SPEC_ALLOW, an empty list none",
          "[spec:config-linux#seccomp]") {
  auto seccomp = usual();
  CHECK(seccomp::compile(seccomp).flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  seccomp.flags.emplace();
  CHECK(seccomp::compile(seccomp).flags == 0);
  seccomp.flags = {SeccompFlag::log};
  CHECK(seccomp::compile(seccomp).flags == SECCOMP_FILTER_FLAG_LOG);
  seccomp.flags = {SeccompFlag::log, SeccompFlag::spec_allow};
  CHECK(seccomp::compile(seccomp).flags ==
        (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
}

TEST_CASE("flags about other threads and about agents have nothing to act on", "[contract:runc]") {
  auto seccomp = usual();
  seccomp.flags = {SeccompFlag::tsync, SeccompFlag::wait_killable_recv};
  CHECK(seccomp::compile(seccomp).flags == 0);
}

TEST_CASE("the flags are told in the debug log, as runc's suite wants it", "[contract:runc]") {
  Lines lines;
  lines.level = log::Level::debug;
  seccomp::compile(usual());
  CHECK(lines.all.back() == "debug: seccomp filter flags: 4");
}

// --- the kernel ---------------------------------------------------------------------------------

namespace {

std::string under(Seccomp const& seccomp, std::function<std::string()> const& body) {
  auto const filter = seccomp::compile(seccomp);
  return in_child([&] {
    linux::set_no_new_privileges().or_fail("set no_new_privs");
    seccomp::load(filter.program, filter.flags);
    return body();
  });
}

std::string result_of(long number, long argument = 0) {
  return ::syscall(number, argument) < 0 ? errno_text(errno) : "fine";
}

}  // namespace

TEST_CASE("the kernel takes the filter and does what it says",
          "[spec:config-linux#seccomp][MUST]") {
  Seccomp seccomp;
  seccomp.default_action = SeccompAction::allow;
  seccomp.syscalls = {rule({"getpriority"}, SeccompAction::error),
                      rule({"umask"}, SeccompAction::error, {{0, 7, 0, SeccompOperator::eq}})};
  seccomp.syscalls[0].errno_ret = ENETDOWN;
  seccomp.flags = {SeccompFlag::log, SeccompFlag::spec_allow};
  CHECK(under(seccomp, [] {
          return result_of(SYS_getpriority) + ", " + result_of(SYS_umask, 7) + ", " +
                 result_of(SYS_umask, 8);
        }) == "network is down, operation not permitted, fine");
}

TEST_CASE("the kernel takes a filter of the usual shape", "[seccomp]") {
  auto seccomp = usual();
#ifdef __x86_64__
  seccomp.architectures = {SeccompArch::x86_64, SeccompArch::x86, SeccompArch::x32};
#endif
  CHECK(under(seccomp, [] {
          return result_of(SYS_getpid) + ", " + result_of(SYS_sync) + ", " + result_of(9999);
        }) == "fine, operation not permitted, function not implemented");
}

TEST_CASE("a process that is to be killed is", "[spec:config-linux#seccomp][MUST]") {
  Seccomp seccomp;
  seccomp.default_action = SeccompAction::allow;
  seccomp.syscalls = {rule({"sync"}, SeccompAction::kill_process)};
  CHECK(under(seccomp, [] { return result_of(SYS_sync); }) == "signal 31");
}

TEST_CASE("a filter takes no_new_privs or the capability", "[seccomp]") {
  auto const filter = seccomp::compile(usual());
  CHECK(in_child([&] {
          linux::set_capabilities({}).or_fail("capset");
          seccomp::load(filter.program, filter.flags);
          return std::string("loaded");
        }) == "error: load the seccomp filter: permission denied");
}
