// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The state directory: one folder a container below the root directory.  The only file that knows
// the names in it:
//
//     <root>/<id>/state.json   the Record, written to a new file and renamed into place
//     <root>/<id>/filter       the compiled seccomp filter, where there is one: exec loads it too
//     <root>/<id>/init.lock    locked by init until it executes the container's process
//     <root>/<id>/start.sock   where init waits for `start`
//     <root>/<id>/notify/      what the container sees at /run/notify, where it may tell a manager
//                              that it is ready; with the socket notify.sock as long as one listens
//
// The folder itself is locked, flock(2), by whoever creates, starts or deletes the container: a
// file in it could be removed and made anew under those who wait. Nothing here asks about
// processes; see state/status.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/fd.hpp"
#include "linux/pid.hpp"
#include "spec/record.hpp"

namespace proa::state {

/// A lock on one container against other proa processes; released with the object, or by the
/// kernel when its holder dies.
class [[nodiscard]] Lock {
 public:
  Lock() = default;
  explicit Lock(linux::Fd file) : file_(std::move(file)) {}
  Lock(Lock&&) = default;
  Lock& operator=(Lock other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~Lock();
  /// Before its time.  A child that still has a copy of the descriptor does not keep it locked.
  void release();

 private:
  linux::Fd file_;
};

/// One container's folder.
class Entry {
 public:
  Entry(linux::Fd root, linux::Fd dir, std::string id)
      : root_(std::move(root)), dir_(std::move(dir)), id_(std::move(id)) {}

  std::string const& id() const { return id_; }

  /// Waits for other proa processes, at most until the deadline; then Error{state} "container is
  /// busy".
  Lock lock(linux::Deadline deadline) const;

  /// The record; nothing when a create was killed before it wrote one.  Error when it is damaged.
  std::optional<spec::Record> read() const;
  void write(spec::Record const& record) const;

  /// The container's seccomp filter, an array of struct sock_filter.
  void write_filter(std::string_view program) const;
  std::string read_filter() const;

  /// Init's lock: an open, locked file that init inherits and execve(2) closes.
  linux::Fd make_init_lock() const;
  /// Init holds it: the container is created and its process has not been executed yet.
  bool init_waits() const;

  linux::Fd listen() const;
  linux::Fd connect() const;

  /// The directory that the container sees; see Store::notify_directory().
  void make_notify_directory() const;
  /// Listens there: a SOCK_DGRAM socket that everybody may write to.  Its reads do not block.
  linux::Fd listen_for_notices() const;

  /// Removes the folder and all in it.
  void remove() const;

 private:
  Lock still_there(Lock lock) const;

  linux::Fd root_;
  linux::Fd dir_;
  std::string id_;
};

class Store {
 public:
  /// `root` is an absolute path that need not exist yet.  Where it does and another plain user owns
  /// it, everything here is Error{usage}.
  explicit Store(std::string root) : root_(std::move(root)) {}

  /// Makes a container's folder.  Error{exists} "container with given ID already exists",
  /// Error{usage} "invalid container ID format".
  Entry make(std::string const& id) const;
  /// Error{not_found} "container does not exist".
  Entry open(std::string const& id) const;
  /// In order.  Error when the root directory does not exist.
  std::vector<std::string> ids() const;
  /// Where Entry::make_notify_directory() makes it.
  std::string notify_directory(std::string const& id) const;

 private:
  std::string root_;
};

/// The socket's name in the notify directory.
inline constexpr char notify_socket[] = "notify.sock";

/// Letters, digits and "_+.-", 1 to 1024 of them, not "." or "..": runc's rule.
bool valid_id(std::string const& id);

}  // namespace proa::state
