# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# containerd through its own command line, ctr.
export CONTAINERD_ADDRESS=$STAGE/c.sock CONTAINERD_NAMESPACE=proa TMPDIR=$STAGE/tmp
image=docker.io/library/busybox:proa
runtime_root=/run/containerd/runc/$CONTAINERD_NAMESPACE

unfit() { unfit_without_cpu "ctr"; }

begin_engine() {
  mkdir -p "$STAGE/tmp"
  cat >"$STAGE/config.toml" <<CONTAINERD
version = 2
root = "$STAGE/root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$CONTAINERD_ADDRESS"
[ttrpc]
  address = "$CONTAINERD_ADDRESS.ttrpc"
CONTAINERD
  in_background containerd --config "$STAGE/config.toml" --log-level error
  until_up ctr version || return 1
  oci_layout "$STAGE/layout" "$image"
  tar -C "$STAGE/layout" -cf "$STAGE/busybox.tar" .
  ctr image import "$STAGE/busybox.tar" >/dev/null
}

end_engine() { remove_all; }
remove_all() {
  local id
  for id in $(ctr task ls -q); do ctr task kill --signal KILL "$id"; ctr task delete --force "$id"; done
  for id in $(ctr container ls -q); do ctr container delete "$id"; done
}
clean_up() { remove_all; }

# Where systemd makes the cgroups, ctr wants slice:prefix:name.
placed() { # ID
  if [ "$STAGE_MANAGER" = systemd ]; then
    echo --runc-systemd-cgroup --cgroup "system.slice:proa:$1"
  else
    echo --cgroup "$cgroup_parent/$1"
  fi
}
# once ID [OPTION...] -- COMMAND...: in the foreground.
once() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  # shellcheck disable=SC2046
  ctr run --rm --runc-binary "$STAGE_RUNTIME" $(placed "$me") "${options[@]}" "$image" "$me" "$@"
}
# started [OPTION...] -- COMMAND...: in the background; its output is in $scratch/log.
started() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  # shellcheck disable=SC2046
  quietly ctr run --detach --log-uri "file://$scratch/log" --runc-binary "$STAGE_RUNTIME" \
    $(placed "$me") "${options[@]}" "$image" "$me" "$@"
}
idle() { started "$@" -- sh -c 'trap "exit 5" TERM; echo ready; sleep 1000 & wait'; eventually grep -q ready "$scratch/log"; }
in_task() { ctr task exec --exec-id "exec-$RANDOM$RANDOM" "$@"; }
status_is() { [ "$(ctr task ls | awk -v id="$me" '$1 == id { print $3 }')" = "$1" ]; }
pid_of() { ctr task ls | awk -v id="$me" '$1 == id { print $2 }'; }

check_run_prints() { prints out once -- echo out; }
check_run_gives_the_exit_status() { exits 7 once -- sh -c 'exit 7'; }
check_run_reads_standard_input() { prints hello once -- head -n 1 <<<hello; }
check_run_in_a_terminal() {
  # shellcheck disable=SC2046
  has '^/dev/pts/0$' in_terminal ctr run --rm -t --runc-binary "$STAGE_RUNTIME" $(placed "$me") \
    "$image" "$me" tty
}
check_run_leaves_nothing() {
  once -- true
  prints '' ctr container ls -q
  prints '' ctr task ls -q
}
check_not_found_says_so() { has 'executable file not found in \$PATH' once -- no-such-command; }
check_not_found_leaves_nothing() {
  fails once -- no-such-command
  prints '' ctr task ls -q
  prints '' sh -c 'ls "$0" 2>/dev/null || true' "$runtime_root"
}
check_not_executable_says_so() { has 'permission denied' once -- /etc/passwd; }
check_detached_and_its_log() {
  idle
  status_is RUNNING
  prints ready cat "$scratch/log"
}
check_task_exec_gives_the_exit_status() { idle; exits 3 in_task "$me" sh -c 'exit 3'; }
check_task_exec_prints() { idle; prints inside in_task "$me" echo inside; }
check_task_exec_in_a_terminal() {
  idle
  has '^/dev/pts/' in_terminal ctr task exec --exec-id tty -t "$me" tty
}
check_task_exec_with_user_and_cwd() {
  idle
  prints '1000 /tmp' in_task --user 1000 --cwd /tmp "$me" sh -c 'echo $(id -u) $(pwd)'
}
check_task_exec_detached() {
  idle
  quietly in_task --detach "$me" sh -c 'echo done >/tmp/done'
  eventually in_task "$me" grep -q done /tmp/done
}
check_task_exec_not_found_says_so() { idle; has 'executable file not found' in_task "$me" no-such-command; }
check_task_exec_twenty_times() {
  idle
  local i
  for i in 1 2 3 4 5; do
    for _ in 1 2 3 4; do in_task "$me" true & done
    wait
  done
  prints 0 in_task "$me" sh -c 'grep -h "^State:.*Z" /proc/[0-9]*/status | wc -l'
}
check_task_ps() { idle; has "^$(pid_of) " ctr task ps "$me"; }
check_task_pause_and_resume() {
  started -- sh -c 'while :; do echo .; sleep 0.05; done'
  eventually grep -q . "$scratch/log"
  quietly ctr task pause "$me"
  status_is PAUSED
  local before
  before=$(wc -l <"$scratch/log")
  sleep 0.3
  [ "$before" = "$(wc -l <"$scratch/log")" ]
  quietly ctr task resume "$me"
  status_is RUNNING
}
check_task_metrics() { idle; has 'memory|pids|cpu' ctr task metrics "$me"; }
check_task_kill_and_delete() {
  idle
  quietly ctr task kill --signal TERM "$me"
  eventually status_is STOPPED
  has 'exit code 5' ctr task delete "$me"
  quietly ctr container delete "$me"
}
check_task_kill_all() {
  idle --privileged
  quietly ctr task kill --all --signal KILL "$me"
  eventually status_is STOPPED
}
check_task_kill_of_a_stopped_one_says_not_found() {
  started -- true
  eventually status_is STOPPED
  has 'process already finished|not found' ctr task kill "$me"
}
check_task_delete_force() {
  idle
  local pid
  pid=$(pid_of)
  quietly ctr task delete --force "$me"
  eventually gone "$pid"
}
check_create_start_again() {
  started -- true
  eventually status_is STOPPED
  quietly ctr task delete "$me"
  quietly ctr task start --detach "$me"
  eventually status_is STOPPED
}
check_read_only() { has 'Read-only' once --read-only -- touch /file; }
check_env_and_cwd() { prints 'b /tmp' once --env A=b --cwd /tmp -- sh -c 'echo $A $(pwd)'; }
check_user() { prints 1234:4321 once --user 1234:4321 -- sh -c 'echo $(id -u):$(id -g)'; }
check_bind_mounts() {
  mkdir "$scratch/dir"
  once --mount "type=bind,src=$scratch/dir,dst=/data,options=rbind:rw" -- sh -c 'echo written >/data/file'
  prints written cat "$scratch/dir/file"
  has 'Read-only' once --mount "type=bind,src=$scratch/dir,dst=/data,options=rbind:ro" -- touch /data/x
}
check_device() { has '^crw.* 10, +229 ' once --device /dev/fuse -- ls -l /dev/fuse; }
check_privileged() { once --privileged -- sh -c 'mount -t tmpfs tmpfs /mnt && touch /mnt/x'; }
check_cap_add_and_drop() {
  has 'not permitted' once --cap-drop CAP_CHOWN -- chown 1 /bin
  once --cap-add CAP_SYS_ADMIN -- mount -t tmpfs tmpfs /mnt
}
check_seccomp() { prints 2 once --seccomp -- awk '/^Seccomp:/ {print $2}' /proc/self/status; }
check_host_network() {
  prints "$(readlink /proc/self/ns/net)" once --net-host -- readlink /proc/self/ns/net
}
check_shared_namespace() {
  idle
  local pid
  pid=$(pid_of)
  # shellcheck disable=SC2046
  prints "$(readlink "/proc/$pid/ns/ipc")" ctr run --rm --runc-binary "$STAGE_RUNTIME" \
    $(placed "$me-2") --with-ns "ipc:/proc/$pid/ns/ipc" "$image" "$me-2" readlink /proc/self/ns/ipc
}
check_user_namespace() {
  prints '0 100000' once --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- \
    sh -c 'awk "{print \$1, \$2; exit}" /proc/self/uid_map'
}
check_memory_limit() {
  needs_controller memory
  idle --memory-limit 67108864
  prints 67108864 cgroup_value "$(pid_of)" memory/memory.limit_in_bytes memory.max
}
check_cpus() {
  needs_controller cpu
  idle --cpus 0.5
  local quota
  quota=$(cgroup_value "$(pid_of)" cpu/cpu.cfs_quota_us cpu.max)
  [ "${quota%% *}" = 50000 ] || failed "quota is $quota"
}
check_no_pivot() { prints ok env RUNC_NO_PIVOT=1 ctr run --rm --runc-binary "$STAGE_RUNTIME" --no-pivot "$image" "$me" echo ok; }
check_other_runc_root() {
  prints ok once --runc-root "$scratch/root" -- echo ok
}
check_the_shim_cleans_up_after_itself() {
  idle
  local shim pid
  pid=$(pid_of)
  shim=$(awk '/^PPid:/ {print $2}' "/proc/$pid/status")
  kill -KILL "$shim"
  eventually gone "$pid"
  eventually sh -c 'ctr task ls -q | wc -l | grep -q "^0$" || ctr task delete --force "$0"' "$me"
}
# The last one: whatever went before.
check_nothing_is_left() {
  remove_all >/dev/null
  prints '' sh -c 'ls "$0" 2>/dev/null || true' "$runtime_root"
  eventually no_shim
}
