# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The words that the checks are written in, and what all stages need.  Sourced by the stage and by
# every check.  The stage is told by its environment: STAGE (a directory), STAGE_CLIENT, STAGE_WORLD,
# STAGE_RUNTIME (a program), STAGE_MANAGER, STAGE_END (seconds of /proc/uptime, or nothing).

export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
runtime=$(basename "$STAGE_RUNTIME")
top=$(cd "$clients/../.." && pwd)
rootfs=$top/build/rootfs/busybox
# The stage's own cgroups, to be told from all others.
cgroup_parent=/$(basename "$STAGE")
if [ "$STAGE_MANAGER" = systemd ]; then
  cgroup_parent=$(basename "$STAGE" | tr - _).slice
fi

# --- what a check says ---

# Echoes are for whoever reads the message of a failed check.
failed() { echo "$*"; exit 1; }
skip() { echo "$*"; exit 77; }

# exits STATUS COMMAND...: it ends with this status.  What it says is kept for says.
exits() {
  local wanted=$1 got=0
  shift
  "$@" >"$scratch/said" 2>&1 || got=$?
  [ "$got" = "$wanted" ] || failed "status $got, not $wanted: $(tail -n 3 "$scratch/said")"
}

# prints TEXT COMMAND...: this on its standard output, and status 0.
prints() {
  local wanted=$1 got
  shift
  got=$("$@" 2>"$scratch/error") || failed "status $? of $*: $(tail -n 3 "$scratch/error")"
  [ "$(tr -d '\r' <<<"$got")" = "$wanted" ] || failed "printed '$got', not '$wanted': $(tail -n 3 "$scratch/error")"
}

# has PATTERN COMMAND...: a line of its output matches, whatever its status.
has() {
  local pattern=$1
  shift
  "$@" >"$scratch/had" 2>&1 || true
  tr -d '\r' <"$scratch/had" | grep -qE -- "$pattern" ||
    failed "nothing like '$pattern': $(tail -n 5 "$scratch/had")"
}

# quietly COMMAND...: it succeeds; its output shows only when it does not.
quietly() { exits 0 "$@"; }

# fails COMMAND...: with any status but 0.
fails() {
  if "$@" >"$scratch/said" 2>&1; then failed "it succeeds: $*"; fi
}

# eventually COMMAND...: it succeeds within ten seconds, or $patience of them.
eventually() {
  local end=$((SECONDS + ${patience:-10}))
  until "$@" >"$scratch/eventually" 2>&1; do
    [ $SECONDS -lt $end ] || failed "not within ${patience:-10} seconds: $*: $(tail -n 3 "$scratch/eventually")"
    sleep 0.1
  done
}

# in_terminal COMMAND...: with a terminal around it, and nobody who types; its output.
in_terminal() {
  # Open for reading and writing, a pipe never ends: script(1) would pass the end on.
  [ -p "$scratch/silence" ] || mkfifo "$scratch/silence"
  script -qec "$(printf '%q ' "$@")" /dev/null <>"$scratch/silence" | tr -d '\r'
}

# --- what a stage needs ---

# readme_snippet FILE: what README says has to stand in that file, with this runtime in it.
readme_snippet() {
  awk -v file="$1" '
    index($0, file) { found = 1; next }
    found && /^    / { print substr($0, 5); inside = 1; next }
    inside && /^$/ { next }
    inside { exit }' "$top/README.md" |
    sed "s#/usr/local/sbin/proa#@PATH@#; s#\bproa\b#$runtime#g; s#@PATH@#$STAGE_RUNTIME#"
}

daemon_pids=()
# in_background COMMAND...: a daemon that the stage ends.
in_background() {
  "$@" >"$STAGE/log.daemon" 2>&1 </dev/null &
  daemon_pids+=("$!")
}

# The youngest first; one that does not listen is killed.
end_daemons() {
  local pid index tries
  for ((index = ${#daemon_pids[@]} - 1; index >= 0; --index)); do
    pid=${daemon_pids[index]}
    kill -TERM "$pid" 2>/dev/null || continue
    for ((tries = 0; tries < 100; ++tries)); do
      [ -d "/proc/$pid" ] && [ "$(cut -d ' ' -f 3 "/proc/$pid/stat")" != Z ] || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
  done
}

# until_up COMMAND...: waits for a daemon, a minute or $patience.
until_up() {
  local end=$((SECONDS + ${patience:-60}))
  while [ $SECONDS -lt $end ]; do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  tail -n 5 "$STAGE/log.daemon"
  return 1
}

# oci_layout DIRECTORY NAME ENTRYPOINT...: an image of the busybox root, as a directory.
oci_layout() {
  local directory=$1 name=$2 layer config manifest entrypoint
  shift 2
  entrypoint=$(printf '"%s",' "$@")
  mkdir -p "$directory/blobs/sha256"
  tar -C "$rootfs" --numeric-owner --owner 0 --group 0 -cf "$directory/layer" .
  layer=$(add_blob "$directory" "$directory/layer")
  printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":[%s],"Env":["PATH=/bin"]},
"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(dpkg --print-architecture)" \
    "$([ $# -eq 0 ] || echo "${entrypoint%,}")" "${layer%% *}" >"$directory/config"
  config=$(add_blob "$directory" "$directory/config")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},
"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
    ${config} ${layer} >"$directory/manifest"
  manifest=$(add_blob "$directory" "$directory/manifest")
  printf '{"imageLayoutVersion":"1.0.0"}' >"$directory/oci-layout"
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
"digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s",
"org.opencontainers.image.ref.name":"%s"}}]}' ${manifest} "$name" "${name##*:}" >"$directory/index.json"
}

add_blob() { # DIRECTORY FILE: moves it to its place and prints digest and size
  local digest size
  digest=$(sha256sum <"$2" | cut -d ' ' -f 1)
  size=$(stat -c %s "$2")
  mv "$2" "$1/blobs/sha256/$digest"
  echo "$digest $size"
}

# --- what is the same in all clients, unless they say otherwise ---

# Why nothing can be shown in this world.
unfit() { :; }
as_client() { "$@"; }
end_engine() { :; }
clean_up() { :; }

# gone PID: there is no such process, or nobody has asked for its status yet.
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
# Of the stage's own containerd: others may run beside it.
no_shim() { ! pgrep -f "containerd-shim.*$STAGE/"; }

# --- cgroups ---

# cgroup_value PID V1-CONTROLLER/FILE V2-FILE: of the cgroup that the process is in.
cgroup_value() {
  local pid=$1 controller=${2%%/*} path
  path=$(sed -nE "s#^[0-9]+:([^:]*,)?$controller(,[^:]*)?:##p" "/proc/$pid/cgroup")
  if [ "$STAGE_WORLD" != v2 ] && [ -n "$path" ]; then
    cat "/sys/fs/cgroup/$controller$path/${2#*/}"
  else
    path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
    cat "/sys/fs/cgroup$path/$3"
  fi
}

# has_controller NAME: here is a hierarchy that holds it.
has_controller() {
  if [ "$STAGE_WORLD" != v2 ] && [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
    [ -d "/sys/fs/cgroup/$1" ]
  else
    grep -qw "$1" /sys/fs/cgroup/cgroup.controllers
  fi
}

# For clients that ask for shares of the processor in any case.
unfit_without_cpu() { has_controller cpu || echo "$1 wants the controller cpu, which this world has not"; }
needs_controller() { has_controller "$1" || skip "no cgroup controller $1 in this world"; }
