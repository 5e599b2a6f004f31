// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox.hpp"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sandbox {

namespace {

using proa::spec::NamespaceType;

[[noreturn]] void broken(std::string const& what) {
  throw std::runtime_error("sandbox: " + what + ": " + proa::errno_text(errno));
}

int remove_entry(char const* path, struct stat const*, int, FTW*) { return ::remove(path); }

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) broken("pipe");
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    ::close(read);
    if (write >= 0) ::close(write);
  }
  std::string all() {
    ::close(write);
    write = -1;
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::read(read, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
  }
};

void say(int fd, std::string const& text) {
  if (::write(fd, text.data(), text.size()) < 0) ::_exit(2);
}

std::string outcome_of(std::function<std::string()> const& work) {
  try {
    return work();
  } catch (proa::Error const& error) {
    return "error: " + error.text();
  } catch (std::exception const& error) {
    return std::string("broken: ") + error.what();
  }
}

/// The pid namespace begins with the next child.
[[noreturn]] void become_first(int answer, std::function<std::string()> const& work) {
  pid_t const first = ::fork();
  if (first == 0) {
    say(answer, outcome_of(work));
    ::_exit(0);
  }
  ::waitpid(first, nullptr, 0);
  ::_exit(0);
}

constexpr int isolated = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;

void write_file(std::string const& path, std::string const& text) {
  int const fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || ::write(fd, text.data(), text.size()) < 0) broken("write " + path);
  ::close(fd);
}

void keep_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) ::_exit(3);
}

}  // namespace

Directory::Directory() {
  std::string name = "/tmp/proa-unit.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) broken("mkdtemp");
  ::chmod(name.c_str(), 0755);
  path_ = name;
}

Directory::~Directory() { ::nftw(path_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

void Directory::make_directory(std::string const& name, unsigned mode) const {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    ::mkdir((*this / name.substr(0, slash)).c_str(), 0755);
  }
  auto const path = *this / name;
  if (::mkdir(path.c_str(), 0755) < 0 && errno != EEXIST) broken("mkdir " + path);
  ::chmod(path.c_str(), mode);
}

void Directory::write(std::string const& name, std::string const& text, unsigned mode) const {
  auto const path = *this / name;
  int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, text.data(), text.size()) < 0) broken("write " + path);
  ::fchmod(fd, mode);
  ::close(fd);
}

void Directory::link(std::string const& name, std::string const& target) const {
  if (::symlink(target.c_str(), (*this / name).c_str()) < 0) broken("symlink " + name);
}

bool Directory::has(std::string const& name) const {
  struct stat info {};
  return ::lstat((*this / name).c_str(), &info) == 0;
}

proa::spec::Mount mount(std::string destination, std::string type, std::string source,
                        std::vector<std::string> options) {
  proa::spec::Mount mount;
  mount.destination = std::move(destination);
  mount.type = std::move(type);
  mount.source = std::move(source);
  mount.options = std::move(options);
  return mount;
}

proa::spec::Mount bind(std::string source, std::string destination,
                       std::vector<std::string> options) {
  options.insert(options.begin(), "bind");
  return mount(std::move(destination), "none", std::move(source), std::move(options));
}

proa::spec::Spec minimal() {
  proa::spec::Spec spec;
  spec.root = proa::spec::Root{"rootfs", false};
  spec.linux.namespaces = {{NamespaceType::mount, ""}, {NamespaceType::pid, ""}};
  return spec;
}

proa::spec::Spec usual() {
  auto spec = minimal();
  spec.mounts = {
      mount("/proc", "proc", "proc"),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts",
            {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
  };
  spec.linux.masked_paths = {"/proc/kcore", "/proc/acpi", "/sys/firmware", "/proc/keys"};
  spec.linux.readonly_paths = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq"};
  return spec;
}

proa::rootfs::Plan plan(proa::spec::Spec const& spec, std::string const& bundle) {
  proa::Host const host;
  return proa::rootfs::plan({spec, host, bundle, {}});
}

std::string run(std::function<std::string()> const& work) {
  Pipe answer;
  pid_t const child = ::fork();
  if (child == 0) {
    if (::unshare(isolated) < 0) {
      say(answer.write, "broken: unshare: " + proa::errno_text(errno));
      ::_exit(3);
    }
    keep_private();
    become_first(answer.write, work);
  }
  auto text = answer.all();
  ::waitpid(child, nullptr, 0);
  return text;
}

std::string run_as_user(std::function<void()> const& before,
                        std::function<std::string()> const& work, Network network) {
  int const flags = isolated | CLONE_NEWUSER | (network == Network::own ? CLONE_NEWNET : 0);
  Pipe answer;
  pid_t const outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWNS) < 0) ::_exit(3);
    keep_private();
    if (before) before();
    Pipe ready, go;
    pid_t const child = ::fork();
    if (child == 0) {
      char byte = 'x';
      if (::unshare(flags) < 0) {
        say(answer.write, "broken: unshare: " + proa::errno_text(errno));
        ::_exit(3);
      }
      if (::write(ready.write, &byte, 1) != 1 || ::read(go.read, &byte, 1) != 1) ::_exit(3);
      if (::setgid(0) < 0 || ::setuid(0) < 0) ::_exit(3);
      become_first(answer.write, work);
    }
    char byte = 'x';
    if (::read(ready.read, &byte, 1) == 1) {
      write_file("/proc/" + std::to_string(child) + "/uid_map", "0 100000 65536");
      write_file("/proc/" + std::to_string(child) + "/gid_map", "0 100000 65536");
      if (::write(go.write, &byte, 1) != 1) ::_exit(3);
    }
    ::waitpid(child, nullptr, 0);
    ::_exit(0);
  }
  auto text = answer.all();
  ::waitpid(outer, nullptr, 0);
  return text;
}

std::string in_container(proa::rootfs::Plan const& plan, std::function<std::string()> const& look) {
  auto tree = proa::rootfs::build(plan, {});
  proa::rootfs::enter(plan, tree);
  proa::rootfs::seal(plan, tree);
  return look ? look() : "";
}

void forbid(std::vector<long> const& calls, int number) {
  std::vector<sock_filter> filter;
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (auto const call : calls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(call), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<__u32>(number)));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog const program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) broken("seccomp");
}

MountInfo mount_at(std::string const& point, std::string const& mountinfo) {
  MountInfo found;
  auto const text = read(mountinfo);
  for (auto const line : proa::text::split(text, '\n')) {
    auto const fields = proa::text::split(line, ' ');
    if (fields.size() < 9 || fields[4] != point) continue;
    std::size_t i = 6;
    found = {};
    found.root = fields[3];
    found.options = fields[5];
    for (; fields[i] != "-"; ++i) {
      found.propagation.append(found.propagation.empty() ? "" : " ").append(fields[i]);
    }
    found.type = fields[i + 1];
    found.source = fields[i + 2];
    found.superblock = fields[i + 3];
  }
  return found;
}

int mounts_at(std::string const& point) {
  int count = 0;
  auto const text = read("/proc/self/mountinfo");
  for (auto const line : proa::text::split(text, '\n')) {
    auto const fields = proa::text::split(line, ' ');
    if (fields.size() > 4 && fields[4] == point) ++count;
  }
  return count;
}

bool has_word(std::string const& list, std::string const& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

std::string read(std::string const& path) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "errno " + std::to_string(errno);
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t size = 0;
  while ((size = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  if (size < 0) text = "errno " + std::to_string(errno);
  ::close(fd);
  return text;
}

std::string describe(std::string const& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) < 0) return "errno " + std::to_string(errno);
  auto const mode = fmt::format("{:o}", info.st_mode & 07777);
  switch (info.st_mode & S_IFMT) {
    case S_IFDIR:
      return "dir " + mode;
    case S_IFREG:
      return fmt::format("file {} {}", mode, info.st_size);
    case S_IFCHR:
      return fmt::format("char {} {}:{}", mode, major(info.st_rdev), minor(info.st_rdev));
    case S_IFBLK:
      return fmt::format("block {} {}:{}", mode, major(info.st_rdev), minor(info.st_rdev));
    case S_IFIFO:
      return "fifo " + mode;
    case S_IFLNK: {
      std::array<char, 4096> text{};
      auto const size = ::readlink(path.c_str(), text.data(), text.size());
      return size < 0 ? "errno" : "link " + std::string(text.data(), static_cast<size_t>(size));
    }
    default:
      return "other " + mode;
  }
}

int try_create(std::string const& path) {
  int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

}  // namespace sandbox
