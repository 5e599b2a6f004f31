# SPDX-License-Identifier: Apache-2.0
#
# The conformance suite where newer system calls are missing, as on older kernels and inside of
# containers whose filters are older than the calls.  Sourced by spec-tests/run.

mount_calls=(open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr
  statmount listmount)
file_calls=(openat2 close_range faccessat2 epoll_pwait2 fchmodat2 execveat)
process_calls=(clone3 pidfd_open pidfd_send_signal pidfd_getfd)

# Cases that are no question of the calls, and why they are none.
beside=('without seccomp there is no filter'
  "the program's memory is laid out anew each time\\, and fixed once it is"
  'nothing in the program is both written and executed'
  'the program looks after its stack and its buffers')
filtered='the filter that denies is inherited' script='the runtime is started by a script'
why=("$filtered" "$script" "$script" "$script")

# conformance_denied ERRNO CALLS PROGRAM [CATCH2-ARGUMENT...]
conformance_denied() {
  local error=$1 calls=$2 program=$3 wrapper=$results_directory/denied/proa i
  shift 3
  mkdir -p "${wrapper%/*}"
  printf '#!/bin/sh\nexec %s %s %s %s "$0" "$@"\n' \
    "$top/build/dev/spec-tests/deny" "$error" "$calls" "$program" >"$wrapper"
  chmod 755 "$results_directory" "${wrapper%/*}" "$wrapper"
  cases build/dev/spec-tests/conformance "$@" "${beside[@]/#/\~}" >"$results_directory/names.all"
  turned "$turn" "$results_directory/names.all" >"$results_directory/names"
  PROA_RUNTIME=$wrapper PROA_DENIED=$calls \
    catch_in_parts "conformance, $error: $calls" "$results_directory/names" \
    "$here/lib/cgroup-world" native build/dev/spec-tests/conformance
  for i in "${!beside[@]}"; do
    record skipped "conformance, $error: $calls" "${beside[i]/\\,/,}" 0 "${why[i]}"
  done
}

# The call that filters deny most: they cannot see its arguments.
clone3_denied() { conformance_denied ENOSYS clone3 "$@"; }

# each_call_denied PROGRAM [CATCH2-ARGUMENT...]
each_call_denied() {
  local call error
  for call in "${mount_calls[@]}" "${file_calls[@]}" "${process_calls[@]}"; do
    for error in ENOSYS EPERM; do
      conformance_denied "$error" "$call" "$@"
    done
  done
}
