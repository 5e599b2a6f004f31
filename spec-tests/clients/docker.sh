# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# dockerd with the runtime as its default one, and the docker command line.
engine=docker
image=busybox:proa
placement=()
build_placement=()
scopes=docker
# dockerd keeps the name runc to itself.
runtime_name=${runtime/#runc/the-runc}
export DOCKER_HOST=unix://$STAGE/docker.sock DOCKER_CONFIG=$STAGE/docker HOME=$STAGE/home
export TMPDIR=$STAGE/tmp
runtime_root=$STAGE/exec/runtime-$runtime/moby
# Not what a machine has in /usr/local: client and daemon are of one version.
docker() { /usr/bin/docker "$@"; }
export -f docker

# dockerd has a containerd of its own below its exec root, or is given one.
begin_engine() {
  mkdir -p "$STAGE/tmp" "$STAGE/docker" "$STAGE/home" "$STAGE/containerd"
  readme_snippet daemon.json | sed "s/\"$runtime\":/\"$runtime_name\":/
s/}\$/, \"default-runtime\": \"$runtime_name\"}/" >"$STAGE/daemon.json"
  local ulimits=(--default-ulimit nofile=1024:1024)
  own_containerd "$STAGE/containerd" || return 1
  in_background /usr/sbin/dockerd --config-file "$STAGE/daemon.json" --host "$DOCKER_HOST" \
    --containerd "$STAGE/containerd/c.sock" --data-root "$STAGE/data" --exec-root "$STAGE/exec" \
    --pidfile "$STAGE/docker.pid" --bridge none --iptables=false --ip6tables=false --ip-forward=false \
    --exec-opt "native.cgroupdriver=$STAGE_MANAGER" --cgroup-parent "$cgroup_parent" "${ulimits[@]}"
  until_up docker info || return 1
  tar -C "$rootfs" --owner 0 --group 0 -cf "$STAGE/busybox.tar" .
  docker import --change 'CMD ["sh"]' "$STAGE/busybox.tar" "$image" >/dev/null
}

# own_containerd DIRECTORY: for the daemon alone.
own_containerd() {
  cat >"$1/config.toml" <<CONTAINERD
version = 2
root = "$1/root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$1/c.sock"
[ttrpc]
  address = "$1/c.sock.ttrpc"
CONTAINERD
  in_background containerd --config "$1/config.toml" --log-level error
  until_up ctr --address "$1/c.sock" version
}

all_containers() { docker ps --all --quiet --no-trunc; }
end_engine() { remove_all; }
remove_all() {
  local containers
  containers=$(all_containers)
  # shellcheck disable=SC2086
  [ -z "$containers" ] || docker rm --force $containers
}
clean_up() { remove_all; }
inspect() { docker container inspect --format "$1" "$2"; }

source "$clients/engine-checks.sh"
[ "$STAGE_MANAGER" != systemd ] || source "$clients/systemd-checks.sh"

check_info_lists_the_runtime() {
  prints "$runtime_name" docker info --format '{{.DefaultRuntime}}'
  has "[[ ]$runtime_name:" docker info --format '{{.Runtimes}}'
}
check_the_runtime_by_name() { prints chosen once --runtime "$runtime_name" "$image" echo chosen; }
check_workdir_is_made() { prints /made/here once --workdir /made/here "$image" pwd; }
check_healthcheck() {
  idle --health-cmd 'test -e /tmp/well' --health-interval 500ms --health-retries 1
  eventually health_is unhealthy
  docker exec "$me" touch /tmp/well
  eventually health_is healthy
}
health_is() { [ "$(inspect '{{.State.Health.Status}}' "$me")" = "$1" ]; }
check_restart_policy() {
  quietly docker run -d --name "$me" --restart on-failure:2 "$image" sh -c 'echo again; exit 1'
  eventually status_is exited
  prints 2 inspect '{{.RestartCount}}' "$me"
}
check_exec_outlives_its_client() {
  local client
  idle
  /usr/bin/docker exec "$me" \
    sh -c 'touch /tmp/begun; until [ -e /tmp/alone ]; do sleep 1; done; touch /tmp/late' &
  client=$!
  eventually docker exec "$me" test -e /tmp/begun
  kill "$client"
  quietly docker exec "$me" touch /tmp/alone
  eventually docker exec "$me" test -e /tmp/late
}
check_events_tell_of_the_end() {
  local since
  since=$(date +%s)
  exits 3 once --name "$me" "$image" sh -c 'exit 3'
  has "die .*exitCode=3" docker events --since "$since" --until "$(($(date +%s) + 1))" --filter event=die
}
check_rename_while_it_runs() {
  idle
  quietly docker rename "$me" "$me-new"
  prints true inspect '{{.State.Running}}' "$me-new"
}
check_commit_of_a_running_container() {
  idle
  docker exec "$me" sh -c 'echo kept >/kept'
  quietly docker commit "$me" "kept-$me"
  prints kept once "kept-$me" cat /kept
}
check_device_cgroup_rule() {
  idle --device-cgroup-rule 'c 10:229 rwm' --cap-add MKNOD
  quietly docker exec "$me" sh -c 'mknod /tmp/fuse c 10 229 && exec 3</tmp/fuse'
}
check_device_without_a_rule_is_denied() {
  idle --cap-add MKNOD
  has 'not permitted' docker exec "$me" sh -c 'mknod /tmp/fuse c 10 229; exec 3</tmp/fuse'
}
# The last one: whatever went before.
check_nothing_is_left() {
  remove_all >/dev/null
  prints '' sh -c 'ls "$0" 2>/dev/null || true' "$runtime_root"
  eventually no_shim
}
