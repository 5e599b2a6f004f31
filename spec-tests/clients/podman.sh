# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman as root.  The client `podman-rootless` is the same with a user of its own.
engine=podman
image=localhost/busybox
placement=(--cgroup-parent "$cgroup_parent")
scopes=libpod
runtime_root=/run/$runtime

# Everything podman keeps is below the stage or below the stage's own /run.
podman_environment() { # DIRECTORY RUN-DIRECTORY
  export CONTAINERS_STORAGE_CONF=$1/storage.conf CONTAINERS_CONF=$1/containers.conf
  export CONTAINERS_REGISTRIES_CONF=$1/registries.conf HOME=$1/home TMPDIR=$1/tmp
  unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  conf=$1 podman_run=$2
}

write_podman_configuration() {
  local snippet
  snippet=$(readme_snippet containers.conf)
  mkdir -p "$conf/home" "$conf/tmp"
  cat >"$conf/storage.conf" <<STORAGE
[storage]
driver = "${podman_driver:-overlay}"
runroot = "$podman_run/storage"
graphroot = "$conf/storage"
STORAGE
  # Where CAP_SYS_RESOURCE is missing, the limits that podman sets by itself are too high.
  # A network would be the machine's business.
  cat >"$conf/containers.conf" <<CONTAINERS
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "none"
log_driver = "k8s-file"
$(has_controller pids || echo 'pids_limit = 0')
${snippet%%\[engine.runtimes\]*}
cgroup_manager = "$STAGE_MANAGER"
events_logger = "file"
tmp_dir = "$podman_run/libpod"
[engine.runtimes]${snippet#*\[engine.runtimes\]}
CONTAINERS
  echo 'unqualified-search-registries = []' >"$conf/registries.conf"
}

podman_environment "$STAGE/conf" /run/podman

begin_engine() {
  mkdir -p "$STAGE/tmp" /run/podman
  write_podman_configuration
  tar -C "$rootfs" --owner 0 --group 0 -cf "$STAGE/busybox.tar" .
  podman import -q --change 'CMD ["sh"]' "$STAGE/busybox.tar" "$image" >/dev/null
}

end_engine() { podman rm --all --force --time 0; podman pod rm --all --force; }
clean_up() {
  [ -z "$(podman ps --all --quiet)" ] || podman rm --all --force --time 0
  [ -z "$(podman pod ls --quiet)" ] || podman pod rm --all --force
}

inspect() { podman container inspect --format "$1" "$2"; }

source "$clients/engine-checks.sh"
[ "$STAGE_MANAGER" != systemd ] || source "$clients/systemd-checks.sh"
source "$clients/podman-checks.sh"
