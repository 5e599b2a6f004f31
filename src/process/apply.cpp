// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/apply.hpp"

#include <array>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/weaken.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/proc.hpp"
#include "process/credentials.hpp"
#include "process/passwd.hpp"
#include "process/program.hpp"

namespace proa::process {

namespace {

constexpr pid_t calling_process = 0;

// Paths of config.json may lead anywhere in the image, but never through /proc/PID/fd and the like
// to what this process has open.
constexpr auto inside = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

linux::Outcome<linux::Fd> open_inside(linux::FdRef root, std::string const& path, int flags) {
  if (weakened("cwd-in-root")) return linux::open_at(root, path, flags);
  auto file = linux::open_in(root, path, flags, inside);
  // Without openat2(2), because a filter around us denies it, the root that this process is in
  // bounds the walk; the links of /proc/PID are then met by is_below_root().
  if (file.is(ENOSYS, EPERM)) return linux::open_at(root, "./" + path, flags | O_NOFOLLOW);
  return file;
}

/// Whether the kernel sees the working directory below this process's root: getcwd(2).
bool is_below_root() {
  if (weakened("cwd-in-root")) return true;
  auto const seen = linux::working_directory();
  return seen && (*seen).starts_with('/');
}

std::string limit_text(std::uint64_t value) {
  constexpr auto unlimited = ~std::uint64_t{0};  // RLIM_INFINITY
  return value == unlimited ? "unlimited" : fmt::format("{}", value);
}

constexpr std::string_view listen_pid = "LISTEN_PID=";

/// The home directory that the container's /etc/passwd gives; nullopt without a usable one.
std::optional<std::string> home_of(uid_t uid, linux::FdRef root) {
  // The image may have put a FIFO there, which must not block.
  auto const file = open_inside(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::nullopt;
  auto const info = linux::stat(*file);
  if (!info || !S_ISREG((*info).st_mode)) return std::nullopt;
  constexpr std::size_t most = 64U << 20;  // a sparse file of terabytes must not hold us up
  HomeFinder finder(uid);
  std::array<char, 4096> buffer;
  for (std::size_t total = 0; total < most && !finder.home();) {
    auto const got = linux::read_some(*file, buffer);
    if (!got || *got == 0) break;
    finder.feed({buffer.data(), *got});
    total += *got;
  }
  finder.end();
  return finder.home();
}

linux::Outcome<void> enter(linux::FdRef root, std::string const& path) {
  auto const directory = open_inside(root, path, O_PATH | O_DIRECTORY);
  if (!directory) return linux::Errno{directory.error()};
  return linux::fchdir(*directory);
}

/// As the working directory, so that nothing is made in a directory outside of the root.
void enter_made(linux::FdRef root, std::string const& path) {
  auto entered = enter(root, path);
  if (entered.is(ENOENT)) {
    auto const name = path.substr(path.rfind('/') + 1);
    auto const made = linux::mkdir_at(linux::at_cwd, name, 0755);
    if (!made.is(EEXIST)) made.or_fail("create directory {}", path);
    entered = enter(root, path);
  }
  entered.or_fail("enter {}", path);
  if (!is_below_root()) fail(ErrorKind::failed, "{} is outside of the container's root", path);
}

/// The first bytes of a file; empty when it can't be read.
std::string head_of(std::string const& path) {
  std::string head(program_head, '\0');
  auto const file = linux::open_at(linux::at_cwd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return {};
  auto const got = linux::read_some(*file, head);
  head.resize(got ? *got : 0);
  return head;
}

}  // namespace

void set_oom_score_adj(Plan const& plan, linux::FdRef proc, std::string_view process) {
  if (!plan.oom_score_adj) return;
  auto const path = fmt::format("{}/oom_score_adj", process);
  auto const written = linux::write_proc(proc, path, fmt::format("{}", *plan.oom_score_adj));
  // Lowering it takes CAP_SYS_RESOURCE: proc(5).
  if (plan.rootless && written.is(EACCES, EPERM)) return;
  written.or_fail("write {} to /proc/{}", *plan.oom_score_adj, path);
}

void set_limits(Plan const& plan, pid_t pid) {
  for (auto const& [resource, name, value] : plan.limits) {
    auto const set = linux::set_limit(pid, resource, value);
    if (!set) {
      set.or_fail("set {} to {}:{}", name, limit_text(value.soft), limit_text(value.hard));
    }
  }
}

void set_scheduling(Plan const& plan) {
  if (plan.personality) {
    linux::set_personality(*plan.personality).or_fail("set personality {}", *plan.personality);
  }
  if (plan.memory_policy) {
    auto const& [mode, nodes, word] = *plan.memory_policy;
    linux::set_memory_policy(mode, nodes).or_fail("/linux/memoryPolicy: set {}", word);
  }
  if (plan.io_priority) {
    linux::set_group_io_priority(*plan.io_priority)
        .or_fail("set I/O priority {:#x}", *plan.io_priority);
  }
  if (!plan.scheduler) return;
  auto const set = linux::set_scheduler(calling_process, *plan.scheduler);
  // sched(7): SCHED_DEADLINE is refused to a process that may not run on every processor.
  if (set.is(EPERM) && plan.fixed_processors) {
    fail(ErrorKind::failed, "process scheduler can't be used together with AllowedCPUs");
  }
  set.or_fail("set scheduler policy {}", plan.scheduler->policy);
}

void set_initial_affinity(Plan const& plan) {
  if (plan.affinity.initial.empty()) return;
  linux::set_affinity(calling_process, plan.affinity.initial).or_fail("set initial CPU affinity");
}

void set_final_affinity(Plan const& plan) {
  if (!plan.affinity.final.empty()) {
    linux::set_affinity(calling_process, plan.affinity.final).or_fail("set final CPU affinity");
    return;
  }
  // config.md#process: with an initial affinity and no final one it is not changed any more.
  if (!plan.affinity.initial.empty()) return;
  // As many bits as no machine has: the kernel cuts them down to what the cpuset allows.
  constexpr std::size_t words = 65536 / (8 * sizeof(unsigned long));
  // Not worth stopping for: the process runs, on fewer processors.
  linux::set_affinity(calling_process, linux::BitMask(words, ~0UL)).ignore();
}

void complete_environment(Plan& plan, linux::FdRef root) {
  if (plan.has_sockets) {
    // Only this process knows its number in the container: 1, mostly.
    std::erase_if(plan.env, [](std::string const& entry) { return entry.starts_with(listen_pid); });
    plan.env.push_back(fmt::format("{}{}", listen_pid, linux::process_id()));
  }
  auto const present = variable(plan.env, "HOME");
  if (present && !present->empty()) return;
  std::erase(plan.env, "HOME=");
  auto const home = home_of(plan.uid, root).value_or("");
  plan.env.push_back(fmt::format("HOME={}", home.empty() ? "/" : home));
}

void make_cwd(Plan const& plan, linux::FdRef root) {
  auto const found = open_inside(root, plan.cwd, O_PATH | O_DIRECTORY);
  // What is wrong with it otherwise, enter_cwd() will say.
  if (!found.is(ENOENT)) return;
  Context at("create cwd {}", plan.cwd);
  enter_made(root, "/");
  // openat2(2) walks the whole path each time, so a symbolic link in it leads where it does for
  // the container; only what is missing behind it is made.
  std::string walked;
  for (auto const name : text::split(plan.cwd, '/')) {
    if (name.empty() || name == ".") continue;
    walked += fmt::format("/{}", name);
    enter_made(root, walked);
  }
  enter_made(root, "/");
}

void enter_cwd(Plan const& plan, linux::FdRef root) {
  auto entered = enter(root, plan.cwd);
  if (entered.is(EACCES, EPERM)) {
    // A volume may be open to the container's user and not to root: NFS with root_squash.
    FilesAsUser const user(plan);
    entered = enter(root, plan.cwd);
  }
  entered.or_fail("enter cwd {}", plan.cwd);
  if (!is_below_root()) {
    fail(ErrorKind::failed, "cwd {} is outside of the container's root", plan.cwd);
  }
}

void execute(Plan const& plan, std::string const& path) {
  linux::Strings const args(plan.args);
  linux::Strings const env(plan.env);
  int const number = linux::execute(path, args.data(), env.data()).error();
  auto const said = remark(number, head_of(path));
  throw Error(ErrorKind::failed, number,
              fmt::format("{}exec {}: {}{}{}", detail::contexts(), path, errno_text(number),
                          said.empty() ? "" : "\n", said));
}

}  // namespace proa::process
