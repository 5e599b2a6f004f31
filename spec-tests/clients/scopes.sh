# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Containers as scopes of systemd.  A client has said what the names of its $scopes begin with, that
# `inside` runs a command in the container of a check, whose $scope and $pid the check has set, and
# that `scoped_with_fuse` makes one that has 64 MiB, /dev/fuse and may make nodes.

# The manager of whoever runs the containers.
systemd() { systemctl $([ "$(id -u)" = 0 ] || echo --user) "$@"; }
unit_has() { prints "$2" systemd show --property "$1" --value "$scope"; }
kernel_has() { prints "$2" cgroup_value "$pid" - "$1"; }
no_longer() { [ "$(systemd show --property LoadState --value "$1")" = not-found ]; }
no_scopes() {
  [ -z "$(systemd list-units --all --plain --no-legend "$scopes-*.scope")" ] &&
    [ -z "$(find /sys/fs/cgroup -type d -name "$scopes-*" -uid "$(id -u)")" ]
}

check_limits_and_devices_outlast_a_daemon_reload() {
  [ "$(id -u)" = 0 ] || skip "no device list without privileges"
  scoped_with_fuse
  quietly inside mknod /kmsg c 1 11
  devices_are_ruled
  quietly systemd daemon-reload
  devices_are_ruled
  kernel_has memory.max 67108864
}
devices_are_ruled() {
  has '^opened$' inside sh -c ': </dev/fuse && : >/dev/null && echo opened; : </kmsg'
  grep -q '/kmsg: Operation not permitted' "$scratch/had" || failed "/dev/kmsg can be opened"
}
