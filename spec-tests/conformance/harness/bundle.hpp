// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A bundle as a value: a config.json to change step by step, and the files its root file system
// starts with.  The root file system of every bundle holds the probe as /probe and empty
// directories to mount on.
#pragma once

#include <initializer_list>
#include <map>
#include <string>

#include "runtime.hpp"

namespace conformance {

class Bundle {
 public:
  explicit Bundle(Json config) : config_(std::move(config)) {}

  /// A JSON merge patch (RFC 7396): null removes, arrays replace.
  Bundle with(Json const& patch) const;
  /// One value at an RFC 6901 pointer; "/mounts/-" appends.
  Bundle with(std::string const& pointer, Json const& value) const;
  /// process.args
  Bundle args(Words const& words) const { return with("/process/args", words); }
  /// process.args: the probe doing these things one after the other.
  Bundle doing(std::vector<Words> const& verbs) const;
  /// A further mount, after those there are.
  Bundle mount(Json const& mount) const { return with("/mounts/-", mount); }
  /// Without the namespace of that type, or with it at a path.
  Bundle without_namespace(std::string const& type) const;
  Bundle with_namespace(std::string const& type, std::string const& path = "") const;
  /// Without the mount that is at `destination`.
  Bundle without_mount(std::string const& destination) const;
  /// A file in the root file system: a name like "etc/motd".
  Bundle file(std::string const& name, std::string const& text, mode_t mode = 0644) const;
  /// A symbolic link in the root file system.
  Bundle link(std::string const& name, std::string const& target) const;
  /// A directory in the root file system.
  Bundle directory(std::string const& name, mode_t mode = 0755) const;

  Json const& config() const { return config_; }
  /// Makes the directory: config.json and rootfs/.  `place` must not exist.
  void write(std::string const& place) const;

 private:
  struct File {
    std::string text;
    mode_t mode;  ///< with the type
  };
  Json config_;
  std::map<std::string, File> files_;
};

/// The least that every runtime runs: a root file system with /proc in a mount namespace.
Bundle minimal();
/// What engines ask for: all namespaces but user and time, and the usual file systems.
Bundle ordinary();
/// `ordinary` in a user namespace: ids from 100000 on, 65536 of them.
Bundle userns();
/// What a plain user may run: as `spec --rootless` writes it, their one id and no network.
Bundle rootless(unsigned user);

/// The file of the probe on this host.
std::string probe_path();
/// The bits of these capabilities.
std::uint64_t capability_bits(Words const& names);

}  // namespace conformance
