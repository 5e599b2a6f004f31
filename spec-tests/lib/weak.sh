# SPDX-License-Identifier: Apache-2.0
#
# Is each defence noticed when it is gone?  proa-weak (src/base/weaken.hpp) does without the one that
# PROA_WEAKEN names, and every case tagged [defence:NAME] has to fail then: that it does is a case of
# its own.  Sourced by spec-tests/run.

# The names of all switches there are.
defences() { grep -rhoE 'weakened\("[a-z-]+"' "$top/src" | cut -d '"' -f 2 | sort -u; }

# without_defence NAME: turns the results of its cases over.
without_defence() {
  local name=$1 report=$results_directory/weak.xml log=$results_directory/weak-skips
  : >"$report" && : >"$log"
  PROA_WEAKEN=$name PROA_RUNTIME=$top/build/release/spec-tests/proa-weak PROA_SKIP_LOG=$log \
    PROA_DEADLINE=10 timeout --kill-after=10 300 build/dev/spec-tests/conformance \
    "[defence:$name]" --reporter xml --durations yes --out "$report" </dev/null \
    >"$results_directory/output" 2>&1
  awk -v suite="weakened: $name" -v skips="$log" -f "$here/lib/results.awk" "$report" |
    awk -F '\t' -v OFS='\t' '
      $1 == "failed" { print "passed", $2, $3 " (fails)", $4, ""; next }
      $1 == "passed" { print "failed", $2, $3 " (fails)", $4, "it passes without this defence"; next }
      { print }' >"$results_directory/weak"
  cat "$results_directory/weak" >>"$results"
  awk -F '\t' '$1 == "failed" { printf "FAILED %s: %s\n       %s\n", $2, $3, $5 }' \
    "$results_directory/weak"
  [ -s "$results_directory/weak" ] ||
    record failed "weakened: $name" "the defence has a case" 0 "none is tagged [defence:$name]"
}

weakened() {
  local name started=$SECONDS
  # With all of them in place it has to be as good as proa.
  PROA_RUNTIME=$top/build/release/spec-tests/proa-weak catch_suite "proa-weak, whole" \
    build/dev/spec-tests/conformance "[contract:security]"
  say "taking the defences away, one by one"
  for name in $(defences); do in_time "weakened: $name" without_defence "$name"; done
  if grep -qa PROA_WEAKEN "$top/build/release/proa"; then
    record failed weakened "proa has no such switch" 0 "its file names PROA_WEAKEN"
  else
    record passed weakened "proa has no such switch" 0
  fi
  say "weakened: $(defences | wc -l) defences in $((SECONDS - started)) s"
}
