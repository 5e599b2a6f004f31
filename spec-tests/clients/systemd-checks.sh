# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman where systemd makes the cgroups, as root and without: what systemd says of the containers'
# units, what the kernel says of their cgroups, and what is left of both.

# The manager of whoever runs the containers.
systemd() { systemctl $([ "$(id -u)" = 0 ] || echo --user) "$@"; }

# scoped [OPTION...]: runs $me in the background and finds out its $scope and $pid.
scoped() {
  started "$@" -- "${waits[@]}"
  read -r scope pid < <(inspect 'libpod-{{.Id}}.scope {{.State.Pid}}' "$me")
}
unit_has() { prints "$2" systemd show --property "$1" --value "$scope"; }
kernel_has() { prints "$2" cgroup_value "$pid" - "$1"; }

check_systemd_knows_the_limits_and_their_update() {
  scoped --memory 64m --memory-swap 64m --pids-limit 50
  unit_has ActiveState active
  unit_has MemoryMax 67108864
  unit_has TasksMax 50
  kernel_has memory.max 67108864
  kernel_has pids.max 50
  quietly engine update --memory 96m --memory-swap 96m --pids-limit 40 "$me"
  unit_has MemoryMax 100663296
  unit_has TasksMax 40
  kernel_has memory.max 100663296
  kernel_has pids.max 40
}
check_pause_and_unpause_of_a_scope() {
  scoped
  quietly engine pause "$me"
  has '^frozen 1$' cgroup_value "$pid" - cgroup.events
  quietly engine unpause "$me"
  has '^frozen 0$' cgroup_value "$pid" - cgroup.events
}
check_stats_of_a_scope() {
  scoped --memory 64m
  has '[1-9][0-9.]*[kM]i?B / 67.11MB [1-9]' \
    engine stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$me"
}
check_limits_and_devices_outlast_a_daemon_reload() {
  [ "$(id -u)" = 0 ] || skip "no device list without privileges"
  scoped --memory 64m --device /dev/fuse --cap-add MKNOD
  quietly engine exec "$me" mknod /kmsg c 1 11
  devices_are_ruled
  quietly systemd daemon-reload
  devices_are_ruled
  kernel_has memory.max 67108864
}
devices_are_ruled() {
  has '^opened$' engine exec "$me" sh -c ': </dev/fuse && : >/dev/null && echo opened; : </kmsg'
  grep -q '/kmsg: Operation not permitted' "$scratch/had" || failed "/dev/kmsg can be opened"
}
check_stop_and_rm_take_the_scope_along() {
  scoped
  eventually logs_have ready
  quietly engine stop --time 5 "$me"
  quietly engine rm "$me"
  eventually no_longer "$scope"
  fails [ -e "/proc/$pid" ]
}
no_longer() { [ "$(systemd show --property LoadState --value "$1")" = not-found ]; }
# Five at a time.
check_many_leave_neither_scopes_nor_cgroups() {
  local turn one pids
  for ((turn = 0; turn < ${MANY:-50}; turn += 5)); do
    pids=()
    for _ in 1 2 3 4 5; do once "$image" true & pids+=("$!"); done
    for one in "${pids[@]}"; do wait "$one"; done
  done
  eventually nothing_left
}
nothing_left() {
  [ -z "$(systemd list-units --all --plain --no-legend 'libpod-*.scope')" ] &&
    [ -z "$(find /sys/fs/cgroup -type d -name 'libpod-*' -uid "$(id -u)")" ]
}
