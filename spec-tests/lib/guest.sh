# SPDX-License-Identifier: Apache-2.0
#
# The conformance cases in a guest, while other things are tested here.  Sourced by spec-tests/run.

guest_pid=''

# begin_guest GUEST PROGRAM [CATCH2-FILTER]
begin_guest() {
  local until
  within 2100
  say "beginning with the guest $1, in the background"
  GUEST_SECONDS=$((until - SECONDS)) setpriv --pdeathsig KILL -- \
    "$here/lib/guest-stage" "$results_directory" "$@" \
    >"$results_directory/guest.log" 2>&1 </dev/null &
  guest_pid=$!
}

# Says what it has said, once it has ended.
end_guest() {
  local status=0
  [ -n "$guest_pid" ] || return 0
  say "waiting for the guest"
  wait "$guest_pid" || status=$?
  guest_pid=''
  cat "$results_directory/guest.log"
  [ $status -eq 0 ] || record failed "guest" "the stage ends well" 0 "exit status $status"
}

# All that it has started, its qemu too, ends with it.
drop_guest() {
  if [ -n "$guest_pid" ]; then kill -KILL "$guest_pid" 2>/dev/null || true; fi
  guest_pid=''
}
