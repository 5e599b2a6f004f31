// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The verbs of the probe: one function each, all in the table at the end.  A verb prints one line
// of JSON with its name and either what it found or the errno of its one attempt (0: it worked).
#include "probe.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace probe {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      static constexpr char digits[] = "0123456789abcdef";
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string array(std::vector<std::string> const& items) {
  std::string out = "[";
  for (auto const& item : items) out += (out.size() > 1 ? "," : "") + item;
  return out += ']';
}

std::string object(Fields const& fields) {
  std::string out = "{";
  for (auto const& [key, value] : fields) {
    out += (out.size() > 1 ? "," : "") + quoted(key) + ":" + value;
  }
  return out += '}';
}

std::string content(char const* path) {
  int const fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  char buffer[4096];
  while (text.size() < (std::size_t{1} << 20)) {
    ssize_t const size = read(fd, buffer, sizeof buffer);
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  close(fd);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void print(std::string const& line) {
  std::string const text = line + "\n";
  if (write(1, text.data(), text.size()) < 0) _exit(99);
}

std::string outcome(bool worked) { return object({{"errno", number(worked ? 0 : errno)}}); }

namespace {

int flags_of(std::string const& mode) {
  int const access = mode == "r" ? O_RDONLY : mode == "w" ? O_WRONLY : O_RDWR;
  return access | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
}

std::string open_path(Words const& words) {
  int const fd = open(words[0].c_str(), flags_of(words[1]));
  std::string result = outcome(fd >= 0);
  if (fd >= 0) close(fd);
  return result;
}

std::string write_file(Words const& words) {
  int const fd = open(words[0].c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return outcome(false);
  bool const worked = write(fd, words[1].data(), words[1].size()) >= 0;
  std::string result = outcome(worked);
  close(fd);
  return result;
}

std::string read_file(Words const& words) {
  int const fd = open(words[0].c_str(), O_RDONLY | O_CLOEXEC);
  char first = 0;
  bool const worked = fd >= 0 && read(fd, &first, 1) >= 0;
  int const number_of_error = worked ? 0 : errno;
  if (fd >= 0) close(fd);
  return object({{"errno", number(number_of_error)}, {"text", quoted(content(words[0].c_str()))}});
}

std::string stat_path(Words const& words) {
  struct stat info {};
  if (lstat(words[0].c_str(), &info) != 0) return outcome(false);
  char target[4096] = "";
  ssize_t const size = readlink(words[0].c_str(), target, sizeof target - 1);
  return object({{"errno", "0"},
                 {"type", number(info.st_mode & S_IFMT)},
                 {"permissions", number(info.st_mode & 07777)},
                 {"uid", number(info.st_uid)},
                 {"gid", number(info.st_gid)},
                 {"major", number(major(info.st_rdev))},
                 {"minor", number(minor(info.st_rdev))},
                 {"inode", number(info.st_ino)},
                 {"device", number(info.st_dev)},
                 {"size", number(info.st_size)},
                 {"link", quoted(std::string_view(target, size < 0 ? 0 : std::size_t(size)))}});
}

std::string list_directory(Words const& words) {
  DIR* directory = opendir(words[0].c_str());
  if (directory == nullptr) return outcome(false);
  Words names;
  while (dirent const* entry = readdir(directory)) {
    std::string const name = entry->d_name;
    if (name != "." && name != "..") names.push_back(quoted(name));
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return object({{"errno", "0"}, {"names", array(names)}});
}

std::string make_node(Words const& words) {
  mode_t const type = words[1] == "b" ? S_IFBLK : words[1] == "p" ? S_IFIFO : S_IFCHR;
  auto const part = [&](std::size_t i) { return static_cast<unsigned>(std::stoul(words[i])); };
  return outcome(mknod(words[0].c_str(), type | 0600, makedev(part(2), part(3))) == 0);
}

std::string make_directory(Words const& words) {
  return outcome(mkdir(words[0].c_str(), 0755) == 0);
}

std::string make_mount(Words const& words) {
  return outcome(mount(words[1].c_str(), words[2].c_str(), words[0].c_str(),
                       words[0] == "bind" ? MS_BIND : 0, nullptr) == 0);
}

std::string filesystem(Words const& words) {
  struct statfs info {};
  if (statfs(words[0].c_str(), &info) != 0) return outcome(false);
  return object({{"errno", "0"}, {"magic", number(info.f_type)}, {"flags", number(info.f_flags)}});
}

std::string change_owner(Words const& words) {
  return outcome(chown(words[0].c_str(), static_cast<uid_t>(std::stoul(words[1])),
                       static_cast<gid_t>(std::stoul(words[2]))) == 0);
}

std::string change_mode(Words const& words) {
  return outcome(chmod(words[0].c_str(), static_cast<mode_t>(std::stoul(words[1], nullptr, 8))) ==
                 0);
}

/// A system call by its number, with up to three numeric arguments.
std::string system_call(Words const& words) {
  long argument[3] = {};
  for (std::size_t i = 0; i < 3 && i + 1 < words.size(); ++i) {
    argument[i] = std::stol(words[i + 1]);
  }
  errno = 0;
  long const value = syscall(std::stol(words[0]), argument[0], argument[1], argument[2]);
  return object({{"errno", number(value == -1 ? errno : 0)}, {"value", number(value)}});
}

/// The same with a handler for SIGUSR1, which does not restart the call.
std::string interruptible_call(Words const& words) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  return system_call(words);
}

/// execve(2) in a child, so that what follows still runs.
std::string execute(Words const& words) {
  int status[2];
  if (pipe2(status, O_CLOEXEC) != 0) return outcome(false);
  pid_t const child = fork();
  if (child == 0) {
    char* const argv[] = {const_cast<char*>(words[0].c_str()), nullptr};
    execve(words[0].c_str(), argv, environ);
    int const failure = errno;
    _exit(write(status[1], &failure, sizeof failure) > 0 ? 98 : 99);
  }
  close(status[1]);
  int failure = 0;
  if (read(status[0], &failure, sizeof failure) <= 0) failure = 0;
  close(status[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return object({{"errno", number(child < 0 ? errno : failure)}});
}

/// Starts children that wait until they are killed; says how many the kernel granted.
std::string fork_children(Words const& words) {
  int const wanted = std::stoi(words[0]);
  Words pids;
  int failure = 0;
  while (static_cast<int>(pids.size()) < wanted) {
    pid_t const child = fork();
    if (child == 0) {
      for (;;) pause();
    }
    if (child < 0) {
      failure = errno;
      break;
    }
    pids.push_back(number(child));
  }
  return object({{"errno", number(failure)}, {"pids", array(pids)}});
}

std::string allocate(Words const& words) {
  std::size_t const size = std::stoul(words[0]);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return outcome(false);
  std::memset(memory, 1, size);
  return object({{"errno", "0"}});
}

/// What touches it waits in the kernel for somebody to bring the page: userfaultfd(2).
int touch(void* page) {
  int const zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  return read(zero, page, 1) == 1 ? 0 : 1;
}

/// A child that only SIGKILL reaches, in a system call that never ends.
std::string get_stuck(Words const&) {
  constexpr std::size_t size = 4096;
  alignas(16) static char stack[16 * size];
  int const faults = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  uffdio_api api{UFFD_API, 0, 0};
  void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uffdio_register range{
      {reinterpret_cast<std::uintptr_t>(page), size}, UFFDIO_REGISTER_MODE_MISSING, 0};
  if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0 ||
      ioctl(faults, UFFDIO_REGISTER, &range) != 0) {
    return outcome(false);
  }
  if (clone(touch, stack + sizeof stack, CLONE_VM | CLONE_FILES | SIGCHLD, page) < 0) {
    return outcome(false);
  }
  pollfd waiting{faults, POLLIN, 0};
  return outcome(poll(&waiting, 1, -1) == 1 && waiting.revents == POLLIN);
}

/// Network interfaces and whether each is up.
std::string interfaces(Words const&) {
  int const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Fields fields;
  auto* list = if_nameindex();
  for (auto* entry = list; entry != nullptr && entry->if_index != 0; ++entry) {
    ifreq request{};
    std::strncpy(request.ifr_name, entry->if_name, sizeof request.ifr_name - 1);
    bool const known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    fields.emplace_back(entry->if_name, boolean(known && (request.ifr_flags & IFF_UP) != 0));
  }
  close(fd);
  return object({{"errno", "0"}, {"up", object(fields)}});
}

/// ipc_namespaces(7): a System V segment made here, or looked for.
std::string shared_memory(Words const& words) {
  int const flags = words[1] == "make" ? IPC_CREAT | 0600 : 0;
  return outcome(shmget(static_cast<key_t>(std::stol(words[0])), 4096, flags) >= 0);
}

std::string message_queue(Words const& words) {
  int const flags = words[1] == "make" ? O_CREAT | O_RDWR : O_RDONLY;
  mqd_t const queue = mq_open(words[0].c_str(), flags, 0600, nullptr);
  std::string result = outcome(queue >= 0);
  if (queue >= 0) mq_close(queue);
  return result;
}

/// Prints "ready" and then each signal that arrives; TERM and INT end it.
std::string pause_for_signals(Words const&) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  print(object({{"verb", quoted("pause")}, {"ready", "true"}}));
  for (;;) {
    siginfo_t info{};
    int const signal = sigwaitinfo(&all, &info);
    if (signal < 0) continue;  // EINTR: the freezer of cgroup v2
    if (signal == SIGCHLD) {
      while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
      continue;
    }
    print(object({{"verb", quoted("pause")}, {"signal", number(signal)}}));
    if (signal == SIGTERM || signal == SIGINT) _exit(0);
  }
}

/// Says nothing, so that nobody has to hold its output.
std::string wait_for_ever(Words const&) {
  for (;;) pause();
}

std::string leave(Words const& words) { _exit(std::stoi(words[0])); }

std::string raise_signal(Words const& words) {
  return outcome(kill(getpid(), std::stoi(words[0])) == 0);
}

std::string standard_input() {
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = read(0, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

/// hook NAME FILE [EXIT-STATUS | hang]: appends a record of this hook's call to FILE.
std::string hook(Words const& words) {
  char cwd[4096] = "";
  if (getcwd(cwd, sizeof cwd) == nullptr) cwd[0] = '\0';
  std::string const line = object({{"hook", quoted(words[0])},
                                   {"stdin", quoted(standard_input())},
                                   {"env", environment()},
                                   {"cwd", quoted(cwd)},
                                   {"namespaces", namespaces()}}) +
                           "\n";
  int const fd = open(words[1].c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0 || write(fd, line.data(), line.size()) < 0) _exit(97);
  close(fd);
  if (words.size() < 3) _exit(0);
  if (words[2] == "hang") {
    for (;;) pause();
  }
  _exit(std::stoi(words[2]));
}

std::string say(Words const& words) {
  int const fd = std::stoi(words[0]);
  return outcome(write(fd, words[1].data(), words[1].size()) >= 0);
}

std::string input(Words const&) { return object({{"text", quoted(standard_input())}}); }

/// Makes this the standard streams, and closes those there were.
std::string redirect(Words const& words) {
  int const fd = open(words[0].c_str(), O_RDWR | O_CLOEXEC);
  bool worked = fd >= 0;
  for (int stream = 0; stream < 3; ++stream) worked = worked && dup2(fd, stream) == stream;
  std::string result = outcome(worked);
  if (fd > 2) close(fd);
  return result;
}

/// Prints so many bytes, in lines.
std::string flood(Words const& words) {
  std::string const line = std::string(63, 'x') + "\n";
  std::string block;
  while (block.size() < 16384) block += line;
  for (std::size_t left = std::stoul(words[0]); left > 0;) {
    ssize_t const size = write(1, block.data(), std::min(left, block.size()));
    if (size < 0) return outcome(false);
    left -= static_cast<std::size_t>(size);
  }
  return object({{"errno", "0"}});
}

/// One datagram to $NOTIFY_SOCKET, with a descriptor where there is one.
bool send_notice(std::string const& text, int passed) {
  sockaddr_un address{AF_UNIX, {}};
  char const* path = std::getenv("NOTIFY_SOCKET");
  std::strncpy(address.sun_path, path == nullptr ? "" : path, sizeof address.sun_path - 1);
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (passed >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
  }
  int const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool const sent = sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
  int const failure = errno;
  close(fd);
  errno = failure;
  return sent;
}

/// sd_notify(3): a datagram for each word.
std::string notify(Words const& words) {
  for (auto const& word : words) {
    if (!send_notice(word, -1)) return outcome(false);
  }
  return object({{"errno", "0"}});
}

/// sd_notify_barrier(3)
std::string notify_barrier(Words const&) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return outcome(false);
  bool const sent = send_notice("BARRIER=1", ends[1]);
  if (!sent) return outcome(false);
  close(ends[1]);
  pollfd closed{ends[0], POLLIN, 0};
  int const ready = poll(&closed, 1, 10000);
  if (ready == 0) errno = ETIMEDOUT;
  return outcome(ready > 0);
}

constexpr Verb verbs[] = {
    {"allocate", 1, allocate},
    {"barrier", 0, notify_barrier},
    {"chmod", 2, change_mode},
    {"chown", 3, change_owner},
    {"execute", 1, execute},
    {"exit", 1, leave},
    {"flood", 1, flood},
    {"fork", 1, fork_children},
    {"hook", 2, hook},
    {"input", 0, input},
    {"interfaces", 0, interfaces},
    {"list", 1, list_directory},
    {"mkdir", 1, make_directory},
    {"mknod", 4, make_node},
    {"mount", 3, make_mount},
    {"mqueue", 2, message_queue},
    {"notify", 1, notify},
    {"open", 2, open_path},
    {"pause", 0, pause_for_signals},
    {"raise", 1, raise_signal},
    {"read", 1, read_file},
    {"redirect", 1, redirect},
    {"report", 0, [](Words const&) { return report(); }},
    {"say", 2, say},
    {"shm", 2, shared_memory},
    {"stat", 1, stat_path},
    {"statfs", 1, filesystem},
    {"stuck", 0, get_stuck},
    {"syscall", 1, system_call},
    {"syscall-alarm", 1, interruptible_call},
    {"wait", 0, wait_for_ever},
    {"write", 2, write_file},
};

int run(std::string const& name, Words const& words) {
  for (std::span<Verb const> const table : {std::span<Verb const>(verbs), attacks()}) {
    for (auto const& verb : table) {
      if (name != verb.name || words.size() < verb.arguments) continue;
      std::string const result = verb.run(words);
      print("{\"verb\":" + quoted(name) + (result == "{}" ? "}" : "," + result.substr(1)));
      return 0;
    }
  }
  print(object({{"unknown", quoted(name)}}));
  return 64;
}

}  // namespace
}  // namespace probe

int main(int argc, char** argv) {
  for (int i = 1; i < argc;) {
    int end = i;
    while (end < argc && std::string_view(argv[end]) != "--") ++end;
    std::string const name = argv[i];
    if (int const status = probe::run(name, {argv + i + 1, argv + end}); status != 0) return status;
    i = end + 1;
  }
  return 0;
}
