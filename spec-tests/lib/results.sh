# SPDX-License-Identifier: Apache-2.0
#
# Counting test cases: every result is a line in one file.  Sourced by spec-tests/run.

source "$here/lib/parts.sh"

begin_results() {
  results_directory=$(mktemp -d)
  results=$results_directory/all
  : >"$results"
}

# record passed|failed|skipped SUITE NAME SECONDS MESSAGE
record() {
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" >>"$results"
  if [ "$1" = failed ]; then printf 'FAILED %s: %s: %s\n' "$2" "$3" "${5:-}"; fi
}

count() { grep -c "^$1	" "$results"; }

# catch_suite NAME PROGRAM [ARGUMENT...]: runs a Catch2 program and records its cases.
catch_suite() {
  local suite=$1 run=$results_directory/run-$BASHPID started=$SECONDS
  shift
  say "running $suite"
  rm -rf "$run"
  catch_run "$run" "$@"
  record_run "$suite" "$run"
  say "$suite: $(wc -l <"$run/cases") cases in $((SECONDS - started)) s"
}

# within SECONDS: sets $until, for what follows in the caller: so much from now, not beyond $end; no
# bound where the run has none.
within() {
  until=$((SECONDS + $1))
  [ "$end" != "$never" ] && [ "$until" -lt "$end" ] || until=$end
}

# in_time NAME COMMAND...: the command, unless the time is over.
in_time() {
  local name=$1
  shift
  if [ "$SECONDS" -lt "$end" ]; then "$@"; return; fi
  record skipped run "$name" 0 "no time left"
  return 0
}

# each_of COMMAND ARGUMENT...: the command with each of them, as many at a time as there are
# processors.
each_of() {
  local command=$1 argument pids=()
  shift
  for argument in "$@"; do
    "$command" "$argument" &
    pids+=("$!")
    [ ${#pids[@]} -lt "$(nproc)" ] || { wait "${pids[@]}"; pids=(); }
  done
  [ ${#pids[@]} -eq 0 ] || wait "${pids[@]}"
}

# catch_run DIRECTORY PROGRAM [ARGUMENT...]: leaves there what record_run reads.  Ends with the
# shell that has called it.
catch_run() {
  local run=$1
  shift
  mkdir "$run" && : >"$run/skips" >"$run/report.xml"
  PROA_SKIP_LOG=$run/skips setpriv --pdeathsig TERM -- timeout --kill-after=10 1500 \
    "$@" --reporter xml --durations yes --out "$run/report.xml" </dev/null >"$run/output" 2>&1
  echo $? >"$run/status"
}

# catch_in_parts NAME NAMES PROGRAM [ARGUMENT...]: the cases of the file NAMES, side by side; what it
# does not come to until $until is skipped.
catch_in_parts() {
  local suite=$1 names=$2 parts=$results_directory/parts run started=$SECONDS
  shift 2
  say "running $suite"
  rm -rf "$parts" && mkdir -p "$parts/due" "$parts/taken"
  deal "$names" "$parts/due"
  work_off "$parts/due" "$parts/taken" catch_piece "$@"
  for run in "$parts/taken"/*.run; do
    [ ! -d "$run" ] || record_run "$suite" "$run"
  done
  record_left "$suite" "$parts/due"
  check_complete "$suite" "$names"
  say "$suite: $(grep -c . "$names") cases in $((SECONDS - started)) s"
}
catch_piece() { # PROGRAM [ARGUMENT...] PIECE
  catch_run "${*: -1}.run" "${@:1:$#-1}" --input-file "${*: -1}"
}

# record_left NAME DIRECTORY: the pieces that nobody has taken.
record_left() {
  local name
  cat "$2"/* 2>/dev/null | sed 's/\\\(.\)/\1/g' | while read -r name; do
    record skipped "$1" "$name" 0 "no time left"
  done
}

# check_complete SUITE NAMES: a case that was listed and is in no report would go unnoticed.
check_complete() {
  local missing
  if ! grep -q . "$2"; then
    [ -n "${filter:-}" ] || record failed "$1" "the program has cases" 0 "none were run"
    return
  fi
  missing=$(awk -F '\t' -v suite="$1" '$2 == suite { print $3 }' "$results" |
    grep -vxF -f - <(grep . "$2"))
  [ -z "$missing" ] || record failed "$1" "every case is run" 0 \
    "$(wc -l <<<"$missing") are not, such as: $(head -n 1 <<<"$missing")"
}

# record_run NAME DIRECTORY: what a Catch2 program has left there: report.xml, skips, output, status.
record_run() {
  local suite=$1 run=$2 status
  status=$(cat "$run/status" 2>/dev/null || echo 125)
  awk -v suite="$suite" -v skips="$run/skips" -f "$here/lib/results.awk" "$run/report.xml" \
    >"$run/cases"
  cat "$run/cases" >>"$results"
  awk -F '\t' '$1 == "failed" { printf "FAILED %s: %s\n       %s\n", $2, $3, $5 }' "$run/cases"
  # Whatever the report says: a program that ends badly is a failure, and so is an empty one.
  if [ "$status" -ge 124 ] || { [ "$status" -ne 0 ] && ! grep -q '^failed	' "$run/cases"; }; then
    tail -n 40 "$run/output"
    record failed "$suite" "the program ends well" 0 "exit status $status"
  elif [ ! -s "$run/cases" ] && [ -z "${filter:-}" ]; then
    record failed "$suite" "the program has cases" 0 "none were run"
  fi
}

escaped() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g' | tr -d '\000-\010\013\014\016-\037'; }

write_junit() {
  escaped <"$results" | awk -F '\t' -v failed="$(count failed)" -v skipped="$(count skipped)" '
    { line[NR] = $0 }
    END {
      print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      printf "<testsuite name=\"proa\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n", NR, failed, skipped
      for (i = 1; i <= NR; ++i) {
        split(line[i], f, "\t")
        printf "  <testcase classname=\"%s\" name=\"%s\" time=\"%s\">", f[2], f[3], f[4]
        if (f[1] == "failed") printf "<failure message=\"%s\"/>", f[5]
        if (f[1] == "skipped") printf "<skipped message=\"%s\"/>", f[5]
        print "</testcase>"
      }
      print "</testsuite>"
    }' >"$1"
}

# finish_results JUNIT-FILE: lists what did not pass, and ends with the one line that counts.
finish_results() {
  local failed skipped
  [ -s "$results" ] || record failed run "something was run" 0 "nothing was"
  failed=$(count failed)
  skipped=$(count skipped)
  if [ "$skipped" -gt 0 ]; then
    say "skipped:"
    awk -F '\t' '$1 == "skipped" { printf "  %s: %s (%s)\n", $2, $3, $5 }' "$results"
  fi
  if [ "$failed" -gt 0 ]; then
    say "failed:"
    awk -F '\t' '$1 == "failed" { printf "  %s: %s\n", $2, $3 }' "$results"
  fi
  [ -z "$1" ] || write_junit "$1"
  echo "$(count passed) passed, $failed failed, $skipped skipped"
  rm -rf "$results_directory"
  [ "$failed" -eq 0 ]
}
