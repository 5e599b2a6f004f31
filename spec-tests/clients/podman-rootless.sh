# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman for a user without privileges; in the stage's mount namespace alone is there such a user.
source "$clients/podman.sh"
client_user=proa-client
client_id=71000
podman_environment "$STAGE/conf" "/run/user-$client_id/podman"
runtime_root=/run/user-$client_id/$runtime
export XDG_RUNTIME_DIR=/run/user-$client_id
placement=()
cgroup_parent=''

# Nobody has given the user a cgroup.
has_controller() { false; }

# bind_changed FILE LINE: with a line more, here alone.
bind_changed() {
  { cat "$1" 2>/dev/null; echo "$2"; } >"$STAGE/changed-$(basename "$1")"
  mount --bind "$STAGE/changed-$(basename "$1")" "$1"
}

as_client() {
  setpriv --reuid "$client_id" --regid "$client_id" --clear-groups --inh-caps=-all \
    env USER=$client_user "$@"
}

begin_engine() {
  bind_changed /etc/passwd "$client_user:x:$client_id:$client_id::$STAGE/conf/home:/bin/sh"
  bind_changed /etc/group "$client_user:x:$client_id:"
  bind_changed /etc/subuid "$client_user:720000:65536"
  bind_changed /etc/subgid "$client_user:720000:65536"
  mkdir -p "$STAGE/tmp" "$STAGE/conf" "$XDG_RUNTIME_DIR/podman"
  write_podman_configuration
  tar -C "$rootfs" --owner 0 --group 0 -cf "$STAGE/busybox.tar" .
  chmod 755 "$STAGE"
  chmod 700 "$XDG_RUNTIME_DIR"
  chown -R "$client_id:$client_id" "$STAGE/tmp" "$STAGE/conf" "$XDG_RUNTIME_DIR"
  as_client podman import -q --change 'CMD ["sh"]' "$STAGE/busybox.tar" "$image" >/dev/null
}

end_engine() {
  as_client podman rm --all --force --time 0
  as_client podman system migrate
}
