// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "state/store.hpp"

#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <array>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "linux/exec.hpp"
#include "linux/file.hpp"
#include "linux/inotify.hpp"
#include "linux/process.hpp"
#include "linux/socket.hpp"
#include "spec/decode.hpp"
#include "spec/encode.hpp"

namespace proa::state {

namespace {

constexpr char record_file[] = "state.json";
constexpr char record_new[] = "state.json.new";
constexpr char filter_file[] = "filter";
constexpr char init_lock_file[] = "init.lock";
constexpr char start_socket[] = "start.sock";
constexpr char notify_folder[] = "notify";

// Closed to others; and sticky, without which XDG_RUNTIME_DIR may be cleaned of it at any time:
// XDG Base Directory Specification.
constexpr mode_t root_mode = 01700;

/// A plain user's default may be below /tmp, where anybody may have made it first; and whoever owns
/// it may exchange what is in it, programs of hooks among it.
void check_owner(linux::FdRef root, std::string const& path) {
  auto const user = linux::effective_uid();
  auto const owner = linux::stat(root).or_fail("stat state directory {}", path).st_uid;
  if (user == 0 || owner == user || owner == 0) return;
  fail(ErrorKind::usage, "state directory {} belongs to user {}, not to {}", path, owner, user);
}

linux::Outcome<linux::Fd> open_root(std::string const& path) {
  auto root = linux::open_at(linux::at_cwd, path, O_RDONLY | O_DIRECTORY);
  if (root) check_owner(*root, path);
  return root;
}

/// mkdir -p; only the last directory is the state's.
linux::Fd make_root(std::string const& root) {
  for (std::size_t end = root.find('/', 1);; end = root.find('/', end + 1)) {
    bool const last = end == std::string::npos;
    auto const made = linux::mkdir_at(linux::at_cwd, root.substr(0, end), last ? root_mode : 0755);
    if (!made && !made.is(EEXIST)) made.or_fail("make state directory {}", root.substr(0, end));
    if (last) break;
  }
  return open_root(root).or_fail("open state directory {}", root);
}

void check_id(std::string const& id) {
  if (!valid_id(id)) fail(ErrorKind::usage, "invalid container ID format: \"{}\"", id);
}

linux::Outcome<linux::Fd> open_folder(linux::FdRef dir, std::string const& name) {
  return linux::open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

void ignore_absence(linux::Outcome<void> const& removal, std::string const& what) {
  if (!removal.is(ENOENT)) removal.or_fail("remove {}", what);
}

/// Where the container's root is this very user, a container may have filled its notify directory.
void remove_all_in(linux::FdRef dir, unsigned depth) {
  constexpr unsigned deepest = 32;  // descriptors and stack are ours, the nesting may be hostile
  for (auto const& name : linux::names_in(dir).or_fail("list the state of the container")) {
    auto const removed = linux::unlink_at(dir, name);
    if (!removed.is(EISDIR) || depth == deepest) {
      ignore_absence(removed, name);
      continue;
    }
    remove_all_in(open_folder(dir, name).or_fail("open {}", name), depth + 1);
    ignore_absence(linux::unlink_at(dir, name, AT_REMOVEDIR), name);
  }
}

}  // namespace

bool valid_id(std::string const& id) {
  constexpr std::size_t longest = 1024;
  if (id.empty() || id.size() > longest || id == "." || id == "..") return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '.' || c == '-';
  });
}

Lock::~Lock() { release(); }

void Lock::release() {
  // A clone shares the lock with us: closing alone would leave it locked until the clone is gone.
  if (file_) linux::lock(file_, LOCK_UN).ignore();
  file_ = linux::Fd();
}

Lock Entry::lock(linux::Deadline deadline) const {
  auto own =
      linux::open_at(dir_, ".", O_RDONLY | O_DIRECTORY).or_fail("open the lock of the container");
  auto taken = linux::lock(own, LOCK_EX | LOCK_NB);
  if (taken) return still_there(Lock(std::move(own)));
  // flock(2) has no time limit; but whoever lets go of the lock closes the folder, and that can be
  // waited for.  The watch stands before the second try, so no release is missed.
  auto const watch =
      linux::watch_closes(linux::proc_path(own)).or_fail("watch the lock of the container");
  for (;;) {
    taken = linux::lock(own, LOCK_EX | LOCK_NB);
    if (taken) return still_there(Lock(std::move(own)));
    if (!taken.is(EWOULDBLOCK)) taken.or_fail("lock the container");
    pollfd closed{watch.number(), POLLIN, 0};
    if (!linux::poll({&closed, 1}, deadline).or_fail("wait for the lock of the container")) {
      fail(ErrorKind::state,
           "container is busy: another process is creating, starting or deleting it");
    }
    std::array<char, 4096> events;
    linux::read_some(watch, events).or_fail("read the watch of the lock");
  }
}

Lock Entry::still_there(Lock lock) const {
  // Whoever had the lock before may have deleted the container under us.
  if (linux::stat(dir_).or_fail("stat the state directory").st_nlink == 0) {
    fail(ErrorKind::not_found, "container does not exist");
  }
  return lock;
}

std::optional<spec::Record> Entry::read() const {
  auto const text = linux::read_file(dir_, record_file);
  if (text.is(ENOENT)) return std::nullopt;
  if (!text) fail_errno(text.error(), "read the state of container {}", id_);
  return spec::decode_record(*text, "state.json");
}

void Entry::write(spec::Record const& record) const {
  auto const file = linux::open_at(dir_, record_new, O_WRONLY | O_CREAT | O_TRUNC, 0600)
                        .or_fail("make the state file");
  linux::write_all(file, spec::encode(record)).or_fail("write the state file");
  linux::rename_at(dir_, record_new, record_file).or_fail("put the state file in place");
}

void Entry::write_filter(std::string_view program) const {
  auto const file = linux::open_at(dir_, filter_file, O_WRONLY | O_CREAT | O_EXCL, 0600)
                        .or_fail("make the filter file");
  linux::write_all(file, program).or_fail("write the filter file");
}

std::string Entry::read_filter() const {
  return linux::read_file(dir_, filter_file)
      .or_fail("read the seccomp filter of container {}", id_);
}

linux::Fd Entry::make_init_lock() const {
  auto file =
      linux::open_at(dir_, init_lock_file, O_RDONLY | O_CREAT, 0600).or_fail("make init's lock");
  linux::lock(file, LOCK_EX | LOCK_NB).or_fail("lock init's lock");
  return file;
}

bool Entry::init_waits() const {
  auto const file = linux::open_at(dir_, init_lock_file, O_RDONLY);
  if (!file) return false;
  // A shared lock tells whether init still has its own, and goes with the descriptor.
  return linux::lock(*file, LOCK_SH | LOCK_NB).is(EWOULDBLOCK);
}

linux::Fd Entry::listen() const {
  return linux::listen_packets(dir_, start_socket).or_fail("listen on the start socket");
}

linux::Fd Entry::connect() const {
  return linux::connect_packets(dir_, start_socket).or_fail("connect to the container's init");
}

void Entry::make_notify_directory() const {
  linux::mkdir_at(dir_, notify_folder, 0755).or_fail("make the notify directory");
  auto const folder = open_folder(dir_, notify_folder).or_fail("open the notify directory");
  // Whatever the umask(2): the container's user has to get through.
  linux::chmod(folder, 0755).or_fail("open the notify directory to all users");
}

linux::Fd Entry::listen_for_notices() const {
  auto const folder = open_folder(dir_, notify_folder).or_fail("open the notify directory");
  // Left by a start that failed.
  ignore_absence(linux::unlink_at(folder, notify_socket), notify_socket);
  auto const mask = linux::set_umask(0);
  Undo const restore([mask] { linux::set_umask(mask); });
  return linux::bind_datagrams(folder, notify_socket).or_fail("listen on the notify socket");
}

void Entry::remove() const {
  remove_all_in(dir_, 0);
  ignore_absence(linux::unlink_at(root_, id_, AT_REMOVEDIR),
                 "the state directory of the container");
}

Entry Store::make(std::string const& id) const {
  check_id(id);
  auto root = make_root(root_);
  auto const made = linux::mkdir_at(root, id, 0700);
  if (made.is(EEXIST)) fail(ErrorKind::exists, "container with given ID already exists");
  made.or_fail("make the state directory of the container");
  auto dir = linux::open_at(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                 .or_fail("open the state directory of the container");
  return {std::move(root), std::move(dir), id};
}

Entry Store::open(std::string const& id) const {
  check_id(id);
  auto root = open_root(root_);
  if (root.is(ENOENT)) fail(ErrorKind::not_found, "container does not exist");
  if (!root) fail_errno(root.error(), "open state directory {}", root_);
  auto dir = linux::open_at(*root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (dir.is(ENOENT)) fail(ErrorKind::not_found, "container does not exist");
  if (!dir) fail_errno(dir.error(), "open the state directory of the container");
  return {std::move(*root), std::move(*dir), id};
}

std::vector<std::string> Store::ids() const {
  auto const root = open_root(root_).or_fail("open state directory {}", root_);
  auto names = linux::names_in(root).or_fail("list state directory {}", root_);
  std::erase_if(names, [](std::string const& name) { return !valid_id(name); });
  std::sort(names.begin(), names.end());
  return names;
}

std::string Store::notify_directory(std::string const& id) const {
  return fmt::format("{}/{}/{}", root_, id, notify_folder);
}

}  // namespace proa::state
