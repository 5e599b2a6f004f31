# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What podman and docker spell alike.  A client has said what $engine, `inspect`, $image and the options
# ${placement[@]} of each new container are.

engine() { "$engine" "$@"; }

# started [OPTION...] -- COMMAND...: a container that runs in the background, named $me.
started() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  quietly engine run --detach --name "$me" "${placement[@]}" "${options[@]}" "$image" "$@"
}
# Ends with 5 when it is asked to.
waits=(sh -c 'trap "exit 5" TERM; echo ready; sleep 1000 & wait')
idle() { started "$@" -- "${waits[@]}"; eventually logs_have ready; }
logs_have() { engine logs "$me" 2>&1 | grep -q "$1"; }
once() { engine run --rm "${placement[@]}" "$@"; }
status_is() { [ "$(inspect '{{.State.Status}}' "$me")" = "$1" ]; }
pid_of() { inspect '{{.State.Pid}}' "$me"; }

check_run_prints_on_both_streams() {
  once "$image" sh -c 'echo out; echo err >&2' >"$scratch/out" 2>"$scratch/err"
  prints out cat "$scratch/out"
  has '^err$' cat "$scratch/err"
  fails grep -q out "$scratch/err"
}
check_run_gives_the_exit_status() { exits 7 once "$image" sh -c 'exit 7'; }
check_run_reads_standard_input() { prints hello once -i "$image" cat <<<hello; }
check_run_with_much_output() {
  prints 5000000 sh -c 'cat "$1" | wc -c' sh <(once "$image" sh -c 'yes proa | head -c 5000000')
}
check_run_in_a_terminal() {
  has '^/dev/pts/0$' in_terminal "$engine" run --rm -it "${placement[@]}" "$image" tty
}
check_exit_status_of_a_terminal() {
  exits 9 in_terminal "$engine" run --rm -it "${placement[@]}" "$image" sh -c 'exit 9'
}
check_command_not_found_is_127() { exits 127 once "$image" /no/such/command; }
check_name_not_found_is_127() { exits 127 once "$image" no-such-command; }
check_not_executable_is_126() { exits 126 once "$image" /etc/passwd; }
check_a_directory_is_126() { exits 126 once "$image" /etc; }
check_an_engine_error_is_125() { exits 125 once --no-such-option "$image" true; }
check_a_missing_workdir_says_so() {
  fails once -v "$rootfs:/mnt:ro" --workdir /mnt/no/such "$image" true
  has 'no such|not exist|read-only' cat "$scratch/said"
}

check_detached_logs_stop_rm() {
  idle
  prints true inspect '{{.State.Running}}' "$me"
  quietly engine stop --time 5 "$me"
  prints 5 inspect '{{.State.ExitCode}}' "$me"
  quietly engine rm "$me"
  fails engine container inspect "$me"
}
check_stop_kills_what_does_not_listen() {
  started -- sh -c 'trap "" TERM; while :; do sleep 1; done'
  quietly engine stop --time 1 "$me"
  prints 137 inspect '{{.State.ExitCode}}' "$me"
}
check_kill_sends_any_signal() {
  started -- sh -c 'trap "echo got it" USR1; trap "exit 3" HUP; echo ready; while :; do sleep 0.1; done'
  eventually logs_have ready
  quietly engine kill --signal USR1 "$me"
  eventually logs_have 'got it'
  quietly engine kill --signal HUP "$me"
  prints 3 engine wait "$me"
}
check_kill_gives_137() {
  idle
  quietly engine kill "$me"
  prints 137 engine wait "$me"
}
check_kill_of_a_stopped_container_is_an_error() {
  started -- true
  eventually status_is exited
  fails engine kill "$me"
  has 'not running|is in state|state improper' cat "$scratch/said"
}
check_wait_gives_the_status() {
  started -- sh -c 'sleep 0.3; exit 11'
  prints 11 engine wait "$me"
}
check_restart_runs_it_again() {
  idle
  local first
  first=$(pid_of)
  quietly engine restart --time 3 "$me"
  prints true inspect '{{.State.Running}}' "$me"
  [ "$first" != "$(pid_of)" ]
}
check_start_again_after_the_end() {
  started -- sh -c 'echo once more'
  eventually status_is exited
  prints 'once more' engine start --attach "$me"
}
check_create_then_start() {
  quietly engine create --name "$me" "${placement[@]}" "$image" sh -c 'echo made; exit 4'
  exits 4 engine start --attach "$me"
  has '^made$' engine logs "$me"
}
check_pause_and_unpause() {
  started -- sh -c 'while :; do date +%s.%N; sleep 0.05; done'
  eventually logs_have .
  quietly engine pause "$me"
  prints paused inspect '{{.State.Status}}' "$me"
  local before
  before=$(engine logs "$me" | wc -l)
  sleep 0.3
  [ "$before" = "$(engine logs "$me" | wc -l)" ]
  quietly engine unpause "$me"
  eventually sh -c '[ "$("$@" | wc -l)" -gt "$0" ]' "$before" "$engine" logs "$me"
  prints running inspect '{{.State.Status}}' "$me"
}
check_logs_follow_to_the_end() {
  started -- sh -c 'for i in 1 2 3; do echo $i; sleep 0.1; done'
  prints $'1\n2\n3' engine logs --follow "$me"
}
check_attach_sees_the_output() {
  started -- sh -c 'sleep 4; echo seen; exit 6'
  exits 6 engine attach --no-stdin "$me"
  has '^seen$' cat "$scratch/said"
}
check_inspect_knows_the_state() {
  idle
  prints 'running true false false' \
    inspect '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.OOMKilled}}' "$me"
  [ -d "/proc/$(pid_of)" ]
}
check_rm_leaves_nothing() {
  once --name "$me" "$image" true
  prints '' engine ps --all --quiet --filter "name=$me"
}
check_rm_force_of_a_running_container() {
  idle
  local pid
  pid=$(pid_of)
  quietly engine rm --force "$me"
  eventually gone "$pid"
}
check_eight_at_once() {
  local i pids=()
  for i in 1 2 3 4 5 6 7 8; do
    exits $((i + 20)) once "$image" sh -c "exit $((i + 20))" &
    pids+=("$!")
  done
  for i in "${pids[@]}"; do wait "$i"; done
}

check_exec_gives_the_exit_status() { idle; exits 3 engine exec "$me" sh -c 'exit 3'; }
check_exec_reads_and_prints() { idle; prints hello engine exec -i "$me" cat <<<hello; }
check_exec_in_a_terminal() {
  idle
  has '^/dev/pts/' in_terminal "$engine" exec -it "$me" tty
  exits 8 in_terminal "$engine" exec -it "$me" sh -c 'exit 8'
}
check_exec_detached() {
  idle
  quietly engine exec -d "$me" sh -c 'echo done >/tmp/done'
  eventually engine exec "$me" grep done /tmp/done
}
check_exec_with_user_env_workdir() {
  idle
  prints '1000:1000 b /tmp' engine exec --user 1000:1000 --env A=b --workdir /tmp "$me" \
    sh -c 'echo $(id -u):$(id -g) $A $(pwd)'
}
check_exec_privileged() {
  idle
  local plain
  plain=$(engine exec "$me" grep CapEff /proc/self/status)
  [ "$plain" != "$(engine exec --privileged "$me" grep CapEff /proc/self/status)" ]
}
check_exec_not_found_is_127() { idle; exits 127 engine exec "$me" no-such-command; }
check_exec_not_executable_is_126() { idle; exits 126 engine exec "$me" /etc/passwd; }
check_exec_in_a_stopped_container_is_an_error() {
  started -- true
  eventually status_is exited
  fails engine exec "$me" true
}
check_exec_twenty_times_without_zombies() {
  idle
  local i
  for i in 1 2 3 4 5; do
    for _ in 1 2 3 4; do engine exec "$me" true & done
    wait
  done
  prints 0 engine exec "$me" sh -c 'grep -h "^State:.*Z" /proc/[0-9]*/status | wc -l'
}
check_top_lists_the_processes() { idle; has 'sleep 1000' engine top "$me"; }
check_stats_shows_numbers() {
  idle
  has '[0-9.]+%' engine stats --no-stream "$me"
}
check_cp_in_and_out() {
  idle
  echo copied >"$scratch/file"
  quietly engine cp "$scratch/file" "$me:/tmp/in"
  prints copied engine exec "$me" cat /tmp/in
  quietly engine cp "$me:/tmp/in" "$scratch/back"
  prints copied cat "$scratch/back"
}

check_init_is_the_first_process() {
  exits 5 once --init "$image" sh -c '[ $$ != 1 ] && exit 5'
}
check_read_only_root() {
  exits 1 once --read-only "$image" touch /file
  once --read-only --tmpfs /scratch "$image" touch /scratch/file
}
check_cap_drop_all() {
  prints 0000000000000000 once --cap-drop ALL "$image" awk '/CapEff/ {print $2}' /proc/self/status
}
check_cap_add_one() {
  prints 0000000000000001 once --cap-drop ALL --cap-add CHOWN "$image" \
    awk '/CapEff/ {print $2}' /proc/self/status
}
check_privileged() { once --privileged "$image" sh -c 'mount -t tmpfs tmpfs /mnt && touch /mnt/x'; }
check_no_new_privileges() {
  prints 1 once --security-opt no-new-privileges "$image" awk '/NoNewPrivs/ {print $2}' /proc/self/status
}
check_seccomp_by_default() { prints 2 once "$image" awk '/^Seccomp:/ {print $2}' /proc/self/status; }
check_seccomp_unconfined() {
  prints 0 once --security-opt seccomp=unconfined "$image" awk '/^Seccomp:/ {print $2}' /proc/self/status
}
check_seccomp_profile_of_ones_own() {
  echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],
"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' >"$scratch/profile.json"
  has 'not implemented' once --security-opt "seccomp=$scratch/profile.json" "$image" mkdir /tmp/x
}
check_device_is_there() {
  has '^crw.* 10, +229 ' once --device /dev/fuse:/dev/melted:rw "$image" ls -l /dev/melted
}
check_tmpfs_has_its_size() {
  prints 1024 once --tmpfs /scratch:size=1m,mode=1777 "$image" \
    sh -c "df -k /scratch | awk 'END {print \$2}'"
}
check_bind_read_write() {
  mkdir -p "$scratch/dir"
  chmod 777 "$scratch/dir"
  once -v "$scratch/dir:/data" "$image" sh -c 'echo written >/data/file'
  prints written cat "$scratch/dir/file"
}
check_bind_read_only() {
  mkdir -p "$scratch/dir"
  exits 1 once -v "$scratch/dir:/data:ro" "$image" touch /data/file
}
check_bind_of_one_file() {
  echo one >"$scratch/file"
  prints one once -v "$scratch/file:/etc/one:ro" "$image" cat /etc/one
}
check_named_volume() {
  once -v "$me:/data" "$image" sh -c 'echo kept >/data/file'
  prints kept once -v "$me:/data" "$image" cat /data/file
  quietly engine volume rm "$me"
}
check_user_by_number() { prints 1234:4321 once --user 1234:4321 "$image" sh -c 'echo $(id -u):$(id -g)'; }
check_group_add() { has '(^| )777( |$)' once --user 1:1 --group-add 777 "$image" id -G; }
check_workdir() { prints /srv once --workdir /srv "$image" pwd; }
check_env() { prints 'b c' once --env 'A=b c' "$image" sh -c 'echo "$A"'; }
check_hostname() { prints box once --hostname box "$image" hostname; }
check_ulimit() {
  # Where one limit is given, podman raises the others as far as it thinks it may.
  prints '100 200' once --ulimit nofile=100:200 --ulimit nproc=4096:4096 "$image" \
    sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
}
check_sysctl() { prints 77 once --sysctl net.ipv4.ip_default_ttl=77 --network none "$image" cat /proc/sys/net/ipv4/ip_default_ttl; }
check_shm_size() {
  prints 2048 once --shm-size 2m "$image" sh -c "df -k /dev/shm | awk 'END {print \$2}'"
}
check_network_none_has_lo() { prints lo once --network none "$image" ls /sys/class/net; }
check_network_host() {
  prints "$(readlink /proc/self/ns/net)" once --network host "$image" readlink /proc/self/ns/net
}
check_pid_host() {
  prints "$(readlink /proc/self/ns/pid)" once --pid host "$image" readlink /proc/self/ns/pid
}
check_masked_paths() { prints 0 once "$image" sh -c 'wc -c </proc/kcore 2>/dev/null || echo 0'; }
check_proc_sys_is_read_only() { exits 1 once "$image" sh -c 'echo 1 >/proc/sys/vm/swappiness'; }
check_oom_score_adj() { prints 500 once --oom-score-adj 500 "$image" cat /proc/self/oom_score_adj; }

check_shared_pid_and_ipc() {
  idle --ipc shareable
  has '^sleep 1000$|sleep 1000' once --pid "container:$me" "$image" ps -o args
  prints "$(engine exec "$me" readlink /proc/self/ns/ipc)" \
    once --ipc "container:$me" "$image" readlink /proc/self/ns/ipc
}
check_shared_network() {
  idle
  prints "$(engine exec "$me" readlink /proc/self/ns/net)" \
    once --network "container:$me" "$image" readlink /proc/self/ns/net
}
# Without a process namespace of its own, nothing dies with the first process.
check_stop_of_a_shared_pid_namespace() {
  idle --pid host
  local child
  child=$(pgrep -P "$(pid_of)")
  quietly engine kill "$me"
  engine wait "$me" >/dev/null
  eventually gone "$child"
}

check_memory_limit_is_set() {
  needs_controller memory
  idle --memory 64m
  prints 67108864 cgroup_value "$(pid_of)" memory/memory.limit_in_bytes memory.max
}
check_memory_limit_kills() {
  needs_controller memory
  exits 137 once --name "$me" --memory 32m --memory-swap 32m "$image" \
    sh -c 'exec tail -c 200000000 </dev/zero'
}
ran_out_of_memory() { [ "$(inspect '{{.State.OOMKilled}}' "$me")" = true ]; }
check_inspect_says_that_memory_ran_out() {
  needs_controller memory
  # Whoever is to tell of it asks for the news once the container has been started.
  started --memory 32m --memory-swap 32m -- sh -c 'sleep 2; exec tail -c 200000000 </dev/zero'
  prints 137 engine wait "$me"
  eventually ran_out_of_memory
}
check_pids_limit_has_effect() {
  needs_controller pids
  has "can't fork|Resource temporarily unavailable|can.t fork" once --pids-limit 5 "$image" \
    sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
}
check_cpus_are_set() {
  needs_controller cpu
  idle --cpus 0.5
  local quota
  quota=$(cgroup_value "$(pid_of)" cpu/cpu.cfs_quota_us cpu.max)
  [ "${quota%% *}" = 50000 ] || failed "quota is $quota"
}
check_cpuset_is_set() {
  needs_controller cpuset
  prints 0 once --cpuset-cpus 0 "$image" awk '/Cpus_allowed_list/ {print $2}' /proc/self/status
}
check_update_changes_memory() {
  needs_controller memory
  idle --memory 64m --memory-swap 64m
  quietly engine update --memory 128m --memory-swap 128m "$me"
  prints 134217728 cgroup_value "$(pid_of)" memory/memory.limit_in_bytes memory.max
}
check_update_changes_pids() {
  needs_controller pids
  idle --pids-limit 50
  quietly engine update --pids-limit 60 "$me"
  prints 60 cgroup_value "$(pid_of)" pids/pids.max pids.max
}
check_update_changes_cpus() {
  needs_controller cpu
  idle --cpus 0.5
  quietly engine update --cpus 0.25 "$me"
  local quota
  quota=$(cgroup_value "$(pid_of)" cpu/cpu.cfs_quota_us cpu.max)
  [ "${quota%% *}" = 25000 ] || failed "quota is $quota"
}
check_build_runs_a_step() {
  printf 'FROM %s\nRUN echo step >/made && id -u >>/made\n' "$image" >"$scratch/Dockerfile"
  DOCKER_BUILDKIT=0 engine build "${build_placement[@]}" -t "made-$me" "$scratch" >"$scratch/said" 2>&1 ||
    failed "$(tail -n 4 "$scratch/said")"
  prints $'step\n0' once "made-$me" cat /made
}
