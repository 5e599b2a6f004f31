# SPDX-License-Identifier: Apache-2.0
#
# The cases of a Catch2 program in pieces, worked off side by side: most of a case is waiting.
# Sourced by results.sh, and by guest-inside.

# cases PROGRAM [FILTER...]: their names, as Catch2 2 lists them, or 3.  Its exit status is their
# number.
cases() {
  local list
  list=$("$@" --list-test-names-only 2>/dev/null)
  [ -n "$list" ] || list=$("$@" --list-tests --verbosity quiet)
  printf '%s\n' "$list"
}

# turned TURN FILE: its lines from another one on for each turn, so that whoever does not come to the
# end of them does so another time.
turned() {
  awk -v turn="$1" '{ line[NR] = $0 }
    END { for (i = 0; i < NR; ++i) print line[(turn * 37 + i) % NR + 1] }' "$2"
}

# deal NAMES DIRECTORY: the pieces 0001, 0002 ... that --input-file takes.
deal() {
  # A comma ends a pattern.
  awk -v directory="$2" 'NF {
    gsub(/[\\,]/, "\\\\&")
    file = sprintf("%s/%04d", directory, 1 + int(n / 12))
    n += 1
    print >>file
  }' "$1"
}

# work_off DUE TAKEN COMMAND...: the command with each piece of DUE, on as many at a time as there are
# processors; once $SECONDS is $until, what is left stays where it is.
work_off() {
  local pids=() worker
  for worker in $(seq "$(nproc)"); do
    take_pieces "$@" &
    pids+=("$!")
  done
  # Not whatever else is in the background.
  wait "${pids[@]}"
}

take_pieces() {
  local due=$1 taken=$2 piece
  shift 2
  for piece in "$due"/*; do
    [ "$SECONDS" -lt "$until" ] || return 0
    # Unless another was faster.
    ! mv "$piece" "$taken/" 2>/dev/null || "$@" "$taken/${piece##*/}"
  done
}
