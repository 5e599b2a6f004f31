# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The Container Runtime Interface of containerd, as the kubelet calls it.
export CRI_SOCKET=$STAGE/c.sock CRI_STUBS=$STAGE TMPDIR=$STAGE/tmp
image=docker.io/library/busybox:proa
pause=docker.io/library/pause:proa
runtime_root=/run/containerd/runc/k8s.io
scopes=cri-containerd
: "${seconds_per_check:=150}"

unfit() { unfit_without_cpu "a pod"; }

begin_engine() {
  local version=1
  mkdir -p "$STAGE/tmp" "$STAGE/cni/bin" "$STAGE/cni/net.d"
  ln -s "$clients/cni" "$STAGE/cni/bin/nowhere"
  ln -s "$clients/cni" "$STAGE/cni/bin/loopback"
  echo '{"cniVersion": "0.4.0", "name": "nowhere", "plugins": [{"type": "nowhere"}]}' \
    >"$STAGE/cni/net.d/10-nowhere.conflist"
  containerd --version | grep -q ' v\?2\.' && version=2
  containerd_$version >"$STAGE/config.toml"
  protoc --proto_path="$clients" --python_out="$STAGE" "$clients/cri.proto" || return 1
  in_background containerd --config "$STAGE/config.toml" --log-level error
  in_background "$clients/cri-client" serve "$STAGE/questions"
  until_up ctr --address "$CRI_SOCKET" version || return 1
  import "$image"
  import "$pause" /bin/sleep 2147483647
  until_up [ -p "$STAGE/questions" ] || return 1
  until_up cri Version
}

containerd_1() {
  cat <<CONTAINERD
version = 2
root = "$STAGE/root"
state = "/run/containerd"
[grpc]
  address = "$CRI_SOCKET"
[ttrpc]
  address = "$CRI_SOCKET.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$STAGE/cni/bin"
    conf_dir = "$STAGE/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "$runtime"
$(readme_snippet 'containerd 1.6')
        SystemdCgroup = $([ "$STAGE_MANAGER" = systemd ] && echo true || echo false)
CONTAINERD
}

containerd_2() {
  cat <<CONTAINERD
version = 3
root = "$STAGE/root"
state = "/run/containerd"
[grpc]
  address = "$CRI_SOCKET"
[ttrpc]
  address = "$CRI_SOCKET.ttrpc"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "$pause"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["$STAGE/cni/bin"]
    conf_dir = "$STAGE/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "$runtime"
$(readme_snippet 'containerd 2')
        SystemdCgroup = $([ "$STAGE_MANAGER" = systemd ] && echo true || echo false)
CONTAINERD
}

import() { # NAME ENTRYPOINT...
  rm -rf "$STAGE/layout"
  oci_layout "$STAGE/layout" "$@"
  tar -C "$STAGE/layout" -cf "$STAGE/image.tar" .
  ctr --address "$CRI_SOCKET" --namespace k8s.io image import "$STAGE/image.tar" >/dev/null
}

end_engine() { timeout 60 "$clients/cri-client" clear; }
clean_up() { cri_client clear; }

# cri_client VERB...: what cri-client does, done by the one that runs already.
cri_client() {
  local asker=$BASHPID status=1
  mkfifo "$STAGE/questions.$asker"
  # To open a pipe takes until somebody opens its other end, who may have ended.
  if printf '%s\0' "$asker" "$@" | timeout "$seconds_per_check" tee "$STAGE/questions" >/dev/null; then
    read -r -t "$seconds_per_check" status <>"$STAGE/questions.$asker" || status=1
  fi
  rm "$STAGE/questions.$asker"
  return "$status"
}
cri() { cri_client call "$@"; }
# field NAME: of an answer in JSON, wherever it stands.
field() { sed -nE "s/.*\"$1\": \"?([^\",}]*).*/\1/p"; }

# pod_config [SECURITY-CONTEXT]: of the sandbox, in JSON.
pod_config() {
  printf '{"metadata": {"name": "%s", "uid": "1", "namespace": "default"}, "hostname": "pod",
"log_directory": "%s", "linux": {"cgroup_parent": "%s", "security_context": {%s}}}' \
    "$me" "$scratch" "$cgroup_parent" "${1:-}"
}
# in_pod [SECURITY-CONTEXT]: runs the sandbox; $pod is its id, $config what it was made from.
in_pod() {
  config=$(pod_config "${1:-}")
  pod=$(cri RunPodSandbox "{\"config\": $config}" | field pod_sandbox_id)
}
# created NAME COMMAND-IN-JSON [MORE-OF-THE-CONFIG]: a container in the pod; prints its id.
created() {
  cri CreateContainer "{\"pod_sandbox_id\": \"$pod\", \"sandbox_config\": $config, \"config\": {
\"metadata\": {\"name\": \"$1\"}, \"image\": {\"image\": \"$image\"}, \"command\": $2,
\"log_path\": \"$1.log\"${3:+, $3}}}" | field container_id
}
start() { quietly cri StartContainer "{\"container_id\": \"$1\"}"; }
# running NAME [MORE-OF-THE-CONFIG]: a container that waits to be told; $container is its id.
running() {
  container=$(created "$1" '["sh", "-c", "trap \"exit 5\" TERM; echo ready; sleep 1000 & wait"]' "${2:-}")
  start "$container"
  eventually grep -q ready "$scratch/$1.log"
}
inside() { cri_client exec "$container" "$@"; }
status() { cri ContainerStatus "{\"container_id\": \"$container\"}" | field "$1"; }
state_is() { [ "$(status state)" = "$1" ]; }
pid_of() {
  cri ContainerStatus "{\"container_id\": \"$container\", \"verbose\": true}" |
    grep -oE '\\"pid\\": ?[0-9]+' | grep -oE '[0-9]+' | head -n 1
}

[ "$STAGE_MANAGER" != systemd ] || source "$clients/cri-systemd-checks.sh"

check_version() { has containerd cri Version; }
check_three_containers_share_net_and_ipc() {
  in_pod
  local first second third kind
  local alone='"linux": {"security_context": {"namespace_options": {"pid": "CONTAINER"}}}'
  running one "$alone"; first=$container
  running two "$alone"; second=$container
  running three "$alone"; third=$container
  for kind in net ipc uts; do
    prints "$(cri_client exec "$first" readlink /proc/self/ns/$kind)" \
      cri_client exec "$second" readlink /proc/self/ns/$kind
    prints "$(cri_client exec "$first" readlink /proc/self/ns/$kind)" \
      cri_client exec "$third" readlink /proc/self/ns/$kind
  done
  [ "$(cri_client exec "$first" readlink /proc/self/ns/pid)" != \
    "$(cri_client exec "$second" readlink /proc/self/ns/pid)" ]
  prints pod cri_client exec "$first" hostname
}
check_containers_of_a_pod_share_processes() {
  in_pod '"namespace_options": {"pid": "POD"}'
  running one '"linux": {"security_context": {"namespace_options": {"pid": "POD"}}}'
  local first=$container
  running two '"linux": {"security_context": {"namespace_options": {"pid": "POD"}}}'
  prints "$(cri_client exec "$first" readlink /proc/self/ns/pid)" inside readlink /proc/self/ns/pid
  prints sleep inside cat /proc/1/comm
}
check_stop_of_one_that_shares_processes() {
  in_pod '"namespace_options": {"pid": "POD"}'
  running one '"linux": {"security_context": {"namespace_options": {"pid": "POD"}}}'
  local pid
  pid=$(pgrep -P "$(pid_of)")
  quietly cri StopContainer "{\"container_id\": \"$container\", \"timeout\": 2}"
  eventually gone "$pid"
}
check_host_namespaces() {
  local options='"namespace_options": {"network": "NODE", "pid": "NODE", "ipc": "NODE"}' kind
  config=$(pod_config "$options" | sed 's/"hostname": "pod",//')
  pod=$(cri RunPodSandbox "{\"config\": $config}" | field pod_sandbox_id)
  running one "\"linux\": {\"security_context\": {$options}}"
  for kind in net pid ipc; do
    prints "$(readlink /proc/self/ns/$kind)" inside readlink /proc/self/ns/$kind
  done
}
check_exec_sync() {
  in_pod
  running one
  prints out inside echo out
  exits 3 inside sh -c 'exit 3'
  has 'executable file not found' inside no-such-command
}
check_exec_sync_is_ended_in_time() {
  in_pod
  running one
  fails cri ExecSync "{\"container_id\": \"$container\", \"cmd\": [\"sleep\", \"100\"], \"timeout\": 1}"
  has 'deadline|timed out|timeout' cat "$scratch/said"
  eventually sh -c '! pgrep -x -f "sleep 100"'
}
check_stop_sends_term() {
  in_pod
  running one
  quietly cri StopContainer "{\"container_id\": \"$container\", \"timeout\": 10}"
  state_is CONTAINER_EXITED
  prints 5 status exit_code
}
check_exit_status_and_log() {
  in_pod
  container=$(created one '["sh", "-c", "echo said; exit 9"]')
  state_is CONTAINER_CREATED
  start "$container"
  eventually state_is CONTAINER_EXITED
  prints 9 status exit_code
  has 'stdout F said' cat "$scratch/one.log"
}
check_a_failing_start_says_why() {
  in_pod
  container=$(created one '["/no/such/command"]')
  fails cri StartContainer "{\"container_id\": \"$container\"}"
  has 'no such file or directory' cat "$scratch/said"
  prints StartError status reason
}
# containerd asks for the news that memory has run out once the container has been started, and may
# hear of its end first.
reason_is() { [ "$(status reason)" = "$1" ]; }
check_memory_that_runs_out() {
  needs_controller memory
  in_pod
  container=$(created one '["sh", "-c", "sleep 2; exec tail -c 200000000 </dev/zero"]' \
    '"linux": {"resources": {"memory_limit_in_bytes": 33554432}}')
  start "$container"
  eventually state_is CONTAINER_EXITED
  prints 137 status exit_code
  eventually reason_is OOMKilled
}
check_update_of_the_limits() {
  needs_controller memory
  in_pod
  running one '"linux": {"resources": {"memory_limit_in_bytes": 67108864}}'
  quietly cri UpdateContainerResources "{\"container_id\": \"$container\",
\"linux\": {\"memory_limit_in_bytes\": 134217728}}"
  prints 134217728 cgroup_value "$(pid_of)" memory/memory.limit_in_bytes memory.max
}
check_stats() {
  needs_controller memory
  in_pod
  running one
  has 'working_set_bytes.*[1-9]' cri ContainerStats "{\"container_id\": \"$container\"}"
}
check_security_context() {
  in_pod
  running one '"linux": {"security_context": {"run_as_user": {"value": "1234"}, "no_new_privs": true,
"run_as_group": {"value": "4321"}, "supplemental_groups": [777], "readonly_rootfs": true,
"capabilities": {"drop_capabilities": ["ALL"]}, "seccomp": {"profile_type": "RuntimeDefault"}}}'
  prints '1234 4321 4321 777' inside sh -c 'echo $(id -u) $(id -g) $(id -G)'
  prints '0000000000000000 1 2' inside \
    sh -c 'echo $(awk "/^(NoNewPrivs|Seccomp|CapBnd):/ {print \$2}" /proc/self/status | sort -n | tr "\n" " ")'
  has 'Read-only' inside touch /file
}
check_privileged() {
  in_pod '"privileged": true'
  running one '"linux": {"security_context": {"privileged": true}}'
  quietly inside sh -c 'mount -t tmpfs tmpfs /mnt && ls /dev/null'
}
check_mounts_and_devices() {
  in_pod
  mkdir "$scratch/dir"
  running one "\"mounts\": [{\"container_path\": \"/rw\", \"host_path\": \"$scratch/dir\"},
{\"container_path\": \"/ro\", \"host_path\": \"$scratch/dir\", \"readonly\": true}],
\"devices\": [{\"container_path\": \"/dev/melted\", \"host_path\": \"/dev/fuse\", \"permissions\": \"rw\"}]"
  quietly inside touch /rw/file
  has 'Read-only' inside touch /ro/other
  has '^crw.* 10, +229 ' inside ls -l /dev/melted
}
check_masked_and_read_only_paths() {
  in_pod
  running one '"linux": {"security_context": {"masked_paths": ["/proc/version", "/sys/firmware"],
"readonly_paths": ["/proc/sys"]}}'
  prints 0 inside sh -c 'wc -c </proc/version'
  has 'Read-only' inside sh -c 'echo 1 >/proc/sys/vm/swappiness'
}
check_sysctls() {
  config=$(pod_config | sed 's/"linux": {/&"sysctls": {"net.ipv4.ip_default_ttl": "77"}, /')
  pod=$(cri RunPodSandbox "{\"config\": $config}" | field pod_sandbox_id)
  running one
  prints 77 inside cat /proc/sys/net/ipv4/ip_default_ttl
}
check_working_dir_and_env() {
  in_pod
  running one '"working_dir": "/srv", "envs": [{"key": "A", "value": "b c"}]'
  prints '/srv b c' inside sh -c 'echo $(pwd) $A'
}
check_restart_in_the_same_pod() {
  in_pod
  local attempt
  for attempt in 1 2 3; do
    container=$(created one '["sh", "-c", "exit 1"]')
    start "$container"
    eventually state_is CONTAINER_EXITED
    quietly cri RemoveContainer "{\"container_id\": \"$container\"}"
  done
}
check_stop_pod_stops_its_containers() {
  in_pod
  running one
  local pid
  pid=$(pid_of)
  quietly cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
  eventually gone "$pid"
  quietly cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
  prints '{"containers": []}' cri ListContainers
}
check_a_hundred_pods_come_and_go() {
  quietly cri_client pods "${CRI_PODS:-100}" "$(pod_config)"
  prints '{"items": []}' cri ListPodSandbox
  prints '' sh -c 'ls "$0" 2>/dev/null || true' "$runtime_root"
}
# The last one: whatever went before.
check_nothing_is_left() {
  cri_client clear
  prints '' sh -c 'ls "$0" 2>/dev/null || true' "$runtime_root"
  prints '' ls /run/netns
  eventually no_shim
  prints '' find /sys/fs/cgroup -path "*$cgroup_parent/*" -type d
}
