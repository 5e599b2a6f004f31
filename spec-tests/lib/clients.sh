# SPDX-License-Identifier: Apache-2.0
#
# Engines above the runtime: what spec-tests/clients/run finds out, counted.  Sourced by
# spec-tests/run.

# run_clients PROGRAM: runc and crun are asked about what it does not pass.
run_clients() {
  local found=$results_directory/clients
  : >"$found"
  say "running the clients"
  "$here/clients/run" --lazy --within $((end - SECONDS)) --results "$found" \
    --runtime "$1" --runtime runc --runtime crun </dev/null
  [ -s "$found" ] || record failed clients "the clients run" 0 "no results"
  cat "$found" >>"$results"
  awk -F '\t' '$1 == "failed" { printf "FAILED %s: %s: %s\n", $2, $3, $5 }' "$found"
}
