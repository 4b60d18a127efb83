# shellcheck shell=bash
# ./dev bench: every micro-benchmark program of the release build.

bench() {
  setup
  build release
  local program found=
  for program in build/release/bin/*_bench; do
    [[ -x $program ]] || continue
    found=yes
    say "${program##*/}"
    "$program" "$@"
  done
  [[ -n $found ]] || fail 'there is no benchmark under bench/'
}
