# SPDX-License-Identifier: Apache-2.0
#
# The cases of a Catch2 program, dealt out to one run for each processor: most of a case is waiting.
# Sourced by results.sh, and by guest-inside.

# cases PROGRAM [FILTER...]: their names, as Catch2 2 lists them, or 3.  Its exit status is their
# number.
cases() {
  local list
  list=$("$@" --list-test-names-only 2>/dev/null)
  [ -n "$list" ] || list=$("$@" --list-tests --verbosity quiet)
  printf '%s\n' "$list"
}

# deal NAMES DIRECTORY: the files 1, 2 ... that --input-file takes.
deal() {
  local parts part
  parts=$(nproc)
  for part in $(seq "$parts"); do
    # A comma ends a pattern.
    awk -v n="$parts" -v i="$part" 'NF && NR % n == i % n { gsub(/[\\,]/, "\\\\&"); print }' \
      "$1" >"$2/$part"
    [ -s "$2/$part" ] || rm "$2/$part"
  done
}
