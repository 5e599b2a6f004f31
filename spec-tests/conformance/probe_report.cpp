// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What the probe sees: one JSON object, a field for each thing that config.json can ask for.
// Fields that need /proc are empty where a container has none.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "probe.hpp"

namespace probe {
namespace {

std::string link_target(std::string const& path) {
  char text[4096];
  ssize_t const size = readlink(path.c_str(), text, sizeof text);
  return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
}

std::string strings(std::vector<std::string> const& texts) {
  std::vector<std::string> items;
  for (auto const& text : texts) items.push_back(quoted(text));
  return array(items);
}

std::string user() {
  uid_t uid[3];
  gid_t gid[3];
  getresuid(&uid[0], &uid[1], &uid[2]);
  getresgid(&gid[0], &gid[1], &gid[2]);
  gid_t list[256];
  int const count = getgroups(256, list);
  std::vector<std::string> groups;
  for (int i = 0; i < count; ++i) groups.push_back(number(list[i]));
  return object({{"uid", array({number(uid[0]), number(uid[1]), number(uid[2])})},
                 {"gid", array({number(gid[0]), number(gid[1]), number(gid[2])})},
                 {"groups", array(groups)}});
}

/// capabilities(7): bit masks.
std::string capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  syscall(SYS_capget, &header, data);
  auto const mask = [](std::uint32_t low, std::uint32_t high) {
    return number((std::uint64_t{high} << 32) | low);
  };
  std::uint64_t bounding = 0;
  std::uint64_t ambient = 0;
  for (unsigned long bit = 0; bit < 64; ++bit) {
    if (prctl(PR_CAPBSET_READ, bit, 0, 0, 0) == 1) bounding |= std::uint64_t{1} << bit;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, bit, 0, 0) == 1) {
      ambient |= std::uint64_t{1} << bit;
    }
  }
  return object({{"inheritable", mask(data[0].inheritable, data[1].inheritable)},
                 {"permitted", mask(data[0].permitted, data[1].permitted)},
                 {"effective", mask(data[0].effective, data[1].effective)},
                 {"bounding", number(bounding)},
                 {"ambient", number(ambient)}});
}

std::string rlimits() {
  static constexpr struct {
    char const* name;
    int id;
  } limits[] = {{"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},
                {"RLIMIT_CPU", RLIMIT_CPU},         {"RLIMIT_DATA", RLIMIT_DATA},
                {"RLIMIT_FSIZE", RLIMIT_FSIZE},     {"RLIMIT_LOCKS", 10},
                {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                {"RLIMIT_NICE", RLIMIT_NICE},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_RSS", RLIMIT_RSS},
                {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},
                {"RLIMIT_STACK", RLIMIT_STACK},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}};
  Fields fields;
  for (auto const& limit : limits) {
    struct rlimit value {};
    getrlimit(static_cast<__rlimit_resource_t>(limit.id), &value);
    fields.emplace_back(limit.name, array({number(value.rlim_cur), number(value.rlim_max)}));
  }
  return object(fields);
}

/// One line of proc_pid_mountinfo(5).
std::string mount_line(std::string const& line) {
  auto const words = split(line, ' ');
  auto const dash = std::find(words.begin(), words.end(), "-");
  if (words.size() < 9 || words.end() - dash < 3) return "null";
  return object({{"id", words[0]},
                 {"parent", words[1]},
                 {"root", quoted(words[3])},
                 {"target", quoted(words[4])},
                 {"options", strings(split(words[5], ','))},
                 {"propagation", strings({words.begin() + 6, dash})},
                 {"type", quoted(dash[1])},
                 {"source", quoted(dash[2])},
                 {"super", strings(words.end() - dash > 3 ? split(dash[3], ',')
                                                          : std::vector<std::string>{})}});
}

std::string mounts() {
  std::vector<std::string> items;
  for (auto const& line : split(content("/proc/self/mountinfo"), '\n')) {
    items.push_back(mount_line(line));
  }
  return array(items);
}

/// Open descriptors and what they are; asked of the kernel, so that it works without /proc.
std::string descriptors() {
  std::vector<std::string> items;
  for (int fd = 0; fd < 1024; ++fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) continue;
    items.push_back(object({{"fd", number(fd)},
                            {"mode", number(info.st_mode)},
                            {"rdev", number(info.st_rdev)},
                            {"inode", number(info.st_ino)},
                            {"device", number(info.st_dev)},
                            {"target", quoted(link_target("/proc/self/fd/" + number(fd)))}}));
  }
  return array(items);
}

std::string terminal() {
  winsize size{};
  bool const tty = isatty(0) != 0;
  if (tty) ioctl(0, TIOCGWINSZ, &size);
  termios modes{};
  if (tty) tcgetattr(0, &modes);
  return object({{"tty", array({boolean(tty), boolean(isatty(1) != 0), boolean(isatty(2) != 0)})},
                 {"rows", number(size.ws_row)},
                 {"columns", number(size.ws_col)},
                 {"onlcr", boolean((modes.c_oflag & ONLCR) != 0)},
                 {"foreground", number(tty ? tcgetpgrp(0) : -1)},
                 {"controlling", boolean(access("/dev/tty", F_OK) == 0 &&
                                         close(open("/dev/tty", O_RDWR | O_CLOEXEC)) == 0)}});
}

std::string signals() {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  std::vector<std::string> masked;
  std::vector<std::string> ignored;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&blocked, signal) == 1) masked.push_back(number(signal));
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
      ignored.push_back(number(signal));
    }
  }
  return object({{"blocked", array(masked)}, {"ignored", array(ignored)}});
}

std::string names() {
  utsname uts{};
  uname(&uts);
  return object({{"hostname", quoted(uts.nodename)},
                 {"domainname", quoted(uts.domainname)},
                 {"machine", quoted(uts.machine)}});
}

std::string clocks() {
  timespec monotonic{};
  timespec boottime{};
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_BOOTTIME, &boottime);
  return object({{"monotonic", number(monotonic.tv_sec)}, {"boottime", number(boottime.tv_sec)}});
}

/// sched_setattr(2): glibc has neither the call nor, before 2.41, the structure.
struct SchedulerAttributes {
  std::uint32_t size = 48;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;  // nanoseconds
};

std::string scheduling() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<std::string> cpus;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(number(cpu));
  }
  SchedulerAttributes attributes;
  syscall(SYS_sched_getattr, 0, &attributes, attributes.size, 0U);
  int policy = -1;
  std::uint64_t node_bits[16] = {};  // 1024 nodes are the most that kernels are built for
  syscall(SYS_get_mempolicy, &policy, node_bits, 1024UL, nullptr, 0UL);
  std::vector<std::string> nodes;
  for (unsigned node = 0; node < 1024; ++node) {
    if ((node_bits[node / 64] >> node % 64 & 1) != 0) nodes.push_back(number(node));
  }
  return object({{"cpus", array(cpus)},
                 {"policy", number(attributes.policy)},
                 {"flags", number(static_cast<long long>(attributes.flags))},
                 {"priority", number(attributes.priority)},
                 {"runtime", number(static_cast<long long>(attributes.runtime))},
                 {"deadline", number(static_cast<long long>(attributes.deadline))},
                 {"period", number(static_cast<long long>(attributes.period))},
                 {"nice", number(getpriority(PRIO_PROCESS, 0))},
                 {"ioprio", number(syscall(SYS_ioprio_get, 1, 0))},
                 {"mempolicy", number(policy)},
                 {"memnodes", array(nodes)}});
}

std::string arguments() {
  std::string const text = content("/proc/self/cmdline");
  std::vector<std::string> words;
  for (std::size_t start = 0; start < text.size();) {
    std::size_t const end = text.find('\0', start);
    words.push_back(text.substr(start, end - start));
    if (end == std::string::npos) break;
    start = end + 1;
  }
  return strings(words);
}

mode_t mask() {
  mode_t const value = umask(0);
  umask(value);
  return value;
}

std::string session_keyring() {
  char text[256] = "";
  syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, -3 /* KEY_SPEC_SESSION_KEYRING */, text,
          sizeof text);
  return text;
}

}  // namespace

std::string namespaces() {
  static constexpr char const* kinds[] = {"cgroup", "ipc",  "mnt",  "net",
                                          "pid",    "time", "user", "uts"};
  Fields fields;
  for (char const* kind : kinds) {
    struct stat info {};
    std::string const path = std::string("/proc/self/ns/") + kind;
    fields.emplace_back(kind, stat(path.c_str(), &info) == 0 ? number(info.st_ino) : "null");
  }
  return object(fields);
}

std::string environment() {
  std::vector<std::string> items;
  for (char** entry = environ; *entry != nullptr; ++entry) items.push_back(quoted(*entry));
  return array(items);
}

std::string report() {
  char cwd[4096] = "";
  if (getcwd(cwd, sizeof cwd) == nullptr) cwd[0] = '\0';
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
  return object({{"pid", number(getpid())},
                 {"ppid", number(getppid())},
                 {"sid", number(getsid(0))},
                 {"pgid", number(getpgrp())},
                 {"user", user()},
                 {"capabilities", capabilities()},
                 {"rlimits", rlimits()},
                 {"mounts", mounts()},
                 {"namespaces", namespaces()},
                 {"names", names()},
                 {"cwd", quoted(cwd)},
                 {"env", environment()},
                 {"args", arguments()},
                 {"umask", number(mask())},
                 {"oom_score_adj", quoted(content("/proc/self/oom_score_adj"))},
                 {"seccomp", number(prctl(PR_GET_SECCOMP, 0, 0, 0, 0))},
                 {"no_new_privileges", boolean(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)},
                 {"dumpable", number(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))},
                 {"death_signal", number(death_signal)},
                 {"descriptors", descriptors()},
                 {"terminal", terminal()},
                 {"signals", signals()},
                 {"clocks", clocks()},
                 {"scheduling", scheduling()},
                 {"timens_offsets", quoted(content("/proc/self/timens_offsets"))},
                 {"uid_map", quoted(content("/proc/self/uid_map"))},
                 {"gid_map", quoted(content("/proc/self/gid_map"))},
                 {"setgroups", quoted(content("/proc/self/setgroups"))},
                 {"cgroup", quoted(content("/proc/self/cgroup"))},
                 {"keyring", quoted(session_keyring())},
                 {"personality", number(personality(0xffffffff))}});
}

}  // namespace probe
