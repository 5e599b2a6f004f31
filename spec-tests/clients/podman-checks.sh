# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What only podman has, as root and without.

pod() { quietly podman pod create --name "$me" "$@"; }
in_pod() { podman run --pod "$me" --rm "$image" "$@"; }

check_info_names_the_runtime() { prints "$runtime" podman info --format '{{.Host.OCIRuntime.Name}}'; }
check_pod_shares_net_ipc_and_uts() {
  pod --cgroup-parent "$cgroup_parent" --hostname together
  quietly podman run -d --pod "$me" --name "$me-a" "$image" "${waits[@]}"
  quietly podman run -d --pod "$me" --name "$me-b" "$image" "${waits[@]}"
  local kind
  for kind in net ipc uts; do
    prints "$(podman exec "$me-a" readlink /proc/self/ns/$kind)" \
      podman exec "$me-b" readlink /proc/self/ns/$kind
  done
  [ "$(podman exec "$me-a" readlink /proc/self/ns/pid)" != "$(podman exec "$me-b" readlink /proc/self/ns/pid)" ]
  prints together podman exec "$me-a" hostname
}
check_pod_shares_processes() {
  pod --cgroup-parent "$cgroup_parent" --share pid,ipc,uts
  quietly podman run -d --pod "$me" --name "$me-a" "$image" "${waits[@]}"
  has 'sleep 1000' in_pod ps -o args
}
check_pod_stop_start_rm() {
  pod --cgroup-parent "$cgroup_parent"
  quietly podman run -d --pod "$me" --name "$me-a" "$image" "${waits[@]}"
  quietly podman pod stop --time 2 "$me"
  prints Exited podman pod inspect --format '{{.State}}' "$me"
  quietly podman pod start "$me"
  prints Running podman pod inspect --format '{{.State}}' "$me"
  quietly podman pod rm --force "$me"
  prints '' podman ps --all --quiet
}
check_pod_pause() {
  pod --cgroup-parent "$cgroup_parent"
  quietly podman run -d --pod "$me" --name "$me-a" "$image" "${waits[@]}"
  quietly podman pod pause "$me"
  prints paused podman container inspect --format '{{.State.Status}}' "$me-a"
  quietly podman pod unpause "$me"
}
check_uidmap() {
  prints '0 1' once --uidmap 0:1:500 --gidmap 0:1:500 "$image" \
    sh -c 'awk "{print \$1, \$2; exit}" /proc/self/uid_map'
}
check_userns_keeps_the_root_writable() {
  once --uidmap 0:1:500 --gidmap 0:1:500 "$image" sh -c 'touch /made && [ "$(stat -c %u /made)" = 0 ]'
}
check_hooks_are_run() {
  mkdir "$scratch/hooks.d"
  cat >"$scratch/hooks.d/one.json" <<HOOK
{"version": "1.0.0", "hook": {"path": "/bin/sh",
 "args": ["sh", "-c", "cat >$scratch/seen"]}, "when": {"always": true}, "stages": ["prestart"]}
HOOK
  podman --hooks-dir "$scratch/hooks.d" run --rm "${placement[@]}" "$image" true
  has '"pid": ?[0-9]+' cat "$scratch/seen"
}
check_healthcheck_run() {
  idle --health-cmd 'test -e /tmp/well' --health-interval disable
  fails podman healthcheck run "$me"
  podman exec "$me" touch /tmp/well
  quietly podman healthcheck run "$me"
}
check_preserve_fds() {
  echo kept >"$scratch/file"
  # podman keeps this to runtimes that it knows by name.
  prints kept podman run --rm "${placement[@]}" --preserve-fds 1 "$image" sh -c 'cat <&3' 3<"$scratch/file"
}
check_annotations_reach_the_state() {
  idle --annotation org.example.key=value
  prints value podman container inspect --format '{{index .Config.Annotations "org.example.key"}}' "$me"
}
check_systemd_mode() { has '^tmpfs /run ' once --systemd always "$image" cat /proc/mounts; }
check_read_only_tmpfs() { once --read-only "$image" touch /tmp/file /run/file; }
check_rootfs_without_an_image() {
  mkdir "$scratch/root"
  cp -a "$rootfs/." "$scratch/root/"
  prints here podman run --rm "${placement[@]}" --rootfs "$scratch/root" echo here
}
check_secret() {
  echo hush | quietly podman secret create "$me" -
  prints hush once --secret "$me" "$image" cat "/run/secrets/$me"
  quietly podman secret rm "$me"
}
check_init_containers_of_a_pod() {
  pod --cgroup-parent "$cgroup_parent"
  quietly podman create --pod "$me" --name "$me-first" --init-ctr once "$image" true
  quietly podman create --pod "$me" --name "$me-a" "$image" "${waits[@]}"
  quietly podman pod start "$me"
  prints running podman container inspect --format '{{.State.Status}}' "$me-a"
}
check_cgroup_namespace_is_private() {
  [ "$(readlink /proc/self/ns/cgroup)" != \
    "$(once --cgroupns private "$image" readlink /proc/self/ns/cgroup)" ]
}
check_the_runtime_says_why_in_the_log() {
  has '(executable file|no such file|not found)' once "$image" no-such-command
}
# The last one: whatever went before.
check_nothing_is_left() {
  podman rm --all --force --time 0 >/dev/null
  prints '' ls "$runtime_root"
  prints '' sh -c "mount | grep -F '$conf' | grep -v 'storage/overlay ' || true"
}
