// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A container of the runtime under test, from its bundle on disk to its removal.  Whatever happens
// in a case, its end deletes the container by force and checks that nothing of it is left.
#pragma once

#include <string>
#include <vector>

#include "bundle.hpp"

namespace conformance {

class Container {
 public:
  /// Writes the bundle; runs nothing.  `id` is made up when empty.
  explicit Container(Bundle const& bundle, std::string id = "");
  Container(Container const&) = delete;
  Container& operator=(Container const&) = delete;
  /// delete --force; fails the case when something is left behind.
  ~Container();

  /// The operations.  `options` stand between the verb and the id.
  Result create(Words const& options = {});
  /// The same, with the surroundings that the command says; its argv is ignored.
  Result create_in(Command surroundings, Words const& options = {});
  Result start() { return proa("start", id_); }
  Result kill(std::string const& signal) { return proa("kill", id_, signal); }
  Result remove() { return proa("delete", id_); }
  /// `run` in the foreground.
  Result run(Words const& options = {});
  /// `state`, which has to work.
  Json state() const;
  std::string status() const { return state().at("status"); }
  /// Of the container's first process, from `state`.
  pid_t pid() const { return state().at("pid"); }

  /// Its standard output, a line or all of the rest.
  std::optional<std::string> line() { return creator_.line(); }
  std::string output() { return creator_.rest(); }
  /// The next line, as JSON; fails the case when there is none.
  Json answer();
  /// Waits for its first process and says how it ended: exit status or 128 + signal.
  int wait();

  std::string const& id() const { return id_; }
  std::string const& bundle() const { return bundle_; }
  std::string rootfs() const { return bundle_ + "/rootfs"; }
  /// As in cgroupsPath.
  std::string const& cgroup() const { return cgroup_; }
  /// What of it is on the host: one line each; empty when all is gone.
  Words left_behind() const;

 private:
  Words arguments(char const* verb, Words const& options) const;
  std::string id_;
  std::string bundle_;
  std::string cgroup_;
  Process creator_;
  pid_t pid_ = -1;
};

/// One that `create` has made.
struct Created : Container {
  explicit Created(Bundle const& bundle, Words const& options = {});
};

/// One whose program runs: it has said that it is ready.
struct Running : Created {
  explicit Running(Bundle const& bundle, Words const& options = {});
};

/// Creates, starts, reads to the end and deletes: what the probe said, a value a verb.
std::vector<Json> inside(Bundle const& bundle, std::vector<Words> const& verbs);
/// The report alone.
Json report(Bundle const& bundle);
/// The mount at `target` that is on top, from a report; null when there is none.
Json mount_at(Json const& report, std::string const& target);
/// Creation has to be refused, with one line, and with nothing left.  Returns what it said.
std::string refusal(Bundle const& bundle, Words const& options = {});
/// What proa says has this part; other runtimes have words of their own.
void check_words(std::string const& said, std::string const& part);
/// The inode of a namespace of a process; 0 when it is gone.
std::uint64_t namespace_of(pid_t pid, std::string const& kind);
std::uint64_t own_namespace(std::string const& kind);

}  // namespace conformance
