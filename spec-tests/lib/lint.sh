# SPDX-License-Identifier: Apache-2.0
#
# What is checked without running anything.  Sourced by spec-tests/run.

# check NAME COMMAND...: a case that passes when the command prints nothing and succeeds.
check() {
  local name=$1 said status started=$SECONDS
  shift
  said=$("$@" 2>&1)
  status=$?
  if [ $status -eq 0 ] && [ -z "$said" ]; then
    record passed lint "$name" $((SECONDS - started))
  else
    printf '%s\n' "$said" | head -n 60
    record failed lint "$name" $((SECONDS - started)) "$(printf '%s' "$said" | head -n 3 | tr '\t\n' '  ')"
  fi
}

# Files of the project: what git knows, or would if it were asked to.
project_files() { git ls-files --cached --others --exclude-standard -- "$@"; }
cxx_files() { project_files 'include/*.hpp' 'src/*.cpp' 'src/*.hpp' 'spec-tests/*.cpp' 'spec-tests/*.hpp'; }

check_layering() {
  cmake -D TREE="$top" -P "$here/layering.cmake"
}

check_format() { cxx_files | xargs clang-format --dry-run --Werror; }

check_licence() {
  project_files | grep -vE '^(LICENSE|.*\.(md|json)|bundles/.*/config\.json)$' |
    xargs grep -L 'SPDX-License-Identifier: Apache-2.0'
}

check_lengths() {
  cxx_files | grep -v '^spec-tests/\(malformed\|config_text\)' | xargs wc -l |
    awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }'
}

check_sleeps() {
  project_files 'src/*.cpp' 'spec-tests/*.cpp' |
    xargs grep -nE '\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\(' /dev/null || true
}

lint() {
  install_missing "${lint_packages[@]}"
  say "reading the code: layers, format, licence, lengths, sleeps"
  check "no include crosses a layer" check_layering
  check "the code is formatted" check_format
  check "every file names its licence" check_licence
  check "no file is longer than 600 lines" check_lengths
  check "nothing sleeps" check_sleeps
}

# clang-tidy takes long, so it has a budget: what it has not reached is skipped by name.
tidy() {
  local until started=$SECONDS work=$results_directory/tidy
  within "${TIDY_SECONDS:-300}"
  mkdir "$work"
  project_files 'src/*.cpp' >"$work/files"
  turned "$turn" "$work/files" >"$work/turned"
  say "clang-tidy: $(wc -l <"$work/files") files, $((until - SECONDS)) s at most"
  export TIDY_WORK=$work TIDY_END=$(($(cut -d. -f1 /proc/uptime) + until - SECONDS))
  xargs -P "$(nproc)" -n 1 "$here/lib/tidy-one" <"$work/turned"
  if [ -s "$work/said" ]; then
    head -n 60 "$work/said"
    record failed lint "clang-tidy has nothing to say" $((SECONDS - started)) \
      "$(wc -l <"$work/said") lines"
  else
    record passed lint "clang-tidy has nothing to say" $((SECONDS - started))
  fi
  [ ! -s "$work/late" ] || record skipped lint "clang-tidy on all files" 0 \
    "no time left for $(wc -l <"$work/late") files, from $(head -n 1 "$work/late") on"
}
