# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman where systemd makes the cgroups, as root and without: what systemd says of the containers'
# units, what the kernel says of their cgroups, and what is left of both.

# The manager of whoever runs the containers.
systemd() { systemctl $([ "$(id -u)" = 0 ] || echo --user) "$@"; }
scope() { echo "libpod-$(inspect '{{.Id}}' "$me").scope"; }
unit_has() { prints "$2" systemd show --property "$1" --value "$(scope)"; }
kernel_has() { prints "$2" cgroup_value "$(pid_of)" "-/$1" "$1"; }
scopes_left() { systemd list-units --all --plain --no-legend 'libpod-*.scope'; }
cgroups_left() { find /sys/fs/cgroup -type d -name 'libpod-*' "${of_this_user[@]}"; }
of_this_user=(-uid "$(id -u)")

check_systemd_knows_the_limits() {
  idle --memory 64m --pids-limit 50
  unit_has ActiveState active
  unit_has MemoryMax 67108864
  unit_has TasksMax 50
  kernel_has memory.max 67108864
  kernel_has pids.max 50
}
check_systemd_knows_what_update_changes() {
  idle --memory 64m --memory-swap 64m --pids-limit 50
  quietly engine update --memory 96m --memory-swap 96m --pids-limit 40 "$me"
  unit_has MemoryMax 100663296
  unit_has TasksMax 40
  kernel_has memory.max 100663296
  kernel_has pids.max 40
}
check_pause_and_unpause_of_a_scope() {
  idle
  quietly engine pause "$me"
  has '^frozen 1$' cgroup_value "$(pid_of)" -/- cgroup.events
  quietly engine unpause "$me"
  prints awake engine exec "$me" echo awake
}
check_stats_of_a_scope() {
  idle --memory 64m
  has '[1-9][0-9.]*[kM]i?B / 67.11MB [1-9]' \
    engine stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$me"
}
check_limits_and_devices_outlast_a_daemon_reload() {
  [ "$(id -u)" = 0 ] || skip "no device list without privileges"
  idle --memory 64m --device /dev/fuse --cap-add MKNOD
  quietly engine exec "$me" mknod /kmsg c 1 11
  devices_are_ruled
  quietly systemd daemon-reload
  devices_are_ruled
  kernel_has memory.max 67108864
}
devices_are_ruled() {
  has "^opened$" engine exec "$me" sh -c ': </dev/fuse && : >/dev/null && echo opened; : </kmsg'
  grep -q "/kmsg: Operation not permitted" "$scratch/had"
}
check_rm_takes_the_scope_along() {
  idle
  local name
  name=$(scope)
  quietly engine stop --time 5 "$me"
  prints 5 inspect '{{.State.ExitCode}}' "$me"
  quietly engine rm "$me"
  eventually no_longer "$name"
}
no_longer() { [ "$(systemd show --property LoadState --value "$1")" = not-found ]; }
# Five at a time.
check_many_leave_neither_scopes_nor_cgroups() {
  local turn pid pids
  for ((turn = 0; turn < ${MANY:-50}; turn += 5)); do
    pids=()
    for _ in 1 2 3 4 5; do once "$image" true & pids+=("$!"); done
    for pid in "${pids[@]}"; do wait "$pid"; done
  done
  eventually nothing_left
}
nothing_left() { [ -z "$(scopes_left)$(cgroups_left)" ]; }
