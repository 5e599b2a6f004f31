# SPDX-License-Identifier: Apache-2.0
#
# Fuzzing: every target of spec-tests/fuzz for a while, each a case.  Sourced by spec-tests/run.
# What was found stays in build/fuzz-found, and the grown corpus in build/fuzz-corpus: the next run
# goes on from there.

fuzz_packages=(clang libclang-rt-dev)

# What keeps the targets from being built; nothing when they can be.
fuzz_lacks() {
  command -v clang++ >/dev/null || { echo "clang++ is missing"; return; }
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer,address,undefined -o /dev/null - >/dev/null 2>&1 ||
    echo "clang++ has no libFuzzer (Debian: libclang-rt-dev)"
}

# fuzz_part CONFIG KEY INDENTATION: the object of that key, where it spans lines.
fuzz_part() {
  sed -n "/^$3\"$2\": {\$/,/^$3}/p" "$1" | sed '1s/.*/{/; $s/,$//'
}

# fuzz_seeds TARGET DIRECTORY: something to begin with, none of it kept in the project.
fuzz_seeds() {
  local config bundle
  for config in "$top"/bundles/*/config.json; do
    bundle=$(basename "$(dirname "$config")")
    case $1 in
      config) cp "$config" "$2/seed-$bundle" ;;
      process) fuzz_part "$config" process '  ' >"$2/seed-$bundle" ;;
      resources) fuzz_part "$config" resources '    ' >"$2/seed-$bundle" ;;
    esac
  done
  case $1 in
    state)
      cat >"$2/seed" <<'RECORD'
{"state":{"ociVersion":"1.3.0","id":"web","pid":7,"status":"created","bundle":"/b","rootfs":"/b/r",
"created":"2026-01-01T00:00:00Z","annotations":{"a":"b"},"owner":"root"},"startTime":5,
"pidfdInode":6,"hasProcess":true,"privatePidNamespace":true,"cgroupManager":"cgroupfs",
"cgroups":[{"path":"/c","v2":true,"created":true,"controllers":["cpu"]}],
"poststart":[{"path":"/h","args":["h"],"env":["A=b"],"timeout":3}],"poststop":[{"path":"/h"}]}
RECORD
      ;;
    cgroups) { cat /proc/self/cgroup && printf '\0' && cat /proc/self/mountinfo; } >"$2/seed" ;;
    options) printf 'rbind,ro,rro,nosuid,noatime,rslave,size=64k,strictatime' >"$2/seed" ;;
    passwd) printf 'root:x:0:0:root:/root:/bin/sh\none:x:1:1::/home:\n\0\0\1\7\0' >"$2/seed" ;;
    program)
      head -c 4096 /proc/self/exe >"$2/seed-elf"
      printf '#! /bin/sh -e\n' >"$2/seed-script"
      ;;
    cpuset) printf '0-3,7,65535' >"$2/seed" ;;
    signals) printf 'SIGRTMIN+3' >"$2/seed" ;;
  esac
}

# fuzz_result TARGET SECONDS STATUS: what libFuzzer has said, as one result.
fuzz_result() {
  local log=build/fuzz-found/$1.log executions coverage found
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o ' cov: [0-9]*' "$log" | tail -n 1)
  if [ "$3" -eq 0 ] && [ "${executions:-0}" -gt 0 ]; then
    record passed fuzz "$1" "$2" "$executions executions,$coverage"
    say "fuzz $1: $executions executions,$coverage"
    return
  fi
  found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  record failed fuzz "$1" "$2" "$(grep -aE '^broken: |runtime error: |terminate called|what\(\): ' \
    "$log" | head -n 2 | tr '\t\n' '  ')$(grep -a '^SUMMARY: ' "$log" | head -n 1 | tr '\t' ' '); \
exit status $3; ${found:+$found, in base64: $(head -c 400 "$found" | base64 -w 0)}"
}

fuzz_target() { # TARGET SECONDS
  local program=build/fuzz/spec-tests/fuzz/fuzz-$1 started=$SECONDS
  local dictionary='' corpus=build/fuzz-corpus/$1
  case $1 in
    config | process | resources | state) dictionary=config ;;
    options) dictionary=options ;;
  esac
  mkdir -p "$corpus" build/fuzz-found
  fuzz_seeds "$1" "$corpus"
  timeout --kill-after=10 $(($2 + 60)) "$program" -max_total_time="$2" -timeout=20 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz-found/$1-" \
    ${dictionary:+-dict="build/fuzz/spec-tests/fuzz/$dictionary.dict"} \
    "$corpus" >"build/fuzz-found/$1.log" 2>&1 </dev/null
  fuzz_result "$1" $((SECONDS - started)) $?
}

# run_fuzz [SECONDS-PER-TARGET]
run_fuzz() {
  local fuzz_seconds=${1:-15} fuzz_lack targets
  install_missing "${fuzz_packages[@]}"
  fuzz_lack=$(fuzz_lacks)
  if [ -z "$fuzz_lack" ]; then build fuzz fuzz-targets || return; fi
  mapfile -t targets < <(basename -s .cpp "$here"/fuzz/*.cpp)
  each_of fuzz_or_skip "${targets[@]}"
}

fuzz_or_skip() { # TARGET
  if [ -n "$fuzz_lack" ]; then
    record skipped fuzz "$1" 0 "$fuzz_lack"
  else
    fuzz_target "$1" "$fuzz_seconds"
  fi
}
