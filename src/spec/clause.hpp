// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The clauses of the runtime-spec that decode and validate name when they refuse something, each
// as the document and its heading's anchor.  Spelled here once; a link is
// https://github.com/opencontainers/runtime-spec/blob/main/ and the text.
#pragma once

namespace proa::spec::clause {

inline constexpr char const* none = "";  ///< of files that the spec does not know

inline constexpr char const* configuration = "config.md#configuration";
inline constexpr char const* specification_version = "config.md#specification-version";
inline constexpr char const* root = "config.md#root";
inline constexpr char const* mounts = "config.md#mounts";
inline constexpr char const* linux_mount_options = "config.md#linux-mount-options";
inline constexpr char const* posix_platform_mounts = "config.md#posix-platform-mounts";
inline constexpr char const* process = "config.md#process";
inline constexpr char const* posix_process = "config.md#posix-process";
inline constexpr char const* linux_process = "config.md#linux-process";
inline constexpr char const* posix_platform_user = "config.md#posix-platform-user";
inline constexpr char const* hostname = "config.md#hostname";
inline constexpr char const* domainname = "config.md#domainname";
inline constexpr char const* platform = "config.md#platform-specific-configuration";
inline constexpr char const* hooks = "config.md#posix-platform-hooks";
inline constexpr char const* annotations = "config.md#annotations";

inline constexpr char const* namespaces = "config-linux.md#namespaces";
inline constexpr char const* id_mappings = "config-linux.md#user-namespace-mappings";
inline constexpr char const* time_offsets = "config-linux.md#offset-for-time-namespace";
inline constexpr char const* devices = "config-linux.md#devices";
inline constexpr char const* net_devices = "config-linux.md#network-devices";
inline constexpr char const* control_groups = "config-linux.md#control-groups";
inline constexpr char const* cgroups_path = "config-linux.md#cgroups-path";
inline constexpr char const* allowed_devices = "config-linux.md#allowed-device-list";
inline constexpr char const* memory = "config-linux.md#memory";
inline constexpr char const* cpu = "config-linux.md#cpu";
inline constexpr char const* block_io = "config-linux.md#block-io";
inline constexpr char const* hugepage_limits = "config-linux.md#huge-page-limits";
inline constexpr char const* network = "config-linux.md#network";
inline constexpr char const* pids = "config-linux.md#pids";
inline constexpr char const* rdma = "config-linux.md#rdma";
inline constexpr char const* unified = "config-linux.md#unified";
inline constexpr char const* intel_rdt = "config-linux.md#intelrdt";
inline constexpr char const* memory_policy = "config-linux.md#memory-policy";
inline constexpr char const* sysctl = "config-linux.md#sysctl";
inline constexpr char const* seccomp = "config-linux.md#seccomp";
inline constexpr char const* rootfs_propagation = "config-linux.md#rootfs-mount-propagation";
inline constexpr char const* masked_paths = "config-linux.md#masked-paths";
inline constexpr char const* readonly_paths = "config-linux.md#readonly-paths";
inline constexpr char const* mount_label = "config-linux.md#mount-label";
inline constexpr char const* personality = "config-linux.md#personality";

}  // namespace proa::spec::clause
