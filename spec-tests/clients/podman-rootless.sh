# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman for a user without privileges.  In the stage's mount namespace alone is there such a user;
# with systemd it is the first one whose manager runs.
source "$clients/podman.sh"
if [ "$STAGE_MANAGER" = systemd ]; then
  manager_directory=$(ls -d /run/user/[1-9]*/systemd 2>/dev/null | head -n 1)
  runtime_directory=${manager_directory%/systemd}
  client_id=${runtime_directory##*/}
  client_user=$(id -un "${client_id:-0}")
else
  client_user=proa-client
  client_id=71000
  runtime_directory=/run/user-$client_id
fi
podman_environment "$STAGE/conf" "$runtime_directory/$(basename "$STAGE")"
runtime_root=$runtime_directory/$runtime
export XDG_RUNTIME_DIR=$runtime_directory
[ "$STAGE_MANAGER" != systemd ] || export DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime_directory/bus
placement=()
cgroup_parent=''

unfit() { [ -n "$client_id" ] || echo "no plain user has a manager of systemd here"; }

# What the user's manager was given; without one, nobody has given the user a cgroup.
has_controller() {
  [ "$STAGE_MANAGER" = systemd ] && grep -qw "$1" \
    "/sys/fs/cgroup/user.slice/user-$client_id.slice/user@$client_id.service/cgroup.controllers"
}

# bind_changed FILE LINE: with a line more, here alone.
bind_changed() {
  { cat "$1" 2>/dev/null; echo "$2"; } >"$STAGE/changed-$(basename "$1")"
  mount --bind "$STAGE/changed-$(basename "$1")" "$1"
}

as_client() {
  setpriv --reuid "$client_id" --regid "$client_id" --clear-groups --inh-caps=-all \
    env USER=$client_user "$@"
}

make_user() {
  bind_changed /etc/passwd "$client_user:x:$client_id:$client_id::$STAGE/conf/home:/bin/sh"
  bind_changed /etc/group "$client_user:x:$client_id:"
  bind_changed /etc/subuid "$client_user:720000:65536"
  bind_changed /etc/subgid "$client_user:720000:65536"
  mkdir -p "$runtime_directory"
  chown "$client_id:$client_id" "$runtime_directory"
}

begin_engine() {
  [ "$STAGE_MANAGER" = systemd ] || make_user
  mkdir -p "$STAGE/tmp" "$STAGE/conf" "$podman_run"
  write_podman_configuration
  tar -C "$rootfs" --owner 0 --group 0 -cf "$STAGE/busybox.tar" .
  chmod 755 "$STAGE"
  chmod 700 "$XDG_RUNTIME_DIR"
  chown -R "$client_id:$client_id" "$STAGE/tmp" "$STAGE/conf" "$podman_run"
  as_client podman import -q --change 'CMD ["sh"]' "$STAGE/busybox.tar" "$image" >/dev/null
}

end_engine() {
  as_client podman rm --all --force --time 0
  as_client podman system migrate
  rm -rf --one-file-system "$podman_run"
}
