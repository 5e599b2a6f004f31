# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman, as root and without, and docker where systemd makes the cgroups: what systemd says of the
# containers' units, what the kernel says of their cgroups, and what is left of both.

source "$clients/scopes.sh"

# scoped [OPTION...]: runs $me in the background and finds out its $scope and $pid.
scoped() {
  started "$@" -- "${waits[@]}"
  read -r scope pid < <(inspect "$scopes-{{.Id}}.scope {{.State.Pid}}" "$me")
}
scoped_with_fuse() { scoped --memory 64m --device /dev/fuse --cap-add MKNOD; }
inside() { engine exec "$me" "$@"; }

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
  has '[1-9][0-9.]*[kKM]i?B / (67.11MB|64MiB) [1-9]' \
    engine stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$me"
}
check_stop_and_rm_take_the_scope_along() {
  scoped
  eventually logs_have ready
  quietly engine stop --time 5 "$me"
  quietly engine rm "$me"
  eventually no_longer "$scope"
  fails [ -e "/proc/$pid" ]
}
# Five at a time.
check_many_leave_neither_scopes_nor_cgroups() {
  local turn one pids
  for ((turn = 0; turn < ${MANY:-50}; turn += 5)); do
    pids=()
    for _ in 1 2 3 4 5; do once "$image" true & pids+=("$!"); done
    for one in "${pids[@]}"; do wait "$one"; done
  done
  eventually no_scopes
}
